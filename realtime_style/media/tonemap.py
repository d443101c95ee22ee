"""Tone mapping: HDR video as an ordinary screen shows it."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame

PQ, HLG = 16, 18
"""Transfer characteristics, by their numbers in ITU-T H.273."""

_WHITE_NITS = 203.0  # a sheet of paper in HDR (ITU-R BT.2408); white on an ordinary screen
_PEAK_NITS = 1000.0  # what HDR screens show, and the nominal peak of HLG; brighter light is cut
_PEAK = _PEAK_NITS / _WHITE_NITS
_KNEE = 0.5  # of white: darker light stays as it is, brighter makes room for highlights
_GAMMA = 2.4  # of ordinary video on a screen (ITU-R BT.1886)
_HLG_GAMMA = 1.2  # from scene to screen, at the nominal peak (ITU-R BT.2100, table 5)
_LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)  # of R, G and B after BT.2020

# From BT.2020's colours to BT.709's (ITU-R BT.2087).
_TO_709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)
_STEPS = 1 << 16  # of light; with a 16th of them the first would be grey level 8 already
_LEVELS = (255 * np.linspace(0, 1, _STEPS) ** (1 / _GAMMA)).round().astype(np.uint8)


class ToneMapper:
    """From (H, W, 3) uint16 RGB of BT.2020 and one transfer, PQ or HLG, to uint8 BGR of BT.709."""

    def __init__(self, transfer: int, white: int = 65535) -> None:
        """`white` is the code of 1.0."""
        codes = np.minimum(np.arange(1 << 16) / white, 1)
        self._hlg = transfer == HLG
        self._light = (_hlg_scene(codes) if self._hlg else _pq_nits(codes) / _WHITE_NITS).astype(
            np.float32
        )

    def __call__(self, coded: npt.NDArray[np.uint16]) -> Frame:
        light = self._light[coded]
        if self._hlg:
            luminance = cv2.transform(light, _LUMINANCE)
            light *= (cv2.pow(luminance, _HLG_GAMMA - 1) * _PEAK)[..., None]
        light = np.asarray(cv2.transform(light, _TO_709), np.float32)
        brightest = np.maximum(light.max(axis=2), 1e-6)
        light *= (_rolled_off(brightest) / brightest * (_STEPS - 1))[..., None]
        np.maximum(light, 0, out=light)
        light += 0.5
        return np.ascontiguousarray(_LEVELS[light.astype(np.uint16)][..., ::-1])


def _pq_nits(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The reference EOTF of ITU-R BT.2100, table 4: codes 0..1 to candela per square metre."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = code ** (1 / m2)
    return 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def _hlg_scene(code: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The inverse OETF of ITU-R BT.2100, table 5: codes 0..1 to light of the scene 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


def _rolled_off(light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Light of 0 to the peak, in whites, to 0..1: a straight line to the knee, then a hyperbola.

    The two meet without a bend: a Möbius transformation, one of those that mpv and FFmpeg's tonemap
    filter offer.
    """
    a = -(_KNEE**2) * (_PEAK - 1) / (_KNEE**2 - 2 * _KNEE + _PEAK)
    b = (_KNEE**2 - 2 * _KNEE * _PEAK + _PEAK) / (_PEAK - 1)
    factor = (b**2 + 2 * b * _KNEE + _KNEE**2) / (b - a)
    light = np.minimum(light, np.float32(_PEAK))
    return np.where(light <= _KNEE, light, factor * (light + a) / (light + b))
