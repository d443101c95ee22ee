"""How fast it goes: milliseconds per stage, frames per second over a window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

_KEPT = 1000  # measurements per stage, and stamps: half a minute at 30 fps, a few kilobytes
_STALLED_S = 1.0  # after this long without a frame the honest rate is 0


class Meter:
    """Times what happens to each frame. Memory is bounded: a kiosk runs all day.

    `clock` gives seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._stages: dict[str, deque[float]] = {}
        self._stamps: deque[float] = deque(maxlen=_KEPT)
        self.frames = 0
        """Frames finished so far."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as one run of stage `name`; a block that raises does not count."""
        start = self._clock()
        yield
        self.add(name, (self._clock() - start) * 1000)

    def add(self, name: str, milliseconds: float) -> None:
        """Note a time measured elsewhere."""
        self._stages.setdefault(name, deque(maxlen=_KEPT)).append(milliseconds)

    def tick(self) -> None:
        """A frame is finished."""
        self._stamps.append(self._clock())
        self.frames += 1

    def fps(self, window_s: float = 2.0) -> float:
        """Frames per second over the last `window_s` seconds; 0 if none was finished for a second.

        n frames are n - 1 intervals apart, so one frame alone has no rate: 0.
        """
        now = self._clock()
        if not self._stamps or now - self._stamps[-1] >= _STALLED_S:
            return 0.0
        recent = [stamp for stamp in self._stamps if now - stamp <= window_s + 1e-9]
        span_s = recent[-1] - recent[0] if recent else 0.0
        return (len(recent) - 1) / span_s if span_s > 0 else 0.0

    def summary(self) -> dict[str, dict[str, float]]:
        """``{stage: {"p50": ms, "p95": ms}}`` over the last thousand runs of each stage, in the order first seen."""
        return {
            name: {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))}
            for name, times in self._stages.items()
        }
