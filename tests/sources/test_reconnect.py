"""A camera that is looked after, with every fault that a day brings."""

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
from realtime_style.sources.device import Connection, connect
from realtime_style.sources.reconnect import Patience, ReconnectingCamera
from realtime_style.testing.camera import FakeCapture
from tests.helpers.kiosk import Port


@pytest.fixture
def port() -> Port:
    return Port()


@pytest.fixture
def watch(port: Port) -> Iterator[ReconnectingCamera]:
    watch = ReconnectingCamera(port.connect)
    yield watch
    if port.capture is not None:
        port.capture.unblock()
    watch.close()


def until(what: Callable[[], object], seconds: float) -> float:
    """Wait for it; returns how long it took."""
    began = time.perf_counter()
    while not what():
        assert time.perf_counter() - began < seconds, f"not within {seconds} s"
        time.sleep(0.01)
    return time.perf_counter() - began


def seen(watch: ReconnectingCamera) -> bool:
    return watch.take(0.05) is not None and not watch.problem


def test_pictures_come_as_soon_as_the_camera_is_open(watch: ReconnectingCamera) -> None:
    until(lambda: seen(watch), 2)
    frame = watch.take(1)
    assert frame is not None
    assert frame.image.shape == (120, 160, 3)


def test_unplugged_camera_is_told_in_two_seconds_and_back_in_three(
    watch: ReconnectingCamera, port: Port
) -> None:
    until(lambda: seen(watch), 2)
    assert port.capture is not None
    port.capture.unplug()
    held, port.capture = port.capture, None
    until(lambda: watch.problem, 2)
    assert "stopped sending" in watch.problem
    time.sleep(4)  # pauses have grown to their longest
    assert "no camera 0" in watch.problem
    assert port.tries < 12
    assert held.released_by is not None
    port.capture = FakeCapture()
    until(lambda: seen(watch), 3)


def test_camera_that_repeats_one_frame_is_opened_anew(
    watch: ReconnectingCamera, port: Port
) -> None:
    until(lambda: seen(watch), 2)
    assert port.capture is not None
    port.capture.freeze()
    until(lambda: watch.problem, 2)
    assert "same picture" in watch.problem
    until(lambda: seen(watch), 3)  # the new one is a new capture
    assert watch.opened == 2


def test_black_pictures_are_told_and_waited_out(
    watch: ReconnectingCamera, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: seen(watch), 2)
    assert port.capture is not None
    rng = np.random.default_rng(0)

    def dark() -> tuple[bool, Frame]:
        time.sleep(0.01)
        return True, rng.integers(0, 3, (120, 160, 3), np.uint8)

    real = port.capture.read
    monkeypatch.setattr(port.capture, "read", dark)
    until(lambda: "black" in watch.problem, 2)
    monkeypatch.setattr(port.capture, "read", real)
    until(lambda: seen(watch), 1)
    assert watch.opened == 1


def test_read_that_does_not_come_back_is_told_and_leaves_no_threads(
    watch: ReconnectingCamera, port: Port
) -> None:
    until(lambda: seen(watch), 2)
    assert port.capture is not None
    before = threading.active_count()
    port.capture.block()
    until(lambda: watch.problem, 2)
    until(lambda: watch.hung, 2)
    time.sleep(3)
    assert threading.active_count() <= before
    port.capture.unblock()
    until(lambda: seen(watch), 3)
    assert not watch.hung


def test_driver_that_raises_is_survived(
    watch: ReconnectingCamera, port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    until(lambda: seen(watch), 2)
    assert port.capture is not None
    port.capture.break_with(ZeroDivisionError("in the driver"))
    until(lambda: watch.problem, 2)
    until(lambda: seen(watch), 3)
    assert "in the driver" in caplog.text


def test_clip_that_stands_still_in_the_dark_is_no_fault(tmp_path: Path) -> None:
    from realtime_style.media.video_writer import VideoWriter

    with VideoWriter(tmp_path / "night.mp4", fps=25) as sink:
        for _ in range(10):
            sink.write(np.zeros((48, 64, 3), np.uint8))
    watch = ReconnectingCamera(lambda: connect(str(tmp_path / "night.mp4")), judge=False)
    try:
        until(lambda: seen(watch), 3)
        time.sleep(2)
        assert not watch.problem
    finally:
        watch.close()


def test_device_that_sends_one_picture_for_ever_stays_lost(port: Port) -> None:
    def still() -> Connection:
        capture = FakeCapture()
        capture.freeze()
        return Connection(capture, "camera 0")

    watch = ReconnectingCamera(still)
    try:
        until(lambda: "same picture" in watch.problem, 4)
        began = time.perf_counter()
        while time.perf_counter() - began < 4:  # it is opened again meanwhile
            assert watch.problem
            time.sleep(0.01)
        assert watch.opened >= 2
    finally:
        watch.close()


def test_camera_may_take_its_time_for_the_first_picture() -> None:
    class Slow(FakeCapture):
        def read(self) -> tuple[bool, Frame | None]:
            if not self.reads:
                time.sleep(2)
            return super().read()

    watch = ReconnectingCamera(lambda: Connection(Slow(), "camera 0"))
    try:
        until(lambda: seen(watch), 4)
        assert watch.opened == 1
    finally:
        watch.close()


def test_camera_that_opens_and_hangs_is_told_to_be_hung() -> None:
    capture = FakeCapture()
    capture.block()
    watch = ReconnectingCamera(
        lambda: Connection(capture, "camera 0"), patience=Patience(first_s=0.3)
    )
    try:
        until(lambda: watch.hung, 4)
        assert "sent no picture" in watch.problem
    finally:
        capture.unblock()
        watch.close()


def test_opening_that_does_not_come_back_counts_as_hung() -> None:
    ends = threading.Event()

    def never() -> Connection:
        ends.wait(20)
        raise CameraNotFound("no camera 0")

    watch = ReconnectingCamera(never, patience=Patience(opening_s=0.5))
    try:
        assert not watch.hung
        until(lambda: watch.hung, 3)
    finally:
        ends.set()
        watch.close()


def test_wishes_in_the_settings_reach_the_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def opened(spec: str, **wishes: object) -> Connection:
        asked.append({"spec": spec, **wishes})
        raise CameraNotFound("none here")

    monkeypatch.setattr(build, "connect", opened)
    camera = CameraSettings(camera="1", size=(1280, 720), fps=25, fourcc="MJPG", backend="dshow")
    with closing(build._camera(replace(KioskSettings(), camera=camera))):
        until(lambda: bool(asked), 3)
    wishes = {"spec": "1", "size": (1280, 720), "fps": 25, "fourcc": "MJPG", "backend": "dshow"}
    assert wishes.items() <= asked[0].items()
