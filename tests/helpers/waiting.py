"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait until `true` returns something true; fail after `seconds`, which is only patience.

    No claim about speed: what takes long on a busy machine is not wrong.
    """
    deadline = time.perf_counter() + seconds
    while not true():
        assert time.perf_counter() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.02)
