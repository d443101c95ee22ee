"""A fake camera with the faults of real ones."""

from __future__ import annotations

import threading
import time

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.sources.pattern import TestPattern


class FakeCapture:
    """Replacement for ``cv2.VideoCapture`` that delivers the test pattern with numbered frames.

    Pass it to `Camera` as the capture, or ``lambda *_: FakeCapture(...)`` to `open_camera` as
    `connect`.
    """

    def __init__(
        self,
        width: int = 160,
        height: int = 120,
        *,
        fps: float = 30.0,
        fourcc: str = "YUYV",
        opens: bool = True,
        interval_s: float = 0.01,
    ) -> None:
        """Size, rate and format of the device, whatever is requested.

        A frame takes `interval_s` seconds of real time.
        """
        self._pattern = TestPattern(width, height)
        self._granted: dict[int, float] = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*fourcc),
        }
        self._opens = opens
        self._interval_s = interval_s
        self._unplugged = self._frozen = False
        self._flowing = threading.Event()
        self._flowing.set()
        self._error: Exception | None = None
        self.reads = 0
        """Frames delivered so far."""
        self.asked: list[int] = []
        """Properties that were set, in order (cv2.CAP_PROP_...)."""
        self.reader: int | None = None
        """Identifier of the thread that read last."""
        self.released_by: int | None = None
        """Identifier of the thread that released the device; None while it is held."""

    def isOpened(self) -> bool:
        return self._opens and self.released_by is None

    def set(self, prop: int, value: float) -> bool:
        self.asked.append(prop)
        return prop in self._granted

    def get(self, prop: int) -> float:
        return self._granted.get(prop, 0.0)

    def getBackendName(self) -> str:
        return "FAKE"

    def read(self) -> tuple[bool, Frame | None]:
        """Return (True, frame), or (False, None) when unplugged; wait while blocked."""
        self.reader = threading.get_ident()
        self._flowing.wait()
        time.sleep(self._interval_s)
        if self._error is not None:
            raise self._error
        if self._unplugged or not self.isOpened():
            return False, None
        if not self._frozen:
            self.reads += 1
        return True, np.copy(self._pattern.picture(max(0, self.reads - 1)))

    def release(self) -> None:
        self.released_by = threading.get_ident()

    def unplug(self) -> None:
        """Fail every read from now on, as after the cable is pulled."""
        self._unplugged = True

    def plug_in(self) -> None:
        """Let reads succeed again."""
        self._unplugged = False

    def freeze(self) -> None:
        """Repeat the same frame from now on."""
        self._frozen = True

    def block(self) -> None:
        """Block reads until `unblock`, as some drivers do after the cable is pulled."""
        self._flowing.clear()

    def unblock(self) -> None:
        """Let blocked reads continue."""
        self._flowing.set()

    def break_with(self, error: Exception) -> None:
        """Raise `error` from every read from now on."""
        self._error = error
