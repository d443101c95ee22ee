"""A visitor's film, in memory only: nothing is written before the visitor keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within

MAX_FPS = 15.0
"""Less where painting takes longer."""

MAX_SIDE = 1280
"""Longer side in px. Fifteen seconds then take at most 140 MB with the styles of the pack, where
plain frames of 1920x1080 would take 1.4 GB."""

_QUALITY = 95  # JPEG's, 0 to 100: off by 2 to 5 grey levels, less than the video after it


@dataclass(frozen=True)
class Film:
    """Frames as JPEG, at least one, all of one size."""

    jpegs: tuple[bytes, ...]
    fps: float

    def frame(self, number: int) -> Frame:
        """A frame, (H, W, 3) uint8 BGR; after the last one comes the first."""
        jpeg = self.jpegs[number % len(self.jpegs)]
        return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def there_and_back(self) -> Iterator[Frame]:
        """All frames, and then backwards to the second: a player repeats it without a jump."""
        numbers = range(len(self.jpegs))
        return map(self.frame, (*numbers, *reversed(numbers[1:-1])))


class FilmBuffer:
    """Collects the frames of a film while it is shot."""

    def __init__(self) -> None:
        self._jpegs: list[bytes] = []
        self._shape: tuple[int, ...] = ()
        self._began = self._added = 0.0

    def add(self, frame: Frame, now: float) -> None:
        """Add a frame, (H, W, 3) uint8 BGR, unless it comes too soon after the one before.

        `now` in seconds. A frame of another size, from a camera or an engine that changed,
        starts the film again.
        """
        if self._jpegs and frame.shape == self._shape:
            if now - self._added < 0.9 / MAX_FPS:
                return
        else:
            self._jpegs, self._shape, self._began = [], frame.shape, now
        small = fit_within(frame, MAX_SIDE)
        done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        assert done
        self._jpegs.append(jpeg.tobytes())
        self._added = now

    def finish(self) -> Film | None:
        """The film; None without a frame."""
        if not self._jpegs:
            return None
        spent = self._added - self._began
        fps = min(MAX_FPS, (len(self._jpegs) - 1) / spent) if spent > 0 else MAX_FPS
        return Film(tuple(self._jpegs), fps)
