"""A camera that is looked after: opened again and again for as long as it takes, and never waited for."""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable

import numpy as np

from realtime_style.errors import CameraLost, RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.frames.latest import LatestFrame
from realtime_style.sources.camera import Camera

log = logging.getLogger(__name__)

STALE_S = 1.2
"""Without a new, lit picture for so long, the camera counts as lost: visitors read of it within two seconds."""

FIRST_S = 5.0
"""Time for a camera's first frame: it wakes up, and finds its exposure."""

_OPENING_S = 15.0  # opening a camera takes seconds at most, some of them with a driver that looks for it first
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _GROWTH = (
    0.2,
    2.0,
    1.6,
)  # back within three seconds, however long it was away
_BLACK = 4.0  # grey levels: below this mean, and as even, is a covered lens or a driver's idea of no signal


class ReconnectingCamera:
    """Reads a camera in a thread of its own, which opens it anew whenever it is lost."""

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        *,
        judge: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`open_camera` opens it, or raises; `judge`: a camera that repeats one frame, or sends black, counts as lost too.

        A clip that stands in for a camera may stand still and be dark, so do not judge one.
        """
        self._open, self._judge, self._clock = open_camera, judge, clock
        self._latest = LatestFrame()
        self._problem = "the camera is being opened"
        self._reader: Camera | None = None
        self._opening_since: float | None = None
        self._mark = -1  # of the frame before, from whichever opening
        self._seen_well = False
        self.opened = 0
        """How often it was opened."""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="camera watch", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why there is no picture, one line; empty while there is one."""
        return self._problem

    @property
    def hung(self) -> bool:
        """Whether a read or the opening does not come back: nothing but a new process helps when that lasts."""
        since = self._opening_since
        opening = since is not None and self._clock() - since > _OPENING_S
        return opening or (self._reader is not None and self._reader.hung)

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame not taken yet; None when none came in time."""
        try:
            taken = self._latest.get(timeout_s)
        except TimeoutError:
            return None
        return taken[0] if taken else None

    def close(self) -> None:
        """Stop, and give the camera back."""
        self._ends.set()
        self._latest.close()
        self._thread.join(timeout=3.0)

    def _look_after(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._ends.is_set():
            if not self.hung:  # else every try would leave one more thread that hangs
                self._read_on()
            pause = _FIRST_PAUSE_S if self._seen_well else min(_LONGEST_PAUSE_S, pause * _GROWTH)
            self._ends.wait(pause)

    def _read_on(self) -> None:
        """Open it and read until it is lost."""
        self._seen_well = False
        camera: Camera | None = None
        try:
            self._opening_since = self._clock()
            self._reader = camera = self._open()
            self._opening_since = None
            self.opened += 1
            self._pass_on(camera)
        except Exception as error:
            if isinstance(error, CameraLost) and error.camera is not None:
                self._reader = (
                    error.camera
                )  # it opened, sent nothing, and may still hold the device
            self._note(error)  # before it is closed, which may take a second
        finally:
            self._opening_since = None
            if camera is not None:
                camera.close()

    def _pass_on(self, camera: Camera) -> None:
        good_at = self._clock()
        for frame in camera:
            if self._ends.is_set():
                return
            mark = zlib.crc32(np.ascontiguousarray(frame[::4, ::4]).data)
            repeated = self._judge and mark == self._mark
            black = self._judge and _is_black(frame)
            self._mark, now = mark, self._clock()
            if not repeated and not black:
                good_at = now
                self._problem, self._seen_well = "", True
                self._latest.put(frame, now)
            elif now - good_at > STALE_S:
                if repeated:  # opening it anew may help
                    raise RealtimeStyleError("the camera sends the same picture again and again")
                self._problem = "the camera sends black pictures"  # light is a matter of waiting

    def _note(self, error: Exception) -> None:
        words = str(error) or type(error).__name__
        if words == self._problem:
            return
        self._problem = words
        known = isinstance(error, (RealtimeStyleError, OSError))
        log.warning("%s", words, exc_info=None if known else error)


def _is_black(frame: Frame) -> bool:
    some = frame[::8, ::8]
    return float(some.mean()) < _BLACK and float(some.std()) < _BLACK
