"""HDR clips, as phones film them, are seen as on an ordinary screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2  # noqa: F401  (before av)
import av
import numpy as np
import numpy.typing as npt
import pytest

from realtime_style.frames import Frame
from tests.video_helpers import RATE, paint_clip

Colour = tuple[float, float, float]
Curve = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

WHITE_NITS = 203.0
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])  # ITU-R BT.2087
LUMINANCE = np.array([0.2627, 0.6780, 0.0593])


def pq(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Codes of light in whites, after SMPTE ST 2084."""
    y: npt.NDArray[np.float64] = (light * WHITE_NITS / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def hlg(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Codes of light in whites on a screen of 1,000 nits, after ITU-R BT.2100."""
    shown = light * WHITE_NITS / 1000
    scene: npt.NDArray[np.float64] = shown / max(float(LUMINANCE @ shown), 1e-9) ** (1 - 1 / 1.2)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.asarray(np.where(scene <= 1 / 12, np.sqrt(3 * np.maximum(scene, 0)), bright), np.float64)


def film(path: Path, colours: list[Colour], curve: Curve, transfer: int, *, tagged: bool = True) -> Path:
    """One frame for each colour of light, in BT.709's primaries, as 10-bit video with BT.2020's."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p10le"
        stream.codec_context.color_trc, stream.codec_context.color_primaries = transfer, 9
        stream.codec_context.colorspace, stream.codec_context.color_range = 9 if tagged else 2, 1
        for colour in colours:
            red, _, blue = code = curve(TO_2020 @ np.array(colour))
            luma = float(LUMINANCE @ code)
            steps = (219 * luma + 16, 224 * (blue - luma) / 1.8814 + 128, 224 * (red - luma) / 1.4746 + 128)
            frame = av.VideoFrame(64, 48, "yuv444p10le")
            for plane, step in zip(frame.planes, steps, strict=True):
                plane.update(np.full(plane.buffer_size // 2, round(4 * step), np.uint16).tobytes())
            frame.colorspace, frame.color_range = (9 if tagged else 2), 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def seen(source: Path, target: Path) -> list[npt.NDArray[np.int64]]:
    """Red, green and blue of each frame, as painters get them."""
    pictures: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        pictures.append(frame.copy())
        return frame

    paint_clip(source, target, paint)
    return [picture[20, 30, ::-1].astype(np.int64) for picture in pictures]


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize(("curve", "transfer"), [(pq, 16), (hlg, 18)])
def test_what_is_no_highlight_looks_as_in_ordinary_video(tmp_path: Path, curve: Curve, transfer: int, tagged: bool) -> None:
    colours = [(0.0, 0.0, 0.0), (0.18, 0.18, 0.18), (0.5, 0.5, 0.5), (0.4, 0.1, 0.05), (0.1, 0.4, 0.1), (0.05, 0.05, 0.4)]
    found = seen(film(tmp_path / "in.mkv", colours, curve, transfer, tagged=tagged), tmp_path / "out.mp4")
    for colour, picture in zip(colours, found, strict=True):
        assert picture == pytest.approx(255 * np.array(colour) ** (1 / 2.4), abs=5)


@pytest.mark.parametrize(("curve", "transfer"), [(pq, 16), (hlg, 18)])
def test_highlights_keep_their_order_and_their_hue(tmp_path: Path, curve: Curve, transfer: int) -> None:
    colours = [(0.5, 0.5, 0.5), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (4.5, 4.5, 4.5), (3.0, 1.0, 1.0)]
    *greys, red = seen(film(tmp_path / "in.mkv", colours, curve, transfer), tmp_path / "out.mp4")
    levels = [int(grey[1]) for grey in greys]
    assert levels[0] + 25 < levels[1]
    assert levels[1] + 10 < levels[2] < levels[3] <= 255
    assert all(np.ptp(grey) <= 3 for grey in greys)
    assert red[0] > 240
    assert red[1] == pytest.approx(red[2], abs=6)
    assert (red[1] / red[0]) ** 2.4 == pytest.approx(1 / 3, abs=0.04)


def test_ordinary_video_is_left_as_it_is(tmp_path: Path) -> None:
    colours = [(0.5, 0.5, 0.5), (0.4, 0.1, 0.05)]
    codes = seen(film(tmp_path / "in.mkv", colours, lambda light: light ** (1 / 2.4), 1), tmp_path / "out.mp4")
    for colour, picture in zip(colours, codes, strict=True):
        assert picture == pytest.approx(255 * (TO_2020 @ np.array(colour)) ** (1 / 2.4), abs=3)
