"""The kiosk's side of its watchdog, in this process: the other end of the pipe is the test's."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection, Pipe

import pytest

from realtime_style.kiosk.supervision.heartbeat import START_S, Heartbeat
from realtime_style.kiosk.supervision.watchdog import HUNG_S, STABLE_S


@pytest.fixture
def pipes() -> Iterator[tuple[Connection, Connection]]:
    """The watchdog's end and the kiosk's."""
    ours, theirs = Pipe()
    yield ours, theirs
    ours.close()


def received(pipe: Connection, count: int) -> list[bytes]:
    """The next messages; fewer if they do not come."""
    return [pipe.recv_bytes() for _ in range(count) if pipe.poll(20)]


def test_heartbeats_keep_their_interval(pipes: tuple[Connection, Connection]) -> None:
    ours, theirs = pipes
    now = [100.0]
    heartbeat = Heartbeat(theirs, interval_s=1.0, clock=lambda: now[0])
    for _ in range(10):
        heartbeat.beat()
        now[0] += 0.5
    assert received(ours, 5) == [b""] * 5
    assert not ours.poll(0)


def test_heartbeats_of_two_threads_never_mix(pipes: tuple[Connection, Connection]) -> None:
    ours, theirs = pipes
    heartbeat = Heartbeat(theirs, interval_s=0.0)
    numbers = itertools.count()
    heartbeat.restart_state = lambda: json.dumps({"number": next(numbers), "more": "x" * 500})

    def beat() -> None:
        for _ in range(1000):
            heartbeat.beat()

    threads = [threading.Thread(target=beat, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert [json.loads(line)["number"] for line in received(ours, 2000)] == list(range(2000))


def test_kiosk_that_is_busy_goes_on_beating(pipes: tuple[Connection, Connection]) -> None:
    ours, theirs = pipes
    heartbeat = Heartbeat(theirs, interval_s=0.01)
    with heartbeat.busy():
        assert len(received(ours, 20)) == 20
    for _ in range(3):  # one or two may be on their way
        if not ours.poll(0.3):
            return
        ours.recv_bytes()
    pytest.fail("it beats on when it is not busy any more")


def test_kiosk_that_closes_goes_on_beating(pipes: tuple[Connection, Connection]) -> None:
    ours, theirs = pipes
    heartbeat = Heartbeat(theirs, interval_s=0.01)
    heartbeat.keep_beating()
    assert len(received(ours, 20)) == 20


def test_kiosk_notices_that_its_watchdog_is_gone(pipes: tuple[Connection, Connection]) -> None:
    ours, theirs = pipes
    heartbeat = Heartbeat(theirs)
    assert not heartbeat.orphaned.is_set()
    ours.close()
    assert heartbeat.orphaned.wait(20)
    heartbeat.beat()  # which is no error


def test_hang_at_every_start_counts_as_crashes_in_a_row() -> None:
    # At worst: before the first heartbeat, after it, and while something is compiled.
    assert START_S + HUNG_S + START_S < STABLE_S
