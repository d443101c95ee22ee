"""One slot, newest wins; errors cross it and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.frames.latest import LatestFrame


def grey(level: int) -> Frame:
    return np.full((2, 2, 3), level, np.uint8)


@pytest.fixture(autouse=True)
def nobody_waits_for_a_timeout() -> Iterator[None]:
    """Whoever waits is woken: the time-outs of 30 s below are never reached."""
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < 2


def later(action: object, *arguments: object) -> threading.Thread:
    def run() -> None:
        time.sleep(0.05)
        action(*arguments)  # type: ignore[operator]

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_the_newest_frame_wins_and_the_others_are_counted() -> None:
    latest = LatestFrame()
    latest.put(grey(1), 0.1)
    assert latest.get(1) is not None
    for level in (2, 3, 4):
        latest.put(grey(level), level / 10)
    taken = latest.get(1)
    assert taken is not None
    assert taken[0][0, 0, 0] == 4
    assert taken[1] == 0.4
    assert latest.dropped == 2
    assert latest.delivered == 4


def test_frames_before_the_first_one_taken_do_not_count_as_dropped() -> None:
    latest = LatestFrame()
    for level in range(50):
        latest.put(grey(level), 0.0)
    latest.get(1)
    assert latest.dropped == 0


def test_a_frame_is_taken_only_once() -> None:
    latest = LatestFrame()
    latest.put(grey(1), 0.0)
    latest.get(1)
    with pytest.raises(TimeoutError, match=r"no frame for 0\.01 s"):
        latest.get(0.01)


def test_get_waits_for_a_frame_that_comes_later() -> None:
    latest = LatestFrame()
    thread = later(latest.put, grey(7), 0.0)
    taken = latest.get(30)
    assert taken is not None
    assert taken[0][0, 0, 0] == 7
    thread.join()


def test_an_error_wakes_who_waits_and_is_raised_there() -> None:
    latest = LatestFrame()
    thread = later(latest.fail, OSError("cable"))
    with pytest.raises(OSError, match="cable"):
        latest.get(30)
    with pytest.raises(OSError, match="cable"):  # and every time after
        latest.get(30)
    thread.join()


def test_the_last_frame_before_an_error_is_not_lost() -> None:
    latest = LatestFrame()
    latest.put(grey(9), 0.0)
    latest.fail(OSError("cable"))
    taken = latest.get(1)
    assert taken is not None
    assert taken[0][0, 0, 0] == 9
    with pytest.raises(OSError, match="cable"):
        latest.get(1)


def test_close_wakes_everybody_and_may_be_called_twice() -> None:
    latest = LatestFrame()
    thread = later(latest.close)
    assert latest.get(30) is None
    latest.close()
    latest.put(grey(1), 0.0)
    assert latest.closed
    assert latest.get(30) is None
    thread.join()
