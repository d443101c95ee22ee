"""Measurements of a style, as plain functions of frames: steadiness, grids and borders.

A `Paint` is anything that paints a frame: a StyleModel with fixed style weights, a network, the
identity. Frames are (H, W, 3) uint8 BGR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame
from realtime_style.frames.ops import warp

Paint = Callable[[Frame], Frame]
Plane = npt.NDArray[np.float64]

WINDOW = 128
"""Side of the windows in which grids are measured, px."""
STILL_SIGMA = 2.0
"""Sensor noise of the still scene, standard deviation in grey levels: a webcam in a lit room."""


def scaled(frame: Frame, long_side: int) -> Frame:
    """The frame with `long_side` pixels on its longer side."""
    scale = long_side / max(frame.shape[:2])
    size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
    return np.asarray(
        cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC),
        np.uint8,
    )


def luma(frame: Frame) -> Plane:
    """Luma (H, W) in grey levels 0..255, after ITU-R BT.601."""
    weighted: Plane = frame.astype(np.float64) @ np.array([0.114, 0.587, 0.299])
    return weighted


def still_scene_flicker(paint: Paint, frame: Frame, *, frames: int = 8, seed: int = 0) -> float:
    """Mean absolute change of luma between consecutive paintings of a still scene, in grey levels.

    Each frame has fresh sensor noise.
    """
    rng = np.random.default_rng(seed)
    lumas = []
    for _ in range(frames):
        noisy = frame + rng.normal(0, STILL_SIGMA, frame.shape)
        lumas.append(luma(paint(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))))
    return float(np.mean([np.abs(after - before).mean() for before, after in pairwise(lumas)]))


def warp_error(paint: Paint, clip: Iterable[Frame]) -> float:
    """Difference of each painting from the previous one, moved along with the scene; 0..1 units.

    The mean over frame pairs of the root mean square difference, over all pixels that both frames
    show. The motion is DIS optical flow (Kroeger et al., ECCV 2016) of the clip itself; a pixel
    counts when it comes from within the previous frame, and flow there and back ends within a pixel
    of where it started (E_warp of Lai et al., "Learning Blind Video Temporal Consistency", ECCV
    2018).
    """
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def flow(start: Frame, end: Frame) -> npt.NDArray[np.float32]:
        return np.asarray(dis.calc(start, end, None), np.float32)  # type: ignore[call-overload]

    errors: list[float] = []
    before: tuple[npt.NDArray[np.uint8], Frame] | None = None
    for frame in clip:
        grey = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), np.uint8)
        painted = paint(frame)
        if before is not None:
            grey_before, painted_before = before
            back, there = flow(grey, grey_before), flow(grey_before, grey)
            seen = (np.linalg.norm(back + warp(there, back), axis=-1) < 1) & _inside(back)
            difference = (
                painted.astype(np.float32) - warp(painted_before.astype(np.float32), back)
            ) / 255
            if seen.any():
                errors.append(float(np.sqrt(np.square(difference[seen]).mean())))
        before = grey, painted
    return float(np.mean(errors)) if errors else float("nan")


def _inside(flow: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Mask (H, W) of the pixels that the flow (H, W, 2) leads to a place within the frame."""
    height, width = flow.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    inside: npt.NDArray[np.bool_] = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside


@dataclass(frozen=True)
class Peak:
    """Prominence of the wave of one period and direction in a picture's spectrum."""

    period: int
    direction: str
    over_neighbours: float
    """Amplitude over the median amplitude of neighbouring waves; 1: no peak."""
    grey_levels: float
    """Amplitude."""


def grid_peaks(painted: Frame, periods: Iterable[int] = (2, 4, 8)) -> list[Peak]:
    """Spectrum of the luma at the periods that sub-sampling can print, along x, y and both.

    The mean power of overlapping windows of 128 px (P. D. Welch, "The Use of Fast Fourier Transform
    for the Estimation of Power Spectra", 1967), or of one window where the frame is smaller. In the
    spectrum of one whole frame each wave scatters at random: for white noise the strongest of nine
    waves is 2.7 times its neighbours.
    """
    size = min(WINDOW, *painted.shape[:2]) // 16 * 16  # each period fits a whole number of times
    plane = luma(painted)
    corners = [range(0, side - size + 1, size // 2) for side in plane.shape]
    windows = [
        plane[top : top + size, left : left + size] for top in corners[0] for left in corners[1]
    ]
    taper = np.outer(np.hanning(size), np.hanning(size))
    power = np.mean(
        [np.square(np.abs(np.fft.fft2((window - window.mean()) * taper))) for window in windows],
        axis=0,
    )
    amplitude = np.sqrt(power) * 2 / taper.sum()
    peaks = []
    for period in periods:
        for direction, y, x in (("x", 0, 1), ("y", 1, 0), ("xy", 1, 1)):
            row, column = y * size // period, x * size // period
            around = _ring(amplitude, row, column)
            at = float(amplitude[row, column])
            # On a plain picture both are rounding noise: less than 0.001 grey levels is no peak.
            over_neighbours = at / max(float(np.median(around)), 1e-3)
            # At period 2 a wave is its own mirror image.
            peaks.append(Peak(period, direction, over_neighbours, at / 2 if period == 2 else at))
    return peaks


def _ring(amplitude: Plane, row: int, column: int) -> Plane:
    """Amplitudes three to eight steps from a point of the spectrum, beyond its own peak."""
    steps = np.arange(-8, 9)
    rows, columns = np.meshgrid(steps, steps, indexing="ij")
    far = np.maximum(abs(rows), abs(columns)) >= 3
    around: Plane = amplitude[
        (row + rows[far]) % amplitude.shape[0], (column + columns[far]) % amplitude.shape[1]
    ]
    return around


def border_contrast(painted: Frame, *, border: int = 32) -> float:
    """Difference between the border of a painted plain frame and its centre, in grey levels.

    The larger of two differences between the luma within `border` pixels of the edge and the rest:
    of the means, and of the standard deviations.
    """
    plane = luma(painted)
    inner = plane[border:-border, border:-border]
    at_border = np.ones(plane.shape, bool)
    at_border[border:-border, border:-border] = False
    outer = plane[at_border]
    return max(abs(float(outer.mean() - inner.mean())), abs(float(outer.std() - inner.std())))


def border_by_chance(painted: Frame, height: int, width: int) -> float:
    """:func:`border_contrast` of pieces without a border, exceeded by one in twenty.

    Pieces of height x width from all over a much larger painted plain frame, away from its edges.
    Strokes are few and large, so the border of a piece differs from its middle by chance.
    """
    away, step = 64, 80
    tops = range(away, painted.shape[0] - height - away + 1, step)
    lefts = range(away, painted.shape[1] - width - away + 1, step)
    pieces = [painted[top : top + height, left : left + width] for top in tops for left in lefts]
    return float(np.quantile([border_contrast(piece) for piece in pieces], 0.95))
