"""The test pattern, and frame numbers that survive what happens to frames."""

from __future__ import annotations

from pathlib import Path

import cv2
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
def test_what_was_painted_is_read_back(number: int, size: tuple[int, int]) -> None:
    painted = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    draw_barcode(painted, number)
    assert read_barcode(painted) == number


def test_numbers_start_again_at_65536(frame: Frame) -> None:
    draw_barcode(frame, 65536 + 5)
    assert read_barcode(frame) == 5


def test_it_survives_a_negative_a_blend_and_h264(tmp_path: Path) -> None:
    pattern = TestPattern(320, 240, frames=40)
    with VideoWriter(tmp_path / "pattern.mp4", fps=30, crf=30) as sink:
        for picture in pattern:
            sink.write(mix_frames(picture, np.asarray(255 - picture), 0.3))
    assert [read_barcode(picture) for picture in VideoSource(tmp_path / "pattern.mp4")] == list(
        range(40)
    )
    assert read_barcode(np.asarray(255 - pattern.picture(33))) == 33


def test_no_barcode_or_a_damaged_one_is_not_a_number(frame: Frame) -> None:
    with pytest.raises(ValueError, match="no barcode"):
        read_barcode(np.full_like(frame, 90))
    draw_barcode(frame, 6)
    frame[:3, 3 * 14 : 3 * 15] = 255  # a bit turns over
    with pytest.raises(ValueError, match="parity"):
        read_barcode(frame)
    with pytest.raises(ValueError, match="10x10 px is too small"):
        draw_barcode(np.zeros((10, 10, 3), np.uint8), 1)


def test_frame_n_is_always_the_same_picture_and_moves() -> None:
    first, again = list(TestPattern(160, 120, frames=5)), list(TestPattern(160, 120, frames=5))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert [read_barcode(picture) for picture in first] == [0, 1, 2, 3, 4]
    below = slice(20, None)  # without the barcode
    assert cv2.absdiff(first[0][below], first[1][below]).mean() > 0.5


def test_it_says_what_it_is_and_ends_where_asked() -> None:
    with TestPattern(64, 48, fps=25, frames=3) as pattern:
        assert (pattern.info.width, pattern.info.height, pattern.info.fps) == (64, 48, 25)
        assert not pattern.info.live
        pictures = list(pattern)
    assert len(pictures) == 3
    assert all(
        p.shape == (48, 64, 3) and p.dtype == np.uint8 and p.flags["C_CONTIGUOUS"] for p in pictures
    )


def test_closing_an_endless_pattern_ends_the_loop() -> None:
    pattern = TestPattern(64, 48)
    for number, _ in enumerate(pattern):
        if number == 3:
            pattern.close()
    assert number == 3


def test_a_frame_may_be_painted_on_without_changing_the_next() -> None:
    pattern = TestPattern(64, 48)
    untouched = pattern.picture(4).copy()
    pattern.picture(4)[:] = 0
    assert np.array_equal(pattern.picture(4), untouched)


@pytest.mark.parametrize("size", [(16, 16), (1, 1), (64, 3)])
def test_tiny_patterns_work(size: tuple[int, int]) -> None:
    assert next(iter(TestPattern(*size))).shape == (size[1], size[0], 3)
