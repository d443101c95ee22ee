"""Encoded frames: what browsers need, the right colours, odd sizes."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import cv2  # noqa: F401  (before av)
import numpy as np
import pytest

from realtime_style.errors import SinkError
from realtime_style.frames import Frame
from realtime_style.media import h264
from realtime_style.media.h264 import add_h264_stream, even_size, exact_rate, to_yuv


def write(path: Path, frames: list[Frame], rate: Fraction = Fraction(30), crf: int = 4) -> Path:
    import av

    with av.open(str(path), "w") as container:
        stream = add_h264_stream(
            container, width=frames[0].shape[1], height=frames[0].shape[0], rate=rate, crf=crf
        )
        for number, frame in enumerate(frames):
            container.mux(stream.encode(to_yuv(frame, number, 1 / rate)))
        container.mux(stream.encode(None))
    return path


def test_colours_are_kept_and_tagged_bt709(tmp_path: Path) -> None:
    import av

    colours = [(0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255), (0, 0, 0), (90, 140, 200)]
    frames = [np.full((48, 64, 3), colour, np.uint8) for colour in colours]
    with av.open(str(write(tmp_path / "colours.mp4", frames))) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (
            context.colorspace,
            context.color_primaries,
            context.color_trc,
            context.color_range,
        ) == (1, 1, 1, 1)
        for colour, picture in zip(colours, container.decode(stream), strict=True):
            assert np.abs(picture.to_ndarray(format="bgr24").astype(int) - colour).max() <= 6, (
                colour
            )


@pytest.mark.parametrize("crf", [1, 51])
def test_every_quality_has_a_profile_that_phones_play(tmp_path: Path, crf: int) -> None:
    import av

    with av.open(
        str(write(tmp_path / "out.mp4", [np.full((48, 64, 3), 99, np.uint8)], crf=crf))
    ) as container:
        assert container.streams.video[0].codec_context.profile == "High"


@pytest.mark.parametrize("crf", [-1, 0, 52])
def test_other_qualities_are_refused(tmp_path: Path, crf: int) -> None:
    with pytest.raises(
        ValueError, match=f"from 1 to 51, not {crf}"
    ):  # x264 makes 0 a profile of its own: High 4:4:4
        write(tmp_path / "out.mp4", [np.full((48, 64, 3), 99, np.uint8)], crf=crf)


@pytest.mark.parametrize(("width", "height"), [(63, 47), (64, 47), (63, 48), (64, 48), (1, 1)])
def test_odd_sizes_grow_by_repeating_the_edge(width: int, height: int) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    frame[:, -2:] = frame[-2:, :] = 200
    picture = to_yuv(frame, 7, Fraction(1, 30))
    assert (picture.width, picture.height) == even_size(width, height)
    assert (picture.pts, picture.time_base) == (7, Fraction(1, 30))
    back = picture.to_ndarray(format="bgr24")
    assert abs(int(back[-1, -1, 1]) - 200) <= 3


def test_pictures_do_not_get_darker() -> None:
    """swscale's default conversion rounds down, two grey levels on average."""
    frame = np.random.default_rng(1).integers(40, 216, (48, 64, 1), np.uint8).repeat(3, axis=2)
    luma = to_yuv(frame, 0, Fraction(1, 30)).to_ndarray()[:48].astype(float)
    assert abs((luma - (16 + frame[..., 0].astype(float) * 219 / 255)).mean()) < 0.2


def test_conversion_leaves_the_frame_alone(frame: Frame) -> None:
    before = frame.copy()
    to_yuv(frame[:47, :63], 0, Fraction(1, 30))
    assert np.array_equal(frame, before)


def test_uneven_rate_is_kept_exactly(tmp_path: Path, frame: Frame) -> None:
    import av

    with av.open(
        str(write(tmp_path / "ntsc.mp4", [frame] * 5, Fraction(30000, 1001)))
    ) as container:
        assert container.streams.video[0].average_rate == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (30, Fraction(30)),
        (30.0, Fraction(30)),
        (29.97, Fraction(30000, 1001)),
        (30000 / 1001, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (12.5, Fraction(25, 2)),
        (0.5, Fraction(1, 2)),
        (1 / 3, Fraction(1, 3)),
        (Fraction(15, 7), Fraction(15, 7)),
    ],
)
def test_rates_are_exact_fractions(fps: float | Fraction, rate: Fraction) -> None:
    assert exact_rate(fps) == rate


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), Fraction(0)])
def test_impossible_rate_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match=re.escape(f"above 0, not {fps}")):
        exact_rate(fps)


def test_missing_encoder_is_named_with_its_remedy(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h264, "_CODEC", "libx2640")
    with pytest.raises(SinkError, match=r"tried libx2640.*pip install"):
        write(tmp_path / "never.mp4", [frame])
