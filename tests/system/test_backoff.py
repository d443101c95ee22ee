"""Pauses between attempts."""

from __future__ import annotations

from realtime_style.system.backoff import Backoff


def test_pauses_grow_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 60.0)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_growth_can_be_chosen() -> None:
    backoff = Backoff(0.5, 2.0, growth=1.5)
    assert [backoff.next() for _ in range(5)] == [0.5, 0.75, 1.125, 1.6875, 2.0]


def test_reset_starts_from_the_first_pause() -> None:
    backoff = Backoff(0.2, 30.0)
    pauses = [backoff.next() for _ in range(4)]
    backoff.reset()
    assert [backoff.next() for _ in range(4)] == pauses


def test_thousands_of_failures_do_not_overflow() -> None:
    backoff = Backoff(0.2, 30.0)
    assert max(backoff.next() for _ in range(5000)) == 30.0
