"""Playback: a video file or the test pattern in real time, in place of a camera.

Both are captures for `Camera`, which reads them in its thread like a device.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.media.video_reader import VideoReader
from realtime_style.sources.pattern import TestPattern

if TYPE_CHECKING:
    import av

_STILL_S = 0.5  # a picture that stands still is repeated: a silent camera soon counts as lost
_LATE_S = 1.0  # a clip this far behind goes on from where it is: the machine was asleep


class PatternPlayback:
    """The test pattern as a camera sends it: `fps` frames per second of `clock`, read or not."""

    def __init__(
        self,
        width: int = 640,
        height: int = 480,
        *,
        fps: float = 30.0,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pattern = TestPattern(width, height, fps=fps)
        self._clock, self._sleep, self._start, self._last = clock, sleep, clock(), -1
        self.fps = fps
        self.details = self._pattern.info.details

    def read(self) -> tuple[bool, Frame | None]:
        """Wait for the frame that is due and return it; frames not read in time are skipped.

        While the wait is longer than half a second, the frame before is repeated.
        """
        due = max(self._last + 1, math.floor((self._clock() - self._start) * self.fps))
        if (
            not _sleep_until(self._start + due / self.fps, self._clock, self._sleep)
            and self._last >= 0
        ):
            return True, self._pattern.picture(self._last)
        self._last = due
        return True, self._pattern.picture(due)

    def release(self) -> None:
        """Nothing to give back."""
        self._pattern.close()


class ClipPlayback:
    """A video file as a camera sends it: in real time by `clock`, looped, with square pixels.

    A slow reader misses frames, as with a camera; the clip does not slow down. `size` (width,
    height) scales the frames. Raises VideoUnreadable, at once or from `read`.
    """

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path, self._clock, self._sleep = path, clock, sleep
        self._clip = VideoReader(path, square_pixels=True)
        self._size = size or self._clip.size
        self._interval_s = float(1 / self._clip.rate)
        self.fps = float(self._clip.rate)
        self.name = path.name
        width, height = self._clip.size
        self.details = f"{width}x{height} {self.fps:.5g} fps, played in real time and over again"
        if self._size != self._clip.size:
            self.details += f", scaled to {self._size[0]}x{self._size[1]}"
        self._pictures = self._clip_pictures()
        self._start = clock()  # when the first frame of this round is due
        self._end = self._start  # when the frame after the last one read is due
        self._waiting: tuple[av.VideoFrame, float] | None = None  # decoded, and not due yet
        self._shown: av.VideoFrame | None = None
        self._only: av.VideoFrame | None = None  # the first frame, until there is another

    def read(self) -> tuple[bool, Frame | None]:
        """Wait for the next frame whose time has not passed; after the last comes the first.

        While the wait is longer than half a second, the frame before is repeated.
        """
        late_before_s = math.inf
        while True:
            picture, due = self._waiting or self._next()
            self._waiting = None
            late_s = self._clock() - due
            # If it grows, skipping does not catch up: decoding alone is too slow.
            if late_s > _LATE_S or late_s >= late_before_s:
                self._start += late_s
                self._end += late_s
            elif late_s > self._interval_s:  # the next frame is due already
                late_before_s = late_s
                continue
            if not _sleep_until(due, self._clock, self._sleep) and self._shown is not None:
                self._waiting = picture, due
                return True, self._frame(self._shown)
            self._shown = picture
            return True, self._frame(picture)

    def release(self) -> None:
        """Close the file."""
        self._clip.close()

    def _next(self) -> tuple[av.VideoFrame, float]:
        """The next picture and when it is due on the clock."""
        entry = next(self._pictures, None)
        if entry is None and self._only is not None:  # a still: there is no need to decode it again
            self._end += self._interval_s
            return self._only, self._end - self._interval_s
        if entry is None:
            self._clip.close()
            self._clip = VideoReader(self._path, square_pixels=True)
            self._pictures = self._clip_pictures()
            self._start = self._end
            entry = next(self._pictures)
        picture, time_s = entry
        self._only = picture if time_s == 0 else None
        self._end = self._start + time_s + self._interval_s
        return picture, self._start + time_s

    def _clip_pictures(self) -> Iterator[tuple[av.VideoFrame, float]]:
        """Pictures of one round, each with its time in seconds from the first."""
        import av

        first_s: float | None = None
        for entry in self._clip.read():
            if isinstance(entry, av.VideoFrame) and entry.pts is not None:
                time_s = float(entry.pts * self._clip.time_base)
                first_s = time_s if first_s is None else first_s
                yield entry, time_s - first_s

    def _frame(self, picture: av.VideoFrame) -> Frame:
        frame = self._clip.to_bgr(picture)
        if self._size == self._clip.size:
            return frame
        smaller = self._size[0] * self._size[1] < frame.shape[0] * frame.shape[1]
        scaled = cv2.resize(
            frame, self._size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        )
        return np.asarray(scaled, np.uint8)


def _sleep_until(due: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> bool:
    """Sleep until `clock` reaches `due`, at most half a second; False if it is still ahead."""
    wait_s = due - clock()
    if wait_s > 0:
        sleep(min(wait_s, _STILL_S))
    return wait_s <= _STILL_S
