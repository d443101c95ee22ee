"""Cameras that work, and cameras that misbehave: nothing waits for one for ever."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any

import cv2
import pytest

from realtime_style.errors import CameraLost, CameraNotFound, VideoUnreadable
from realtime_style.frames.pattern import read_barcode
from realtime_style.sources import discovery
from realtime_style.sources.backends import CAMERA_BACKENDS
from realtime_style.sources.camera import Camera, open_camera
from realtime_style.sources.device import Connection
from realtime_style.testing.camera import FakeCapture
from realtime_style.testing.style_files import FakeClock
from tests.helpers.waiting import until


@pytest.fixture
def capture() -> Iterator[FakeCapture]:
    fake = FakeCapture()
    yield fake
    fake.unblock()


def start(capture: FakeCapture, stale_s: float = 20.0, **options: Any) -> Camera:
    return Camera(Connection(capture, "camera 0"), stale_s=stale_s, **options)


# A camera that works.


def test_frames_come_in_order_and_never_twice(capture: FakeCapture) -> None:
    numbers = []
    with start(capture) as camera:
        for frame in camera:
            numbers.append(read_barcode(frame))
            if len(numbers) == 20:
                break
    assert all(later > earlier for earlier, later in pairwise(numbers))


def test_slow_consumer_gets_the_newest_frame_and_counts_drops(capture: FakeCapture) -> None:
    with start(capture) as camera:
        frames = iter(camera)
        next(frames)
        came = capture.reads
        until(lambda: capture.reads > came + 10)
        behind = capture.reads - 1 - read_barcode(next(frames))
        assert behind <= 2
        assert camera.dropped >= 8


def test_age_of_a_frame_is_known(capture: FakeCapture, fake_clock: FakeClock) -> None:
    with start(capture, clock=fake_clock) as camera:
        frames = iter(camera)
        next(frames)
        fake_clock.now = 7.0
        came = capture.reads
        until(lambda: capture.reads > came + 2)
        next(frames)
        assert camera.captured_at == 7.0


def test_info_is_known_by_the_first_frame(capture: FakeCapture) -> None:
    with start(capture) as camera:
        assert (camera.info.width, camera.info.height, camera.info.live) == (160, 120, True)


def test_reading_thread_releases_the_device(capture: FakeCapture) -> None:
    with start(capture) as camera:
        next(iter(camera))
    assert capture.released_by == capture.reader
    assert capture.released_by != threading.get_ident()
    camera.close()
    assert list(camera) == []


def test_closing_from_another_thread_ends_the_loop(capture: FakeCapture) -> None:
    with start(capture) as camera:
        frames = iter(camera)
        next(frames)
        threading.Timer(0.2, camera.close).start()
        assert sum(1 for _ in frames) > 0


def test_raising_consumer_leaves_no_thread_behind(capture: FakeCapture) -> None:
    with pytest.raises(ZeroDivisionError), start(capture) as camera:
        1 / len([frame for frame in islice(camera, 3) if frame is None])
    assert capture.released_by is not None
    assert not [thread for thread in threading.enumerate() if thread.name == "read camera 0"]


# A camera that does not.


def lost(camera: Camera) -> str:
    with camera, pytest.raises(CameraLost) as caught:
        for _ in camera:
            pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_unplugged_camera_is_lost_with_a_remedy(capture: FakeCapture) -> None:
    camera = start(capture)
    threading.Timer(0.2, capture.unplug).start()
    message = lost(camera)
    assert message.startswith("camera 0 stopped sending pictures (")
    assert f"({capture.reads} frames came); check the cable" in message
    assert capture.released_by is not None


def test_reads_that_fail_now_and_then_are_forgiven(capture: FakeCapture) -> None:
    with start(capture) as camera:
        frames = iter(camera)
        next(frames)
        for _ in range(20):  # together longer than what makes a camera count as gone
            capture.unplug()
            time.sleep(0.03)
            capture.plug_in()
            next(frames)
            next(frames)
        assert read_barcode(next(frames)) > 1


def test_hanging_camera_is_lost_and_its_thread_not_waited_for(capture: FakeCapture) -> None:
    camera = start(capture, stale_s=0.3)
    capture.block()
    assert "camera 0 sent no picture for 0.3 s" in lost(camera)
    assert capture.released_by is None  # the thread still hangs
    capture.unblock()
    until(lambda: capture.released_by == capture.reader)


def test_camera_that_opens_and_sends_nothing_is_lost(capture: FakeCapture) -> None:
    capture.unplug()
    with pytest.raises(CameraLost, match=r"\(0 frames came\); close other programs"):
        start(capture)
    assert capture.released_by is not None
    hanging = FakeCapture()
    hanging.block()
    with pytest.raises(CameraLost, match=r"sent no picture in 0\.2 s \(0 frames came\)"):
        start(hanging, stale_s=0.2)
    hanging.unblock()


def test_error_of_the_reader_is_raised_in_the_consumer(capture: FakeCapture) -> None:
    with start(capture) as camera:
        capture.break_with(OSError("driver says no"))
        with pytest.raises(OSError, match="driver says no"):
            for _ in camera:
                pass
    assert capture.released_by is not None


def test_frozen_camera_is_left_alone_and_closes(capture: FakeCapture) -> None:
    with start(capture) as camera:
        frames = iter(camera)
        capture.freeze()
        time.sleep(0.05)
        next(frames)
        assert read_barcode(next(frames)) == read_barcode(next(frames))
    assert capture.released_by is not None


# Opening.


def connect(
    capture: FakeCapture, calls: list[tuple[int | str, int]] | None = None
) -> Callable[[int | str, int], FakeCapture]:
    def connecting(which: int | str, backend: int) -> FakeCapture:
        if calls is not None:
            calls.append((which, backend))
        return capture

    return connecting


def test_format_is_set_before_size_and_size_before_rate(
    capture: FakeCapture,
) -> None:
    open_camera("0", size=(640, 480), fps=30, fourcc="MJPG", device=connect(capture)).close()
    assert capture.asked == [
        cv2.CAP_PROP_FOURCC,
        cv2.CAP_PROP_FRAME_WIDTH,
        cv2.CAP_PROP_FRAME_HEIGHT,
        cv2.CAP_PROP_FPS,
    ]


@pytest.mark.parametrize(
    ("size", "backend", "first"),
    [
        ((1280, 720), "v4l2", cv2.CAP_PROP_FOURCC),
        ((640, 480), "v4l2", cv2.CAP_PROP_FRAME_WIDTH),
        ((1280, 720), "dshow", cv2.CAP_PROP_FRAME_WIDTH),
    ],
)
def test_large_size_asks_for_a_full_rate_format(
    capture: FakeCapture, size: tuple[int, int], backend: str, first: int
) -> None:
    with open_camera("0", size=size, backend=backend, device=connect(capture)) as camera:
        assert capture.asked[0] == first
        assert ("MJPG" in camera.info.details) == (first == cv2.CAP_PROP_FOURCC)


def test_opencv_knows_every_backend() -> None:
    assert all(hasattr(cv2, f"CAP_{name.upper()}") for name in CAMERA_BACKENDS[1:])
    calls: list[tuple[int | str, int]] = []
    open_camera("0", device=connect(FakeCapture(), calls)).close()
    own = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}
    assert calls == [(0, own.get(sys.platform, cv2.CAP_ANY))]


def test_details_name_wishes_and_results(capture: FakeCapture) -> None:
    with open_camera(
        "0", size=(640, 480), fps=60, fourcc="MJPG", device=connect(capture)
    ) as camera:
        assert camera.info.details == "asked 640x480 60 fps MJPG, got 160x120 30 fps YUYV"
        assert (camera.info.name, camera.info.fps) == ("camera 0", 30.0)
    silent = FakeCapture(fps=0, fourcc="\0\0\0\0")
    with open_camera("1", device=connect(silent)) as camera:
        assert (camera.info.details, camera.info.fps) == ("got 160x120", None)


def test_numbers_devices_and_backends_reach_opencv() -> None:
    calls: list[tuple[int | str, int]] = []
    open_camera("2", backend="dshow", device=connect(FakeCapture(), calls)).close()
    open_camera("/dev/video3", backend="any", device=connect(FakeCapture(), calls)).close()
    assert calls == [(2, cv2.CAP_DSHOW), ("/dev/video3", cv2.CAP_ANY)]
    with pytest.raises(ValueError, match="unknown camera backend 'vfw'; known: auto, v4l2"):
        open_camera("0", backend="vfw", device=connect(FakeCapture()))
    with pytest.raises(ValueError, match="four letters, MJPG or YUYV, not 'MJPEG'"):
        open_camera("0", fourcc="MJPEG", device=connect(FakeCapture()))


@pytest.mark.parametrize(
    ("cameras", "words"),
    [
        ([], "Cameras found: none. Try --camera clip.mp4 or --camera pattern."),
        (["0", "2"], "Cameras found: 0, 2. Try --camera 0."),
        (
            ["1"],
            "Cameras found: 1. It is there: close other programs that use it, and check that you may "
            "read /dev/video1.",
        ),
        (None, "Try --camera clip.mp4 or --camera pattern."),
    ],
)
def test_camera_that_does_not_open_names_those_there_are(
    cameras: list[str] | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "list_cameras", lambda: cameras)
    fake = FakeCapture(opens=False)
    with pytest.raises(CameraNotFound) as caught:
        open_camera("1", size=(640, 480), backend="v4l2", device=connect(fake))
    assert str(caught.value) == f"camera 1 did not open (tried V4L2, 640x480). {words}"
    assert fake.released_by is not None


def test_missing_device_is_refused_without_noise(capfd: pytest.CaptureFixture[str]) -> None:
    for spec in ("97", "/dev/video97", "99999999999999999999"):
        with pytest.raises(CameraNotFound, match=f"camera {spec} did not open"):
            open_camera(spec)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("spec", ["", "-1", "webcam", "0x1"])
def test_unknown_kind_of_camera_is_refused(spec: str) -> None:
    with pytest.raises((CameraNotFound, VideoUnreadable)):
        open_camera(spec)
