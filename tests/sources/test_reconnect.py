"""A camera that is opened again after every fault, by a clock that the test turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime_style.errors import CameraNotFound
from realtime_style.frames import Frame
from realtime_style.kiosk import build
from realtime_style.kiosk.config.schema import CameraSettings, KioskSettings
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sources.device import Connection, connect
from realtime_style.sources.reconnect import Patience, ReconnectingCamera
from realtime_style.system.backoff import Backoff
from realtime_style.testing.camera import FakeCapture
from realtime_style.testing.style_files import FakeClock
from tests.helpers.kiosk import Port
from tests.helpers.waiting import until

QUICK = Patience(first_pause_s=0.01, longest_pause_s=0.05)
"""The usual patience, which the fake clock counts, but short pauses, which are real."""


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.fixture
def watch(port: Port, fake_clock: FakeClock) -> Iterator[ReconnectingCamera]:
    with closing(ReconnectingCamera(port.connect, patience=QUICK, clock=fake_clock)) as watch:
        until(lambda: seen(watch))
        yield watch
        if port.capture is not None:
            port.capture.unblock()


def seen(watch: ReconnectingCamera) -> bool:
    return watch.take(0.05) is not None and not watch.problem


def capture(port: Port) -> FakeCapture:
    assert port.capture is not None
    return port.capture


def pass_time_until(clock: FakeClock, true: Callable[[], object]) -> None:
    """Let the clock run until something is true."""

    def after_a_while() -> bool:
        clock.sleep(0.5)
        return bool(true())

    until(after_a_while)


def test_frames_come_once_the_camera_is_open(watch: ReconnectingCamera) -> None:
    frame = watch.take(20)
    assert frame is not None
    assert frame.image.shape == (120, 160, 3)


def test_lost_camera_is_reported_in_two_seconds_and_back_in_three() -> None:
    assert Patience().stale_s < 2
    assert Patience().longest_pause_s < 3


def test_unplugged_camera_is_reported_and_comes_back(
    watch: ReconnectingCamera, port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    held, port.capture = capture(port), None
    held.unplug()
    until(lambda: "no camera 0" in watch.problem)
    assert "stopped sending" in caplog.text
    assert held.released_by is not None
    port.capture = FakeCapture()
    until(lambda: seen(watch))
    assert watch.opened == 2


def test_pauses_grow_to_the_longest(
    port: Port, fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real = Backoff.next

    def noted(self: Backoff) -> float:
        pauses.append(real(self))
        return 0.001

    monkeypatch.setattr(Backoff, "next", noted)
    port.capture = None
    with closing(ReconnectingCamera(port.connect, clock=fake_clock)):
        until(lambda: len(pauses) > 10)
    assert pauses[0] == Patience().first_pause_s
    assert pauses == sorted(pauses)
    assert pauses[10] == Patience().longest_pause_s


def test_camera_that_repeats_one_frame_is_opened_anew(
    watch: ReconnectingCamera,
    port: Port,
    fake_clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    capture(port).freeze()
    pass_time_until(fake_clock, lambda: "same picture" in caplog.text)
    until(lambda: seen(watch))  # by a new capture
    assert watch.opened == 2


def test_black_pictures_are_reported_and_waited_out(
    watch: ReconnectingCamera,
    port: Port,
    fake_clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)

    def dark() -> tuple[bool, Frame]:
        time.sleep(0.01)
        return True, rng.integers(0, 3, (120, 160, 3), np.uint8)

    real = capture(port).read
    monkeypatch.setattr(capture(port), "read", dark)
    pass_time_until(fake_clock, lambda: "black" in watch.problem)
    monkeypatch.setattr(capture(port), "read", real)
    until(lambda: seen(watch))
    assert watch.opened == 1


def test_hanging_read_is_reported_and_leaves_no_threads(
    watch: ReconnectingCamera, port: Port, fake_clock: FakeClock
) -> None:
    before = threading.active_count()
    capture(port).block()
    pass_time_until(fake_clock, lambda: watch.hung)
    assert "sent no picture" in watch.problem
    fake_clock.sleep(60)
    time.sleep(5 * QUICK.longest_pause_s)  # in which it could be opened again, and must not
    assert threading.active_count() <= before
    capture(port).unblock()
    until(lambda: seen(watch))
    assert not watch.hung


def test_driver_that_raises_is_survived(
    watch: ReconnectingCamera, port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    capture(port).break_with(ZeroDivisionError("in the driver"))
    until(lambda: watch.opened == 2)
    until(lambda: seen(watch))
    assert "in the driver" in caplog.text


def test_still_dark_clip_is_no_fault(tmp_path: Path, fake_clock: FakeClock) -> None:
    with VideoWriter(tmp_path / "night.mp4", fps=25) as writer:
        for _ in range(10):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    watch = ReconnectingCamera(
        lambda: connect(str(tmp_path / "night.mp4")), judge=False, clock=fake_clock
    )
    with closing(watch):
        for _ in range(10):
            assert watch.take(20) is not None
            assert not watch.problem
            fake_clock.sleep(0.5)


def test_device_that_sends_one_picture_for_ever_stays_lost(fake_clock: FakeClock) -> None:
    def still() -> Connection:
        capture = FakeCapture()
        capture.freeze()
        return Connection(capture, "camera 0")

    watch = ReconnectingCamera(still, patience=QUICK, clock=fake_clock)
    with closing(watch):
        pass_time_until(fake_clock, lambda: "same picture" in watch.problem)
        problems: set[str] = set()

        def opened_again() -> bool:
            problems.add(watch.problem)
            return watch.opened >= 4

        pass_time_until(fake_clock, opened_again)
        assert "" not in problems


def test_first_picture_may_take_seconds(fake_clock: FakeClock) -> None:
    capture = FakeCapture()
    capture.block()
    watch = ReconnectingCamera(lambda: Connection(capture, "camera 0"), clock=fake_clock)
    with closing(watch):
        until(lambda: watch.opened == 1)
        fake_clock.sleep(Patience().first_s - 1)
        assert not watch.hung
        capture.unblock()
        until(lambda: seen(watch))
        assert watch.opened == 1


def test_camera_that_opens_and_sends_nothing_hangs(fake_clock: FakeClock) -> None:
    capture = FakeCapture()
    capture.block()
    watch = ReconnectingCamera(lambda: Connection(capture, "camera 0"), clock=fake_clock)
    with closing(watch):
        pass_time_until(fake_clock, lambda: watch.hung)
        assert "sent no picture" in watch.problem
        capture.unblock()


def test_opening_that_does_not_return_hangs(fake_clock: FakeClock) -> None:
    ends = threading.Event()

    def never() -> Connection:
        ends.wait(20)
        raise CameraNotFound("no camera 0")

    watch = ReconnectingCamera(never, clock=fake_clock)
    with closing(watch):
        assert not watch.hung
        pass_time_until(fake_clock, lambda: watch.hung)
        ends.set()


def test_settings_of_the_kiosk_reach_the_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def opened(spec: str, **wishes: object) -> Connection:
        asked.append({"spec": spec, **wishes})
        raise CameraNotFound("none here")

    monkeypatch.setattr(build, "connect", opened)
    camera = CameraSettings(camera="1", size=(1280, 720), fps=25, fourcc="MJPG", backend="dshow")
    with closing(build._camera(replace(KioskSettings(), camera=camera))):
        until(lambda: asked)
    wishes = {"spec": "1", "size": (1280, 720), "fps": 25, "fourcc": "MJPG", "backend": "dshow"}
    assert wishes.items() <= asked[0].items()
