"""Who is told to end by the system loses no more than by Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from realtime_style.cli import main
from realtime_style.system.signals import sigterm_as_interrupt

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="Windows ends a process without asking it"
)


def test_signals_are_as_before_afterwards_and_nobody_elses_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def own(number: int, frame: object) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGTERM, own)
    try:
        with sigterm_as_interrupt() as told:
            assert signal.getsignal(signal.SIGTERM) is own
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGHUP)
        assert told == [signal.SIGHUP]
        assert signal.getsignal(signal.SIGTERM) is own
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_command_runs_in_any_thread() -> None:
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(main(["styles"])))
    thread.start()
    thread.join()
    assert codes == [0]
