"""Keeps a kiosk on the screen: starts it again when it dies, and when it hangs.

The kiosk says on its standard output that it lives, a line a second; all else that it prints is passed on. It ends when its
standard input does, so that no kiosk is left over when the watchdog is killed.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.system.signals import on_terminate

log = logging.getLogger(__name__)

BEAT = "~alive~"
"""What the line that says so begins with; the rest of it is for the kiosk that comes after."""

RESTART = 75
"""The exit code that asks for a new start at once (EX_TEMPFAIL of sysexits.h)."""

UNAVAILABLE = 69
"""The exit code that says there is no screen (EX_UNAVAILABLE): a mistake where somebody starts the kiosk at a terminal; a fault
that passes where it has run before, or is started by a machine that is still getting up itself."""

CRASH_COUNT = "REALTIME_STYLE_KIOSK_FALLS"
"""The environment variable that tells a kiosk how often in a row the one before it hung or was killed by a fault, soon after
its start: a graphics chip whose driver takes the process with it does so again."""

RESTART_STATE = "REALTIME_STYLE_KIOSK_NOTE"
"""The environment variable that tells a kiosk what the one before it said with its last beat."""

BEAT_S = 1.0
"""Seconds from one to the next."""

_HUNG_S = 10.0  # without a beat
_START_S = 90.0  # until the first one: a network is compiled, a window opened
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0
_WELL_S = 300.0  # after so long a fault is a new one, and the next pause short again; a driver that hangs takes up to 200
_CLOSING_S = 50.0  # a film is finished, a card printed, the camera given back
_GRACE_S = _CLOSING_S + 5.0


class Watchdog:
    """Runs a command for as long as it should run."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        hung_s: float = _HUNG_S,
        start_s: float = _START_S,
        on_restart: Callable[[], object] = lambda: None,
        wait_for_display: bool = False,
    ) -> None:
        """`between` is called before each new start; `screen_comes`: wait for a screen that is not there at the first one."""
        self._command, self._hung_s, self._start_s, self._between = (
            list(command),
            hung_s,
            start_s,
            on_restart,
        )
        self._screen_comes = wait_for_display
        self._told = threading.Event()
        self.interrupted = False
        """Whether `interrupt` was called."""
        self._note = ""
        self.starts = 0
        """How often the command was started."""

    def stop(self) -> None:
        """Ask for the end; may be called from a signal handler."""
        self._told.set()

    def interrupt(self) -> None:
        """The same for Ctrl-C, of which the command hears by itself: a terminal tells all that run in it."""
        self.interrupted = True
        self._told.set()

    def run(self) -> int:
        """Until the command ends by itself, cannot begin, or is told to end; returns its exit code, 0 when told.

        A command that ends with 1 or 2 before it ever lived has a mistake that a service manager shall see. One that did live
        is started again, however long it takes: its host may be at the settings, and nobody else is there to start it.
        """
        pause, ever_lived, falls = _FIRST_PAUSE_S, False, 0
        while True:
            began = time.perf_counter()
            code, lived, crashed = self._run_once(falls)
            if self._told.is_set() or code == 0:
                return 0
            ever_lived = ever_lived or lived
            if code == 130 or (code in (1, 2) and not ever_lived):
                return code
            if code == UNAVAILABLE and not ever_lived and not self._screen_comes:
                return 1
            if code == RESTART or time.perf_counter() - began > _WELL_S:
                pause, falls = _FIRST_PAUSE_S, 0
            falls = falls + 1 if crashed else 0
            log.warning("the kiosk ended with %d; starting it again in %.1f s", code, pause)
            if self._told.wait(pause):
                return 0
            self._between()
            pause = min(_LONGEST_PAUSE_S, pause * 2)

    def _run_once(self, falls: int) -> tuple[int, bool, bool]:
        """The exit code of one run, whether it ever lived, and whether it hung or was killed by a fault."""
        self.starts += 1
        lines: queue.Queue[str | None] = queue.Queue()
        environment = {**os.environ, CRASH_COUNT: str(falls), RESTART_STATE: self._note}
        pipe: Any = {
            "stdin": subprocess.PIPE,
            "stdout": subprocess.PIPE,
            "text": True,
            "errors": "replace",
        }
        try:
            started = subprocess.Popen(self._command, env=environment, **pipe)
        except OSError as error:  # no memory, no processes left: that passes
            log.warning("the kiosk cannot be started: %s", error)
            return 1, False, False
        with started as process:
            threading.Thread(
                target=_read, args=(process, lines.put), name="kiosk's words", daemon=True
            ).start()
            lived = False
            patience = time.perf_counter() + self._start_s
            while True:
                try:
                    line = lines.get(timeout=0.2)
                except queue.Empty:
                    line = ""
                if line is None:
                    code = _reap(process)
                    return (
                        code,
                        lived,
                        code < 0 or code > 0x7FFFFFFF,
                    )  # a signal, or Windows' word for a fault
                if line.startswith(BEAT):
                    lived, self._note = True, line.removeprefix(BEAT)
                    patience = time.perf_counter() + self._hung_s
                elif line:
                    print(line, flush=True)
                if self._told.is_set() and process.poll() is None:
                    _end(
                        process, gently=self.interrupted
                    )  # and once more around, for its last words
                elif time.perf_counter() > patience:
                    log.warning(
                        "the kiosk has not moved for %.0f s",
                        self._hung_s if lived else self._start_s,
                    )
                    process.kill()
                    return process.wait(), lived, True


def _read(process: subprocess.Popen[str], put: Callable[[str | None], None]) -> None:
    assert process.stdout is not None
    try:
        for line in process.stdout:
            put(line.rstrip("\n"))
    finally:
        put(None)


def _end(process: subprocess.Popen[str], *, gently: bool) -> None:
    """`gently`: only by an end of its standard input. Told twice it might be cut short, and Windows ends it on the spot."""
    if gently:
        assert process.stdin is not None
        process.stdin.close()
    else:
        process.terminate()
    _reap(process)


def _reap(process: subprocess.Popen[str]) -> int:
    """The exit code of one that should be at its end, and is helped there."""
    try:
        return process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def has_watchdog() -> bool:
    """A watchdog has started this process and reads its heartbeats."""
    return CRASH_COUNT in os.environ


def guard(arguments: Sequence[str], keepsakes: PictureStore) -> int:
    """Run ``realtime-style kiosk`` with these arguments under a watchdog; SIGTERM and Ctrl-C end both, one that hangs as well.

    While kiosks do not get far enough to look after `keepsakes`, they are looked after here; at the end they are deleted:
    there may have been no kiosk just then, or one that had to be killed.

    Where nobody sits at a terminal a service manager has started it, maybe before the screen was there.
    """
    command = [sys.executable, "-m", "realtime_style", "kiosk", *arguments, "--no-watchdog"]
    dog = Watchdog(
        command, on_restart=keepsakes.delete_expired, wait_for_display=not sys.stderr.isatty()
    )
    on_terminate(dog.stop)
    ctrl_c = signal.getsignal(signal.SIGINT)
    if ctrl_c is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: dog.interrupt())
    try:
        code = dog.run()
        return 130 if dog.interrupted else code
    finally:
        signal.signal(signal.SIGINT, ctrl_c)
        keepsakes.clear()


class Heartbeat:
    """The kiosk's side of it: says that it lives, and hears when nobody listens any more."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.note: Callable[[], str] = str
        """Asked with each beat, by any thread, for what the next kiosk shall be told if this one falls: one line."""
        self._next = float("-inf")
        self.alone = threading.Event()
        """Set when the watchdog is gone."""
        # A pipe of its own to listen at: on Windows a library that is loaded later may look at the standard input, and whoever
        # looks at a pipe there waits until nobody reads it any more.
        self._pipe = os.dup(sys.stdin.fileno())
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, sys.stdin.fileno())
        os.close(nothing)
        threading.Thread(target=self._listen, name="watchdog's end", daemon=True).start()

    def beat(self) -> None:
        """Call it for every frame."""
        if self._clock() >= self._next:
            self._next = self._clock() + BEAT_S
            try:
                print(BEAT + self.note(), flush=True)
            except OSError:  # nobody reads any more
                self.alone.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Beat in a thread while something may take as long as a start: a network is compiled."""
        done = self._beat_for(_START_S)
        try:
            yield
        finally:
            done.set()

    def beat_on(self) -> None:
        """Beat in a thread while the kiosk closes what it has, for as long as that may take."""
        self._beat_for(_CLOSING_S)

    def _beat_for(self, seconds: float) -> threading.Event:
        """Beat in a thread for so long, or until the event that is returned is set, or nobody listens any more."""
        done = threading.Event()

        def beat() -> None:
            until = time.perf_counter() + seconds
            while (
                time.perf_counter() < until
                and not self.alone.is_set()
                and not done.wait(BEAT_S / 2)
            ):
                self.beat()

        threading.Thread(target=beat, name="heartbeats", daemon=True).start()
        return done

    def _listen(self) -> None:
        # No buffered stream: Python aborts when it ends while a thread holds the lock of one.
        while os.read(self._pipe, 4096):
            pass
        self.alone.set()
