"""Being told to end by somebody else: a service manager, a terminal that closes, the machine that shuts down."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def sigterm_as_interrupt() -> Iterator[list[int]]:
    """Take SIGTERM and SIGHUP as Ctrl-C, where they would kill Python as it stands, with a recording half written.

    The list given then has the number of the signal in it. Only the main thread hears of signals; who has a way of its own,
    or was told to ignore one of them (``nohup``), keeps to it.
    """
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    taken = _at_default()

    def end(number: int, frame: FrameType | None) -> None:
        if told:  # a terminal that closes sends several, and the second one must not cut the clearing up short
            return
        told.append(number)
        ctrl_c = signal.getsignal(signal.SIGINT)
        if callable(ctrl_c):  # training holds it back until a step is done
            ctrl_c(number, frame)
        else:  # shells have what they start in the background ignore Ctrl-C
            raise KeyboardInterrupt

    for number in taken:
        signal.signal(number, end)
    try:
        yield told
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def on_terminate(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and SIGHUP, for programs with a way of their own to end; ``nohup`` stays ``nohup`` here, too."""
    for number in _at_default():
        signal.signal(number, lambda number, frame: stop())


def _at_default() -> list[signal.Signals]:
    """Those of the two signals that nothing has taken and nobody wants ignored."""
    there = [
        signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__
    ]
    return [number for number in there if signal.getsignal(number) is signal.SIG_DFL]
