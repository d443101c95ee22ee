"""The kiosk's side of its watchdog: heartbeats, and what exit codes and variables mean to both."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from realtime_style.system.child_pipe import pipe_to_parent

RESTART = 75
"""Exit code that asks for a restart at once (EX_TEMPFAIL of sysexits.h)."""

UNAVAILABLE = 69
"""Exit code for a missing display (EX_UNAVAILABLE).

A mistake when somebody starts the kiosk in a terminal; temporary when it has run before, or when
a machine that is still booting starts it.
"""

CRASH_COUNT = "REALTIME_STYLE_KIOSK_CRASHES"
"""Environment variable: crashes and hangs in a row, each soon after a start.

A graphics chip whose driver takes the process with it does so again.
"""

RESTART_STATE = "REALTIME_STYLE_KIOSK_STATE"
"""Environment variable: the last heartbeat's state of the process before."""

BEAT_S = 1.0
"""Interval of heartbeats."""
START_S = 90.0
"""Time until the first heartbeat: a network is compiled, a window opened."""
CLOSE_S = 50.0
"""Time to close: a film is finished, a card printed, the camera released."""


def is_watched() -> bool:
    """True in a process that a watchdog has started, and whose heartbeats it reads."""
    return CRASH_COUNT in os.environ


class Heartbeat:
    """Tells the watchdog that the kiosk lives, and the kiosk when the watchdog is gone."""

    def __init__(
        self,
        pipe: Connection | None = None,
        *,
        interval_s: float = BEAT_S,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`pipe` is by default the one that the watchdog gave to this process."""
        found = pipe or pipe_to_parent()
        assert found is not None  # the caller asked is_watched
        self._pipe, self._interval_s, self._clock = found, interval_s, clock
        self.restart_state: Callable[[], str] = str
        """Called at each heartbeat, in any thread: the state for the next process."""
        self.orphaned = threading.Event()
        """Set when the watchdog is gone, or wants the kiosk to end."""
        self._lock = threading.Lock()
        self._next = float("-inf")
        threading.Thread(target=self._listen, name="watchdog's end", daemon=True).start()

    def beat(self) -> None:
        """Send a heartbeat if it is time for one; call it for every frame, in any thread."""
        with self._lock:  # one message at a time, each with the newest state
            if self._clock() < self._next:
                return
            self._next = self._clock() + self._interval_s
            try:
                self._pipe.send_bytes(self.restart_state().encode())
            except OSError:  # nobody reads any more
                self.orphaned.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Beat in a thread while something may take as long as a start: a network is compiled."""
        done = self._beat_for(START_S)
        try:
            yield
        finally:
            done.set()

    def keep_beating(self) -> None:
        """Beat in a thread while the kiosk closes, for as long as that may take."""
        self._beat_for(CLOSE_S)

    def _beat_for(self, seconds: float) -> threading.Event:
        """Beat in a thread until the returned event is set, or for `seconds`."""
        done = threading.Event()
        deadline = time.perf_counter() + seconds

        def beat() -> None:
            while time.perf_counter() < deadline and not self.orphaned.is_set():
                if done.wait(self._interval_s / 2):
                    return
                self.beat()

        threading.Thread(target=beat, name="heartbeats", daemon=True).start()
        return done

    def _listen(self) -> None:
        try:
            while True:
                self._pipe.recv_bytes()
        except (EOFError, OSError):
            self.orphaned.set()
