"""The test pattern: a moving picture with numbered frames."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.frames.pattern import CELLS, draw_barcode
from realtime_style.sources.base import Source, StreamInfo


class TestPattern(Source):
    """A disc on its way over drifting colours. Frame n is always the same, with n as a barcode."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    def __init__(
        self, width: int = 640, height: int = 480, *, fps: float = 30.0, frames: int | None = None
    ) -> None:
        """`frames` is their number, None for no end. They come as fast as the caller takes them;
        `fps` is the rate to write them with."""
        details = f"test pattern {width}x{height} {fps:g} fps"
        self.info = StreamInfo(width, height, fps, False, "pattern", details)
        self._frames, self._closed = frames, False
        # One picture width of colours, twice, so that drifting is a slice and costs a copy.
        across = np.linspace(0, 2 * np.pi, width, endpoint=False)[None, :]
        down = np.linspace(0, np.pi, height)[:, None]
        waves = [
            np.sin(across + down + shift) + np.cos(2 * across - down * shift)
            for shift in (0.0, 2.1, 4.2)
        ]
        colours = np.stack([np.clip(wave * 55 + 128, 0, 255) for wave in waves], axis=-1).astype(
            np.uint8
        )
        self._colours = np.concatenate([colours, colours], axis=1)

    def __iter__(self) -> Iterator[Frame]:
        n = 0
        while not self._closed and (self._frames is None or n < self._frames):
            yield self.picture(n)
            n += 1

    def picture(self, n: int) -> Frame:
        """Frame number `n` (0 is the first)."""
        width, height = self.info.width, self.info.height
        start = 2 * n % width
        frame: Frame = np.ascontiguousarray(self._colours[:, start : start + width])
        centre = (
            round(width * (0.5 + 0.35 * np.sin(n / 23))),
            round(height * (0.5 + 0.3 * np.cos(n / 17))),
        )
        radius = max(2, min(width, height) // 7)
        cv2.circle(frame, centre, radius, (40, 60, 220), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(frame, centre, radius, (250, 250, 250), max(1, radius // 8), cv2.LINE_AA)
        if width >= CELLS:
            draw_barcode(frame, n)
        return frame

    def close(self) -> None:
        self._closed = True
