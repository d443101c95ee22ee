"""Cameras: opened, read by a thread of their own, and lost with a word on why."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, cast

import cv2

from realtime_style.errors import CameraLost, CameraNotFound
from realtime_style.frames import Frame
from realtime_style.frames.latest import LatestFrame
from realtime_style.sources.backends import CAMERA_BACKENDS
from realtime_style.sources.base import Source, StreamInfo
from realtime_style.sources.playback import ClipPlayback, PatternPlayback

_PLATFORM_BACKEND = {"linux": "v4l2", "win32": "msmf", "darwin": "avfoundation"}
_GONE_S = 0.5  # of failed reads in a row, real time, and the camera counts as gone; USB cameras miss a read now and then
_RETRY_S = 0.01
# USB 2 carries no more uncompressed at 30 frames a second, yet OpenCV tries MJPEG late on V4L2; a camera that has none is left
# as it was (OpenCV's issue 9540: 1280x720 in YUYV came at 10 frames a second, in MJPG at 30).
_FULL_RATE_PX = 640 * 480


class Capture(Protocol):
    """What a camera must be able to do; ``cv2.VideoCapture`` does."""

    def read(self) -> tuple[bool, Frame | None]:
        """(True, frame), or (False, anything) if there is none."""

    def release(self) -> None:
        """Give the device back; called once, by the thread that reads."""


class Device(Capture, Protocol):
    """A capture with settings, as cv2.VideoCapture has them."""

    def isOpened(self) -> bool: ...
    def set(self, prop: int, value: float) -> bool: ...
    def get(self, prop: int) -> float: ...


Connect = Callable[[int | str, int], Device]


class Camera(Source):
    """A live source: a thread reads all the time, so that what is taken is always the newest frame.

    Iterating raises CameraLost when reading fails for half a second or no frame comes for `stale_s` seconds, and whatever
    the capture itself raised. A camera that keeps sending the same picture is left alone: still pictures look like that too.
    """

    captured_at: float = 0.0
    """When the frame handed out last was read, in seconds on `clock`; now minus this is its age."""

    def __init__(
        self,
        capture: Capture,
        *,
        name: str,
        asked: str = "",
        fps: float | None = None,
        fourcc: str | None = None,
        details: str | None = None,
        clock: Callable[[], float] = time.perf_counter,
        stale_s: float = 5.0,
        first_s: float | None = None,
    ) -> None:
        """Start reading and wait `first_s`, or else `stale_s`, for the first frame, which shows the real size.

        Raises CameraLost if none comes; the error then holds this camera, whose driver may not come back (`hung`).
        `asked` is what the device was asked for, in words; `fps` and `fourcc` are what it says it granted. `details` says
        it all where nothing was asked.
        """
        self._capture, self._name, self._clock, self._stale_s = capture, name, clock, stale_s
        self._latest = LatestFrame()
        self._thread = threading.Thread(target=self._read_on, name=f"read {name}", daemon=True)
        self._thread.start()
        try:
            patience = stale_s if first_s is None else first_s
            if not self._latest.wait(patience):
                raise self._lost(f"sent no picture in {patience:g} s")
            first = self._latest.peek()
            if first is None:
                self._latest.get(0)  # raises what stopped the reader
        except BaseException:
            self.close()
            raise
        assert first is not None
        height, width = first.shape[:2]
        got = "got " + " ".join(_settings((width, height), fps, fourcc))
        self.info = StreamInfo(
            width,
            height,
            fps,
            None,
            True,
            name,
            details or (f"asked {asked}, {got}" if asked else got),
        )

    @property
    def dropped(self) -> int:  # type: ignore[override]  # counted by the slot
        return self._latest.dropped

    @property
    def hung(self) -> bool:
        """Whether it was closed and a read has not come back yet: until then the device is held."""
        return self._latest.closed and self._thread.is_alive()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            try:
                taken = self._latest.get(self._stale_s)
            except TimeoutError:
                raise self._lost(f"sent no picture for {self._stale_s:g} s") from None
            if taken is None:
                return
            frame, self.captured_at = taken
            yield frame

    def close(self) -> None:
        """Stop reading. A read that hangs is not waited for: the thread gives the device back when the read returns."""
        self._latest.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=1.0)

    def _read_on(self) -> None:
        failing_since: float | None = None
        try:
            while not self._latest.closed:
                arrived, frame = self._capture.read()
                if arrived and frame is not None:
                    self._latest.put(frame, self._clock())
                    failing_since = None
                    continue
                now = time.perf_counter()
                failing_since = failing_since or now
                if now - failing_since >= _GONE_S:
                    raise self._lost("stopped sending pictures")
                time.sleep(_RETRY_S)
        except BaseException as error:  # it belongs to the consumer, who must not wait for ever
            self._latest.fail(error)
        finally:
            self._capture.release()

    def _lost(self, what: str) -> CameraLost:
        frames = self._latest.delivered
        hint = (
            "check the cable"
            if frames
            else "close other programs that use it, or choose another with --camera"
        )
        return CameraLost(
            f"{self._name} {what} ({frames} frames came); {hint}, then start again", self
        )


def open_camera(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    fourcc: str | None = None,
    backend: str = "auto",
    stale_s: float = 5.0,
    first_s: float | None = None,
    connect: Connect = cast("Connect", cv2.VideoCapture),  # noqa: B008  # a class, and only a cast
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Camera:
    """Open a camera, or what stands in for one.

    `spec` is a camera's number (``0``), a device (``/dev/video2``), a video file, which is then played in real time and
    over again, or ``pattern``. `size` is (width, height) in px: a wish to a device, which may grant another, and for a clip
    what its frames are scaled to. `fps` and `fourcc` (four letters, ``MJPG``) are wishes to a device; a clip has its own.
    `backend` is one of devices.CAMERA_BACKENDS, the way into a device.

    Raises CameraNotFound, CameraLost when it opens but sends nothing, and VideoUnreadable.
    """
    if spec == "pattern":
        pattern = PatternPlayback(*(size or (640, 480)), fps=fps or 30.0, clock=clock, sleep=sleep)
        return Camera(
            pattern,
            name="pattern",
            details=pattern.details,
            fps=pattern.fps,
            clock=clock,
            stale_s=stale_s,
        )
    if is_device(spec):
        return _open_device(spec, size, fps, fourcc, backend, stale_s, first_s, connect, clock)
    if not Path(spec).exists() and not Path(spec).suffix:
        raise CameraNotFound(
            f"camera {spec} is neither a number, a device nor a video file. {_advice(spec)}"
        )
    clip = ClipPlayback(Path(spec), size=size, clock=clock, sleep=sleep)
    return Camera(
        clip, name=clip.name, details=clip.details, fps=clip.fps, clock=clock, stale_s=stale_s
    )


def is_device(spec: str) -> bool:
    """Whether `spec` names a camera, by number or path, and not what stands in for one."""
    return spec.isdecimal() or spec.startswith("/dev/")


def _open_device(
    spec: str,
    size: tuple[int, int] | None,
    fps: float | None,
    fourcc: str | None,
    backend: str,
    stale_s: float,
    first_s: float | None,
    connect: Connect,
    clock: Callable[[], float],
) -> Camera:
    if backend not in CAMERA_BACKENDS:
        raise ValueError(f"unknown camera backend {backend!r}; known: {', '.join(CAMERA_BACKENDS)}")
    chosen = _PLATFORM_BACKEND.get(sys.platform, "any") if backend == "auto" else backend
    if fourcc is not None and len(fourcc) != 4:
        raise ValueError(f"a fourcc has four letters, MJPG or YUYV, not {fourcc!r}")
    if (
        fourcc is None
        and chosen == "v4l2"
        and size is not None
        and size[0] * size[1] > _FULL_RATE_PX
    ):
        fourcc = "MJPG"
    asked = " ".join(_settings(size, fps, fourcc))
    tried = ", ".join([chosen.upper(), *_settings(size, fps, fourcc)])
    device = _connect_quietly(
        connect, int(spec) if spec.isdecimal() else spec, getattr(cv2, f"CAP_{chosen.upper()}")
    )
    if device is None:
        raise CameraNotFound(f"camera {spec} did not open (tried {tried}). {_advice(spec)}")
    # The order matters: which sizes there are depends on the format, and which rates on the size.
    if fourcc is not None:
        device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
    if size is not None:
        device.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if fps is not None:
        device.set(cv2.CAP_PROP_FPS, fps)
    # CAP_PROP_BUFFERSIZE stays the driver's: as long as decoding keeps up, the thread that reads all the time leaves no frame
    # waiting there, and with a single buffer a driver has no room for the next frame while one is decoded.
    said_fps = device.get(cv2.CAP_PROP_FPS)
    got_fps = said_fps if math.isfinite(said_fps) and said_fps > 0 else None
    letters = (
        int(device.get(cv2.CAP_PROP_FOURCC))
        .to_bytes(4, "little", signed=True)
        .decode("ascii", "ignore")
    )
    got_fourcc = letters if letters.isprintable() and letters.strip() else None
    name = f"camera {spec}"
    return Camera(
        device,
        name=name,
        asked=asked,
        fps=got_fps,
        fourcc=got_fourcc,
        clock=clock,
        stale_s=stale_s,
        first_s=first_s,
    )


def _connect_quietly(connect: Connect, which: int | str, backend: int) -> Device | None:
    """The device, or None; OpenCV's own complaint on stderr is kept back, ours says more."""
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        device = connect(which, backend)
    except cv2.error:  # a number that is no C int
        return None
    finally:
        cv2.utils.logging.setLogLevel(before)
    if device.isOpened():
        return device
    device.release()
    return None


def _settings(size: tuple[int, int] | None, fps: float | None, fourcc: str | None) -> list[str]:
    return [
        *([f"{size[0]}x{size[1]}"] if size else []),
        *([f"{fps:.5g} fps"] if fps else []),
        *([fourcc] if fourcc else []),
    ]


def list_cameras() -> list[str] | None:
    """Numbers of the cameras there are, as `open_camera` takes them; None where finding out would mean opening them all."""
    if sys.platform != "linux":
        return None
    numbers = sorted(
        int(node.name[5:]) for node in Path("/dev").glob("video*") if node.name[5:].isdecimal()
    )
    return [str(number) for number in numbers if _takes_pictures(number)]


def _takes_pictures(number: int) -> bool:
    """USB cameras come as two devices, of which the second gives only metadata."""
    index = Path(f"/sys/class/video4linux/video{number}/index")
    try:
        return index.read_text().strip() == "0"
    except OSError:
        return True


def _advice(spec: str) -> str:
    instead = "Try --camera clip.mp4 or --camera pattern"
    cameras = list_cameras()
    if cameras is None:
        return f"{instead}."
    found = f"Cameras found: {', '.join(cameras) or 'none'}."
    number = spec.removeprefix("/dev/video")
    if number in cameras:
        return f"{found} It is there: close other programs that use it, and check that you may read /dev/video{number}."
    return f"{found} Try --camera {cameras[0]}." if cameras else f"{found} {instead}."
