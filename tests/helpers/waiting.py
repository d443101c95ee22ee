"""Waiting for what other threads and processes do."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 20) -> None:
    began = time.perf_counter()
    while not true():
        assert time.perf_counter() - began < seconds
        time.sleep(0.02)
