"""The slot between two threads: the newest frame wins, errors cross it, nobody waits for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from realtime_style.frames import Frame, LiveFrame
from realtime_style.frames.latest import LatestFrame


def grey(level: int) -> Frame:
    return np.full((2, 2, 3), level, np.uint8)


def level_of(taken: LiveFrame | None) -> int:
    assert taken is not None
    return int(taken.image[0, 0, 0])


def get_while(latest: LatestFrame, action: Callable[[], object]) -> LiveFrame | None:
    """Result of `get` without a limit in another thread, during which `action` happens here."""
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(latest.get, None)
        time.sleep(0.05)  # most likely it waits by then; both orders are fine
        action()
        try:
            return waiting.result(30)
        finally:
            latest.close()  # whatever went wrong, the thread ends


def test_newest_frame_wins_and_the_others_are_counted() -> None:
    latest = LatestFrame()
    latest.put(grey(1), 0.1)
    assert latest.get(1) is not None
    for level in (2, 3, 4):
        latest.put(grey(level), level / 10)
    taken = latest.get(1)
    assert level_of(taken) == 4
    assert taken is not None
    assert (taken.captured_at, taken.number) == (0.4, 3)
    assert latest.dropped == 2
    assert latest.delivered == 4


def test_frames_before_the_first_get_are_not_dropped() -> None:
    latest = LatestFrame()
    for level in range(50):
        latest.put(grey(level), 0.0)
    latest.get(1)
    assert latest.dropped == 0


def test_frame_is_taken_only_once() -> None:
    latest = LatestFrame()
    latest.put(grey(1), 0.0)
    latest.get(1)
    with pytest.raises(TimeoutError, match=r"no frame for 0\.01 s"):
        latest.get(0.01)


def test_peek_leaves_the_frame_in_place() -> None:
    latest = LatestFrame()
    assert latest.peek() is None
    latest.put(grey(1), 0.0)
    assert latest.peek() is not None
    assert level_of(latest.get(1)) == 1


def test_get_waits_for_a_later_frame() -> None:
    latest = LatestFrame()
    assert level_of(get_while(latest, lambda: latest.put(grey(7), 0.0))) == 7


def test_error_wakes_a_waiting_get_and_is_raised_there() -> None:
    latest = LatestFrame()
    with pytest.raises(OSError, match="cable"):
        get_while(latest, lambda: latest.fail(OSError("cable")))


def test_error_is_raised_at_every_get() -> None:
    latest = LatestFrame()
    latest.fail(OSError("cable"))
    for _ in range(2):
        with pytest.raises(OSError, match="cable"):
            latest.get(1)


def test_last_frame_before_an_error_is_not_lost() -> None:
    latest = LatestFrame()
    latest.put(grey(9), 0.0)
    latest.fail(OSError("cable"))
    assert level_of(latest.get(1)) == 9
    with pytest.raises(OSError, match="cable"):
        latest.get(1)


def test_close_wakes_a_waiting_get_and_is_safe_to_repeat() -> None:
    latest = LatestFrame()
    assert get_while(latest, latest.close) is None
    latest.close()
    latest.put(grey(1), 0.0)
    assert latest.closed
    assert latest.get(1) is None
