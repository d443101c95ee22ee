"""One slot between the thread that reads a camera and the one that paints: the newest frame wins.

The same slot stands between the loop and each further output.
"""

from __future__ import annotations

import threading

from realtime_style.frames import Frame, LiveFrame


class LatestFrame:
    """A slot for one frame. The reader puts, the consumer takes; neither ever waits for the other to keep up.

    A frame that is overwritten before it was taken is counted in `dropped`; counting starts with the first frame taken, so
    that the time a consumer needs to get ready does not look like loss.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slot: LiveFrame | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._taking = False
        self.dropped = 0
        """Frames that were overwritten before they were taken."""
        self.delivered = 0
        """Frames that were put."""

    def put(self, frame: Frame, stamp: float) -> None:
        """Offer a frame that came at `stamp` (seconds on the reader's clock), in place of one still waiting."""
        with self._changed:
            if self._slot is not None and self._taking:
                self.dropped += 1
            self._slot = LiveFrame(frame, stamp, self.delivered)
            self.delivered += 1
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """End with an error: whoever takes gets the frame still waiting, and after it `error` raised."""
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def close(self) -> None:
        """End without an error and wake everybody; may be called twice."""
        with self._changed:
            self._closed = True
            self._slot = None
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called: the reader's sign to stop."""
        with self._changed:
            return self._closed

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is something to take; False if nothing came in `timeout_s` seconds of real time."""
        with self._changed:
            return self._changed.wait_for(self._ready, timeout_s)

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until `close` is called; False if it was not in `timeout_s` seconds of real time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout_s)

    def get(self, timeout_s: float | None) -> LiveFrame | None:
        """Take the newest frame not taken yet; None when closed.

        Raises the reader's error, and TimeoutError when nothing came in `timeout_s` seconds of real time; None: no limit.
        """
        with self._changed:
            if not self._changed.wait_for(self._ready, timeout_s):
                raise TimeoutError(f"no frame for {timeout_s} s")
            if self._closed:
                return None
            if self._slot is None:
                assert self._error is not None  # what _ready promises
                raise self._error
            taken, self._slot = self._slot, None
            self._taking = True
            return taken

    def peek(self) -> Frame | None:
        """The frame that waits, left in its place; None if there is none."""
        with self._changed:
            return self._slot.image if self._slot else None

    def _ready(self) -> bool:
        return self._slot is not None or self._error is not None or self._closed
