"""Hand frames from one thread to another; a new frame replaces one not taken yet.

Used between a camera's thread and the painting loop, and between the loop and each output.
"""

from __future__ import annotations

import threading

from realtime_style.frames import Frame, LiveFrame


class LatestFrame:
    """A slot for one frame: the producer puts without waiting, the consumer takes the newest.

    Frames overwritten before they were taken count as `dropped`, from the first frame taken on, so
    that a consumer's start-up does not look like loss.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._slot: LiveFrame | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._taking = False
        self.dropped = 0
        """Frames overwritten before they were taken."""
        self.delivered = 0
        """Frames put so far."""

    def put(self, frame: Frame, stamp: float) -> None:
        """Offer a frame captured at `stamp`, in seconds on the producer's clock."""
        with self._changed:
            if self._slot is not None and self._taking:
                self.dropped += 1
            self._slot = LiveFrame(frame, stamp, self.delivered)
            self.delivered += 1
            self._changed.notify_all()

    def fail(self, error: BaseException) -> None:
        """End with an error: `get` returns the frame still waiting, then raises `error`."""
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def close(self) -> None:
        """End without an error and wake all waiting threads; safe to repeat."""
        with self._changed:
            self._closed = True
            self._slot = None
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True after `close`: the producer stops."""
        with self._changed:
            return self._closed

    def wait(self, timeout_s: float) -> bool:
        """Wait for something to take; False after `timeout_s` seconds of real time."""
        with self._changed:
            return self._changed.wait_for(self._ready, timeout_s)

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait for `close`; False after `timeout_s` seconds of real time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, timeout_s)

    def get(self, timeout_s: float | None) -> LiveFrame | None:
        """Take the newest frame not taken yet; None when closed.

        Raises the producer's error, and TimeoutError after `timeout_s` seconds of real time (None:
        no limit).
        """
        with self._changed:
            if not self._changed.wait_for(self._ready, timeout_s):
                raise TimeoutError(f"no frame for {timeout_s} s")
            if self._closed:
                return None
            if self._slot is None:
                assert self._error is not None  # _ready ensures it
                raise self._error
            taken, self._slot = self._slot, None
            self._taking = True
            return taken

    def peek(self) -> Frame | None:
        """The waiting frame, left in its place; None if there is none."""
        with self._changed:
            return self._slot.image if self._slot else None

    def _ready(self) -> bool:
        return self._slot is not None or self._error is not None or self._closed
