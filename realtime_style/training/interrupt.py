"""Ctrl-C between steps of training, not within one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ctrl_c_held_back() -> Iterator[Callable[[], None]]:
    """Hold Ctrl-C back; the function given raises the KeyboardInterrupt that is due.

    A step that is cut in the middle has moved some weights and not others, and would be done again on resuming. Only the
    main thread hears of Ctrl-C, and only where nobody else has taken it over; elsewhere this does nothing. What is started in
    the background of a script ignores Ctrl-C, and goes on doing so; other signals that are taken as one
    (:func:`realtime_style.system.signals.sigterm_as_interrupt`) are held back there, too.
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

    def raise_what_is_due() -> None:
        if due.is_set():
            due.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, hold)
    try:
        yield raise_what_is_due
    finally:
        signal.signal(signal.SIGINT, before)
