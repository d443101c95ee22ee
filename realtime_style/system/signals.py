"""Handle SIGTERM and SIGHUP like Ctrl-C: a service manager, a closed terminal, a shutdown."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def sigterm_as_interrupt() -> Iterator[list[int]]:
    """Turn SIGTERM and SIGHUP into KeyboardInterrupt, so that a half-written recording is saved.

    By default they end Python on the spot. Yields a list that holds the signal's number once one
    has come. Signals that have a handler or are ignored (``nohup``) are left alone, and outside the
    main thread, which alone receives signals, nothing changes.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        if received:  # a closing terminal sends several; a second one would cut the cleanup short
            return
        received.append(number)
        ctrl_c = signal.getsignal(signal.SIGINT)
        if callable(ctrl_c):  # training holds it back until a step is done
            ctrl_c(number, frame)
        else:  # shells let background jobs ignore Ctrl-C
            raise KeyboardInterrupt

    handled = _unhandled()
    for number in handled:
        signal.signal(number, interrupt)
    try:
        yield received
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)


def on_terminate(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and SIGHUP, except where they have a handler or are ignored."""
    for number in _unhandled():
        signal.signal(number, lambda number, frame: stop())


def _unhandled() -> list[signal.Signals]:
    """Signals of the two still at their default disposition; Windows has no SIGHUP."""
    names = [name for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__]
    return [
        signal.Signals[name]
        for name in names
        if signal.getsignal(signal.Signals[name]) is signal.SIG_DFL
    ]
