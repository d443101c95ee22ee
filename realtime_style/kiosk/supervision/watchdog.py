"""The watchdog: restarts the kiosk when it crashes, and when it hangs.

The kiosk sends a heartbeat a second through a pipe, and ends when the pipe does, so that none is
left over when the watchdog is killed.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.supervision.heartbeat import (
    CLOSE_S,
    CRASH_COUNT,
    RESTART,
    RESTART_STATE,
    START_S,
    UNAVAILABLE,
)
from realtime_style.system.backoff import Backoff
from realtime_style.system.child_pipe import start_with_pipe
from realtime_style.system.signals import on_terminate

log = logging.getLogger(__name__)

HUNG_S = 10.0
"""Time without a heartbeat after which a kiosk that has started counts as hung."""
STABLE_S = 300.0
"""Time after which a crash is a new one, not the last one again: a driver can hang for 200 s."""
_POLL_S = 0.2


class _Run(NamedTuple):
    """One run of the command."""

    code: int
    lived: bool
    """It sent a heartbeat."""
    crashed: bool
    """It hung, or a fault killed it."""


class Watchdog:
    """Runs a command, and runs it again, until it should end."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        hung_s: float = HUNG_S,
        start_s: float = START_S,
        grace_s: float = CLOSE_S + 5.0,
        backoff: Backoff | None = None,
        on_restart: Callable[[], object] = lambda: None,
        wait_for_display: bool = False,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`start_s` is the time until the first heartbeat, `hung_s` until each further one.

        `grace_s` is the time between a request to end and a kill, `backoff` the pauses
        before new starts, by default of 0.2 to 30 s. `on_restart` is called before each of them.
        With `wait_for_display`, a display that is missing at the first start is waited for.
        """
        self._command = list(command)
        self._hung_s, self._start_s, self._grace_s = hung_s, start_s, grace_s
        self._backoff = backoff or Backoff(0.2, 30.0)
        self._on_restart, self._wait_for_display = on_restart, wait_for_display
        self._clock = clock
        self._stopped = threading.Event()
        self.interrupted = False
        """`interrupt` was called."""
        self._restart_state = ""
        self.starts = 0
        """Starts of the command so far."""

    def stop(self) -> None:
        """End the command and `run`; may be called from a signal handler."""
        self._stopped.set()

    def interrupt(self) -> None:
        """The same after Ctrl-C, which a terminal sends to the command as well."""
        self.interrupted = True
        self._stopped.set()

    def run(self) -> int:
        """Return the exit code when the command ends by itself or cannot start, 0 after `stop`.

        A command that ends with 1 or 2 before its first heartbeat has a mistake that a service
        manager has to see. One that has lived is started again, however often: its host may be
        changing the settings, and nobody else is there to start it.
        """
        ever_lived, crashes = False, 0
        while True:
            began = self._clock()
            code, lived, crashed = self._run_once(crashes)
            if self._stopped.is_set() or code == 0:
                return 0
            ever_lived = ever_lived or lived
            if code == 130 or (code in (1, 2) and not ever_lived):
                return code
            if code == UNAVAILABLE and not ever_lived and not self._wait_for_display:
                return 1
            if code == RESTART or self._clock() - began > STABLE_S:
                self._backoff.reset()
                crashes = 0
            crashes = crashes + 1 if crashed else 0
            pause_s = self._backoff.next()
            log.warning("the kiosk ended with code %d; starting it again in %.1f s", code, pause_s)
            if self._stopped.wait(pause_s):
                return 0
            self._on_restart()

    def _run_once(self, crashes: int) -> _Run:
        self.starts += 1
        environment = {CRASH_COUNT: str(crashes), RESTART_STATE: self._restart_state}
        try:
            process, pipe = start_with_pipe(self._command, environment)
        except OSError as error:  # no memory, no processes left: that passes
            log.warning("the kiosk cannot be started: %s", error)
            return _Run(1, lived=False, crashed=False)
        with pipe:
            return self._attend(process, pipe)

    def _attend(self, process: subprocess.Popen[bytes], pipe: Connection) -> _Run:
        """Take in heartbeats until the process ends, hangs or has to end."""
        lived, patience_s = False, self._start_s
        deadline = self._clock() + patience_s
        while not self._stopped.is_set():
            try:
                if pipe.poll(_POLL_S):
                    self._restart_state = pipe.recv_bytes().decode()
                    lived, patience_s = True, self._hung_s
                    deadline = self._clock() + patience_s
                ended = process.poll() is not None and not pipe.poll()
            except (EOFError, OSError):  # it ended, or is about to
                ended = True
            if ended:
                code = self._reap(process)
                # A signal, or a number that Windows has for a fault.
                return _Run(code, lived, crashed=code < 0 or code > 0x7FFFFFFF)
            if self._clock() > deadline:
                log.warning("the kiosk has not moved for %.0f s", patience_s)
                process.kill()
                return _Run(process.wait(), lived, crashed=True)
        if self.interrupted:
            # Only the end of the pipe: a second signal might cut it short, and on Windows ends
            # it on the spot.
            pipe.close()
        else:
            process.terminate()
        return _Run(self._reap(process), lived, crashed=False)

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        """The exit code of a process that is ending; killed if it takes too long."""
        try:
            return process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def guard(
    words: Sequence[str],
    store: PictureStore,
    *,
    program: Sequence[str] = (sys.executable, "-m", "realtime_style"),
    **options: Any,
) -> int:
    """Run ``realtime-style`` with these words under a watchdog; returns the exit code.

    SIGTERM and Ctrl-C end both, also a kiosk that hangs. Pictures in `store` expire here while
    no kiosk lives long enough to see to it, and are deleted at the end: a kiosk may have been
    killed. Without a terminal, a service manager has started it, maybe before the display.
    `program` is the command before the words; `options` are Watchdog's.
    """
    watchdog = Watchdog(
        [*program, *words],
        on_restart=store.delete_expired,
        wait_for_display=not sys.stderr.isatty(),
        **options,
    )
    on_terminate(watchdog.stop)
    ctrl_c = signal.getsignal(signal.SIGINT)
    if ctrl_c is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: watchdog.interrupt())
    try:
        code = watchdog.run()
        return 130 if watchdog.interrupted else code
    finally:
        signal.signal(signal.SIGINT, ctrl_c)
        store.clear()
