"""Specialise the network once the style has not changed for a few frames.

A style file blends its styles anew in each frame, as the weights may be others in the next. An
engine that may take them for constant does it once; preparing that takes a tenth of a second, which
must not hold up a live picture.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Literal

log = logging.getLogger(__name__)

SpecializeMode = Literal["background", "immediately", "never"]
"""Time to specialise: in a thread beside the painting, between two frames, or never."""

SPECIALIZE_AFTER = 8
"""Frames painted alike in a row after which more are expected: a fade or a drag has ended."""

_RETRY_FACTOR = 4
_RETRY_AT_MOST = 8192  # frames, five minutes at 27 per second
_FAILURES_KEPT = 100


class Specializer:
    """Counts frames painted alike and has the network specialised for more of them.

    A failure costs only the frames painted just so: they are painted as before, and it is tried
    again after ever more of them (8, 32, 128, ...).
    """

    def __init__(self, mode: Literal["background", "immediately"] = "background") -> None:
        self._mode = mode
        self._key: object = None
        self._alike = 0
        self._specialized_for: object = None
        self._failures: dict[object, int] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def painted(self, key: object, specialize: Callable[[], None]) -> None:
        """Count a frame. `key` compares equal for frames painted alike.

        `specialize` prepares the network for more of them; it may raise anything.
        """
        self._alike = self._alike + 1 if key == self._key else 1
        self._key = key
        if self._closed or key == self._specialized_for or self._alike < self._wait(key):
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._alike = 0
        if self._mode == "immediately":
            self.specialize_now(key, specialize)
            return
        self._specialized_for = key
        thread = threading.Thread(target=self._run, args=(key, specialize), name="specialize style")
        try:
            thread.start()
        except RuntimeError as error:  # no more threads on this system
            self._failed(key, error)
        else:
            self._thread = thread

    def specialize_now(self, key: object, specialize: Callable[[], None]) -> None:
        """Prepare in this thread for frames of this key without having seen any."""
        self._specialized_for = key
        self._run(key, specialize)

    def _wait(self, key: object) -> int:
        """Frames of this key in a row before the next try."""
        frames: int = SPECIALIZE_AFTER * _RETRY_FACTOR ** self._failures.get(key, 0)
        return min(frames, _RETRY_AT_MOST)

    def _run(self, key: object, specialize: Callable[[], None]) -> None:
        try:
            specialize()
        except Exception as error:  # of any kind: frames can be painted without it
            self._failed(key, error)
        else:
            self._failures.pop(key, None)

    def _failed(self, key: object, error: Exception) -> None:
        self._specialized_for = None
        # One line for all failures until everything works again: a broken file fails each time it
        # has its turn, and short memory fails for every style.
        level = logging.DEBUG if self._failures else logging.WARNING
        log.log(level, "painting goes on without the faster network: %s", error)
        if len(self._failures) >= _FAILURES_KEPT:
            self._failures.pop(next(iter(self._failures)))
        self._failures[key] = self._failures.get(key, 0) + 1

    def close(self) -> None:
        """Wait for the preparation in progress, if any, and start no more."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()
