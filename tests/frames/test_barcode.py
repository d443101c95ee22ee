"""Frame numbers that survive what happens to frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.frames.pattern import draw_barcode, read_barcode
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sources.files import VideoSource
from realtime_style.sources.pattern import TestPattern
from realtime_style.stylize.color import mix_frames


@pytest.mark.parametrize("number", [0, 1, 2, 0x5555, 0xAAAA, 65535])
@pytest.mark.parametrize("size", [(19, 8), (64, 48), (640, 480), (641, 479), (1920, 1080)])
def test_drawn_number_is_read_back(number: int, size: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    draw_barcode(frame, number)
    assert read_barcode(frame) == number


def test_numbers_wrap_at_65536(frame: Frame) -> None:
    draw_barcode(frame, 65536 + 5)
    assert read_barcode(frame) == 5


def test_number_survives_a_negative_a_blend_and_h264(tmp_path: Path) -> None:
    pattern = TestPattern(320, 240, frames=40)
    with VideoWriter(tmp_path / "pattern.mp4", fps=30, crf=30) as writer:
        for picture in pattern:
            writer.write(mix_frames(picture, np.asarray(255 - picture), 0.3))
    numbers = [read_barcode(picture) for picture in VideoSource(tmp_path / "pattern.mp4")]
    assert numbers == list(range(40))
    assert read_barcode(np.asarray(255 - pattern.picture(33))) == 33


def test_missing_or_damaged_barcode_is_no_number(frame: Frame) -> None:
    with pytest.raises(ValueError, match="no barcode"):
        read_barcode(np.full_like(frame, 90))
    draw_barcode(frame, 6)
    frame[:3, 3 * 14 : 3 * 15] = 255  # flips a bit
    with pytest.raises(ValueError, match="parity"):
        read_barcode(frame)


def test_barcode_in_too_small_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="10x10 px is too small"):
        draw_barcode(np.zeros((10, 10, 3), np.uint8), 1)
