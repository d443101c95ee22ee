"""Pauses between attempts that grow while the attempts fail."""

from __future__ import annotations


class Backoff:
    """Pauses in seconds: `first_s`, then `growth` times the one before, at most `longest_s`."""

    def __init__(self, first_s: float, longest_s: float, *, growth: float = 2.0) -> None:
        self._first_s, self._longest_s, self._growth = first_s, longest_s, growth
        self._next_s = first_s

    def next(self) -> float:
        """Return the pause before the next attempt, after one more failure. The caller waits."""
        pause_s, self._next_s = self._next_s, min(self._longest_s, self._next_s * self._growth)
        return pause_s

    def reset(self) -> None:
        """Start from the first pause again, after a success."""
        self._next_s = self._first_s
