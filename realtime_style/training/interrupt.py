"""Hold Ctrl-C back until a training step is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_held_back() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back; the function that this yields raises a KeyboardInterrupt that is due.

    A step cut in the middle would have moved some weights and not others, and would be repeated
    after resuming. Signals reach only the main thread, and only where nothing else handles Ctrl-C;
    elsewhere this does nothing. A program started in the background of a script ignores Ctrl-C, and
    continues to; signals that are taken as Ctrl-C there
    (:func:`realtime_style.system.signals.sigterm_as_interrupt`) are held back too.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before not in (
        signal.default_int_handler,
        signal.SIG_IGN,
    ):
        yield lambda: None
        return
    due = threading.Event()

    def hold(signum: int, frame: FrameType | None) -> None:
        if signum != signal.SIGINT or before is not signal.SIG_IGN:
            due.set()

    def raise_if_due() -> None:
        if due.is_set():
            due.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hold)
    try:
        yield raise_if_due
    finally:
        signal.signal(signal.SIGINT, before)
