"""SIGTERM and SIGHUP handled like Ctrl-C, in this process."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from realtime_style.cli import main
from realtime_style.system.signals import sigterm_as_interrupt

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows sends no such signals")


def test_handlers_of_others_are_kept_and_defaults_restored() -> None:
    def own(number: int, frame: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGTERM, own)
    try:
        with sigterm_as_interrupt() as received:
            assert signal.getsignal(signal.SIGTERM) is own
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGHUP)
        assert received == [signal.SIGHUP]
        assert signal.getsignal(signal.SIGTERM) is own
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_second_signal_does_not_interrupt_the_cleanup() -> None:
    with sigterm_as_interrupt() as received:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)  # would raise here
    assert received == [signal.SIGTERM]


def test_command_runs_in_any_thread() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["styles"])))
    thread.start()
    thread.join()
    assert codes == [0]
