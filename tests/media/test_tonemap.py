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
from realtime_style.media.tonemap import HLG, PQ, ToneMapper
from tests.helpers.video import RATE, paint_clip

Colour = tuple[float, float, float]
Curve = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]

WHITE_NITS = 203.0
TO_2020 = np.array(
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)  # ITU-R BT.2087
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
    return np.asarray(
        np.where(scene <= 1 / 12, np.sqrt(3 * np.maximum(scene, 0)), bright), np.float64
    )


def film(
    path: Path,
    colours: list[Colour],
    curve: Curve,
    transfer: int,
    *,
    matrix: int = 9,
    pix_fmt: str = "yuv420p10le",
    full_range: bool = False,
    size: tuple[int, int] = (64, 48),
) -> Path:
    """One frame for each colour of light, in BT.709's primaries, as video with BT.2020's."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("ffv1", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.color_trc, stream.codec_context.color_primaries = transfer, 9
        stream.codec_context.colorspace, stream.codec_context.color_range = (
            matrix,
            2 if full_range else 1,
        )
        bits = av.VideoFormat(pix_fmt).components[0].bits
        for colour in colours:
            red, _, blue = code = curve(TO_2020 @ np.array(colour))
            luma = float(LUMINANCE @ code)
            parts = luma, (blue - luma) / 1.8814, (red - luma) / 1.4746
            frame = av.VideoFrame(*size, pix_fmt)
            for index, (plane, part) in enumerate(zip(frame.planes, parts, strict=True)):
                middle = 1 << (bits - 1) if index else 0
                if full_range:
                    step = ((1 << bits) - 1) * part + middle
                else:
                    step = ((224 if index else 219) * part + (128 if index else 16)) * 2 ** (
                        bits - 8
                    )
                kind: type[np.unsignedinteger[Any]] = np.uint16 if bits > 8 else np.uint8
                plane.update(
                    np.full(plane.buffer_size // kind().itemsize, round(step), kind).tobytes()
                )
            frame.colorspace, frame.color_range = matrix, 2 if full_range else 1
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


CURVES = pytest.mark.parametrize(("curve", "transfer"), [(pq, 16), (hlg, 18)])
DARK = [(0.0, 0.0, 0.0), (0.001, 0.001, 0.001), (0.01, 0.01, 0.01)]
MIDDLE = [
    (0.18, 0.18, 0.18),
    (0.5, 0.5, 0.5),
    (0.4, 0.1, 0.05),
    (0.1, 0.4, 0.1),
    (0.05, 0.05, 0.4),
    (0.45, 0.3, 0.2),
]


@CURVES
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"size": (63, 47)},
        {"full_range": True},
        {"matrix": 2},  # not said
        {"pix_fmt": "yuv422p10le"},
        {"pix_fmt": "yuv444p10le"},
        {"pix_fmt": "yuv420p12le"},
    ],
)
def test_all_but_highlights_looks_as_in_ordinary_video(
    tmp_path: Path, curve: Curve, transfer: int, kind: dict[str, Any]
) -> None:
    colours = DARK + MIDDLE
    found = seen(film(tmp_path / "in.mkv", colours, curve, transfer, **kind), tmp_path / "out.mp4")
    for colour, picture in zip(colours, found, strict=True):
        assert picture == pytest.approx(255 * np.array(colour) ** (1 / 2.4), abs=4)


def test_shadows_have_all_their_levels() -> None:
    codes = np.linspace(0, 0.2, 4000)
    picture = np.repeat((codes * 65535).round().astype(np.uint16)[None, :, None], 3, axis=2)
    for transfer in (PQ, HLG):
        assert set(range(3, 30)) <= set(np.unique(ToneMapper(transfer)(picture)))


@CURVES
def test_highlights_keep_their_order_and_their_hue(
    tmp_path: Path, curve: Curve, transfer: int
) -> None:
    colours = [(0.5, 0.5, 0.5), (1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (4.5, 4.5, 4.5), (3.0, 1.0, 1.0)]
    *greys, red = seen(film(tmp_path / "in.mkv", colours, curve, transfer), tmp_path / "out.mp4")
    levels = [int(grey[1]) for grey in greys]
    assert levels[0] + 25 < levels[1]
    assert levels[1] + 10 < levels[2] < levels[3]
    assert all(np.ptp(grey) <= 3 for grey in greys)
    assert red[0] > 240
    assert red[1] == pytest.approx(red[2], abs=6)
    assert (red[1] / red[0]) ** 2.4 == pytest.approx(1 / 3, abs=0.04)


def test_ordinary_video_is_left_as_it_is(tmp_path: Path) -> None:
    colours = [(0.5, 0.5, 0.5), (0.4, 0.1, 0.05)]
    codes = seen(
        film(tmp_path / "in.mkv", colours, lambda light: light ** (1 / 2.4), 1),
        tmp_path / "out.mp4",
    )
    for colour, picture in zip(colours, codes, strict=True):
        assert picture == pytest.approx(255 * (TO_2020 @ np.array(colour)) ** (1 / 2.4), abs=3)
