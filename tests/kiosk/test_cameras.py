"""The kiosk and the one who looks after its camera, together, over a day of faults: time runs twenty times as fast."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from realtime_style.display.inputs import Key
from realtime_style.frames import Frame, LiveFrame
from realtime_style.kiosk.state.model import NEEDS_CAMERA
from realtime_style.sources.reconnect import Patience, ReconnectingCamera
from realtime_style.testing.camera import FakeCapture
from tests.helpers.kiosk import Port, World, lasting_threads, open_kiosk

SPEED = 20.0
FAULTS = 60


class Day(World):
    """A day at a real camera port: what the kiosk takes is what the watch has."""

    def __init__(self, port: Port) -> None:
        super().__init__()
        self.port = port
        patience = Patience(first_pause_s=0.2 / SPEED, longest_pause_s=2 / SPEED)
        self.watch = ReconnectingCamera(
            port.connect, patience=patience, clock=lambda: time.perf_counter() * SPEED
        )

    @property
    def problem(self) -> str:  # type: ignore[override]
        return self.watch.problem

    @property
    def hung(self) -> bool:  # type: ignore[override]
        return self.watch.hung

    def take(self, timeout_s: float) -> LiveFrame | None:
        frame = self.watch.take(timeout_s)
        self.taken += frame is not None
        return frame


@pytest.fixture
def day() -> Iterator[Day]:
    day = Day(Port())
    yield day
    if day.port.capture is not None:
        day.port.capture.unblock()
    day.watch.close()


def capture(day: Day) -> FakeCapture:
    assert day.port.capture is not None
    return day.port.capture


def in_use(day: Day) -> bool:
    """Whether the camera at the port is the one that is read, and not one that was given up."""
    held = day.port.capture
    return held is not None and held.released_by is None and held.reads > 0


def unplugged(day: Day) -> Callable[[], object]:
    capture(day).unplug()
    day.port.capture = None

    def plugged_in() -> None:
        day.port.capture = FakeCapture()

    return plugged_in


def frozen(day: Day) -> Callable[[], object]:
    capture(day).freeze()
    return lambda: None  # opening it anew helps


def blocked(day: Day) -> Callable[[], object]:
    held = capture(day)
    held.block()
    return held.unblock


def broken(day: Day) -> Callable[[], object]:
    capture(day).break_with(ZeroDivisionError("in the driver"))
    return lambda: None


def black(day: Day) -> Callable[[], object]:
    held, rng = capture(day), np.random.default_rng(0)
    real = held.read

    def dark() -> tuple[bool, Frame]:
        time.sleep(0.01)
        return True, rng.integers(0, 3, (120, 160, 3), np.uint8)

    held.read = dark  # type: ignore[method-assign]
    return lambda: setattr(held, "read", real)


class Busy(FakeCapture):
    """Another program has it: each time it is opened it sends nothing."""

    def __init__(self) -> None:
        super().__init__(opens=False)

    def release(self) -> None:
        pass


def stolen(day: Day) -> Callable[[], object]:
    held, day.port.capture = capture(day), Busy()
    held.unplug()

    def given_back() -> None:
        day.port.capture = FakeCapture()

    return given_back


def test_camera_comes_back_from_every_fault_of_a_day(day: Day, tmp_path: Path) -> None:
    chance = random.Random(0)
    kinds = [unplugged, frozen, blocked, broken, black, stolen]
    with open_kiosk(day, tmp_path) as kiosk:
        kiosk._clock = lambda: time.perf_counter() * SPEED

        def rounds(until: Callable[[], bool], words: str) -> None:
            began = time.perf_counter()
            while not until():
                day.touches = (
                    [Key(chance.choice(["right", "up", "down"]))] if chance.random() < 0.05 else []
                )
                kiosk.tick()
                assert time.perf_counter() - began < 30, words

        rounds(lambda: day.taken > 1, "no pictures at the start")
        threads = lasting_threads()
        for number in range(FAULTS):
            kind = kinds[number] if number < len(kinds) else chance.choice(kinds)
            opened, end = day.watch.opened, time.perf_counter() + chance.uniform(0, 0.3)
            over = kind(day)
            # One that is mended by opening the camera anew may be over before the kiosk has looked.
            rounds(
                lambda opened=opened: bool(kiosk.state.camera_lost) or day.watch.opened > opened,  # type: ignore[misc]
                f"{kind.__name__} is not told",
            )
            rounds(lambda: time.perf_counter() > end, "time stands still")  # noqa: B023
            over()
            rounds(
                lambda: in_use(day) and not kiosk.state.camera_lost,
                f"not back after {kind.__name__}",
            )
            taken = day.taken
            rounds(lambda: day.taken > taken + 1, f"no pictures after {kind.__name__}")  # noqa: B023
        assert kiosk.state.scene in NEEDS_CAMERA
        assert kiosk.ending is None
        assert lasting_threads() <= threads
