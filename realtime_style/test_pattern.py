"""A moving picture made from nothing, and frame numbers that can be read back from pixels."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.streams import Source, StreamInfo

BARCODE_NUMBERS = 2**16
"""Frame numbers are painted modulo this."""

_BITS = 16
_CELLS = _BITS + 3  # white, black, the bits from the highest down, parity
_LEAST_CONTRAST = 32  # grey levels between the white and the black cell


class TestPattern(Source):
    """A disc wandering over drifting colours; frame n is always the same picture and carries n as a barcode."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(self, width: int = 640, height: int = 480, *, fps: float = 30.0, frames: int | None = None) -> None:
        """`frames`: how many to give, None for no end. They come as fast as asked for; `fps` is what to write them with."""
        self.info = StreamInfo(width, height, fps, frames, False, "pattern", f"test pattern {width}x{height} {fps:g} fps")
        self._closed = False
        # One picture width of colours, twice, so that drifting is a slice and costs a copy.
        across = np.linspace(0, 2 * np.pi, width, endpoint=False)[None, :]
        down = np.linspace(0, np.pi, height)[:, None]
        waves = [np.sin(across + down + shift) + np.cos(2 * across - down * shift) for shift in (0.0, 2.1, 4.2)]
        colours = np.stack([np.clip(wave * 55 + 128, 0, 255) for wave in waves], axis=-1).astype(np.uint8)
        self._colours = np.concatenate([colours, colours], axis=1)

    def __iter__(self) -> Iterator[Frame]:
        n = 0
        while not self._closed and (self.info.frame_count is None or n < self.info.frame_count):
            yield self.picture(n)
            n += 1

    def picture(self, n: int) -> Frame:
        """Frame number `n` (0 is the first)."""
        width, height = self.info.width, self.info.height
        start = 2 * n % width
        frame: Frame = np.ascontiguousarray(self._colours[:, start : start + width])
        centre = (round(width * (0.5 + 0.35 * np.sin(n / 23))), round(height * (0.5 + 0.3 * np.cos(n / 17))))
        radius = max(2, min(width, height) // 7)
        cv2.circle(frame, centre, radius, (40, 60, 220), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(frame, centre, radius, (250, 250, 250), max(1, radius // 8), cv2.LINE_AA)
        if width >= _CELLS:
            draw_barcode(frame, n)
        return frame

    def close(self) -> None:
        self._closed = True


def draw_barcode(frame: Frame, n: int) -> None:
    """Paint `n`, modulo 65,536, into the upper left corner of `frame`, which must be at least 19 px wide.

    A row of black and white cells large enough to survive H.264; `read_barcode` reads it back.
    """
    cell = _cell_px(frame)
    n %= BARCODE_NUMBERS
    bits = [n >> shift & 1 for shift in reversed(range(_BITS))]
    for position, bit in enumerate([1, 0, *bits, n.bit_count() & 1]):
        frame[:cell, position * cell : (position + 1) * cell] = 255 * bit


def read_barcode(frame: Frame) -> int:
    """The number painted by `draw_barcode`, also from a frame of other brightness or in negative, but of the same size.

    Raises ValueError if there is none or it is damaged.
    """
    cell = _cell_px(frame)
    edge = cell // 4
    strip = frame[edge : cell - edge, : cell * _CELLS].mean(axis=(0, 2))
    levels = [float(strip[i * cell + edge : (i + 1) * cell - edge].mean()) for i in range(_CELLS)]
    white, black = levels[:2]
    if abs(white - black) < _LEAST_CONTRAST:
        raise ValueError(f"no barcode in this frame: its white is {white:.0f}, its black {black:.0f}")
    bits = [(level - black) / (white - black) > 0.5 for level in levels[2:]]
    n = int("".join("01"[bit] for bit in bits[:_BITS]), 2)
    if n.bit_count() & 1 != bits[_BITS]:
        raise ValueError(f"the barcode in this frame is damaged: it reads {n}, but its parity is wrong")
    return n


def _cell_px(frame: Frame) -> int:
    """Side of a cell: as wide as fits, at most 16 px."""
    cell = int(min(16, frame.shape[1] // _CELLS, frame.shape[0]))
    if cell < 1:
        raise ValueError(f"a frame of {frame.shape[1]}x{frame.shape[0]} px is too small for a barcode: {_CELLS} px are needed")
    return cell
