"""Opening a camera, or a clip or the test pattern in its place."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import cv2

from realtime_style.errors import CameraNotFound
from realtime_style.frames import Frame
from realtime_style.sources.backends import CAMERA_BACKENDS
from realtime_style.sources.discovery import camera_advice, is_device
from realtime_style.sources.playback import ClipPlayback, PatternPlayback

_PLATFORM_BACKEND = {"linux": "v4l2", "win32": "msmf", "darwin": "avfoundation"}
# USB 2 carries no more than this uncompressed at 30 frames a second, yet OpenCV tries MJPEG late
# on V4L2; a camera without it stays as it was (OpenCV's issue 9540: 1280x720 came at 10 frames a
# second in YUYV and at 30 in MJPG).
_FULL_RATE_PX = 640 * 480


class Capture(Protocol):
    """Camera as the reader thread sees it; ``cv2.VideoCapture`` is one."""

    def read(self) -> tuple[bool, Frame | None]:
        """(True, frame), or (False, anything) when there is none."""

    def release(self) -> None:
        """Give the device back; called once, by the thread that reads."""


class Device(Capture, Protocol):
    """Capture with settings, as ``cv2.VideoCapture`` has them."""

    def isOpened(self) -> bool: ...
    def set(self, prop: int, value: float) -> bool: ...
    def get(self, prop: int) -> float: ...


Connect = Callable[[int | str, int], Device]


@dataclass(frozen=True)
class Connection:
    """An opened capture and its description for people."""

    capture: Capture
    name: str
    """``camera 0``, ``clip.mp4``."""
    fps: float | None = None
    """Frames per second that the device claims; None: it does not say."""
    fourcc: str | None = None
    """Pixel format that the device claims."""
    asked: str = ""
    """Settings the device was asked for, in words."""
    details: str = ""
    """Whole description, where nothing was asked."""

    def describe(self, size_wh: tuple[int, int]) -> str:
        """``asked 640x480 30 fps MJPG, got 640x480 30 fps YUYV`` for frames of this size."""
        got = "got " + " ".join(_settings(size_wh, self.fps, self.fourcc))
        return self.details or (f"asked {self.asked}, {got}" if self.asked else got)


def connect(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    fourcc: str | None = None,
    backend: str = "auto",
    device: Connect = cast("Connect", cv2.VideoCapture),  # noqa: B008  # a class, and only a cast
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Connection:
    """Open `spec`; see :func:`realtime_style.sources.camera.open_camera` for the arguments.

    `device` opens a camera by number or path and backend. Raises CameraNotFound, VideoUnreadable.
    """
    if spec == "pattern":
        pattern = PatternPlayback(*(size or (640, 480)), fps=fps or 30.0, clock=clock, sleep=sleep)
        return Connection(pattern, "pattern", pattern.fps, details=pattern.details)
    if is_device(spec):
        return _connect_device(spec, size, fps, fourcc, backend, device)
    if not Path(spec).exists() and not Path(spec).suffix:
        raise CameraNotFound(
            f"camera {spec} is neither a number, a device nor a video file. {camera_advice(spec)}"
        )
    clip = ClipPlayback(Path(spec), size=size, clock=clock, sleep=sleep)
    return Connection(clip, clip.name, clip.fps, details=clip.details)


def _connect_device(
    spec: str,
    size: tuple[int, int] | None,
    fps: float | None,
    fourcc: str | None,
    backend: str,
    connect: Connect,
) -> Connection:
    if backend not in CAMERA_BACKENDS:
        raise ValueError(f"unknown camera backend {backend!r}; known: {', '.join(CAMERA_BACKENDS)}")
    chosen = _PLATFORM_BACKEND.get(sys.platform, "any") if backend == "auto" else backend
    if fourcc is not None and len(fourcc) != 4:
        raise ValueError(f"a fourcc has four letters, MJPG or YUYV, not {fourcc!r}")
    large = size is not None and size[0] * size[1] > _FULL_RATE_PX
    if fourcc is None and chosen == "v4l2" and large:
        fourcc = "MJPG"
    wishes = _settings(size, fps, fourcc)
    number = int(spec) if spec.isdecimal() else spec
    device = _connect_quietly(connect, number, getattr(cv2, f"CAP_{chosen.upper()}"))
    if device is None:
        tried = ", ".join([chosen.upper(), *wishes])
        raise CameraNotFound(f"camera {spec} did not open (tried {tried}). {camera_advice(spec)}")
    try:
        _ask(device, size, fps, fourcc)
        got = _claimed_fps(device), _claimed_fourcc(device)
    except BaseException:
        device.release()
        raise
    return Connection(device, f"camera {spec}", *got, asked=" ".join(wishes))


def _ask(
    device: Device, size: tuple[int, int] | None, fps: float | None, fourcc: str | None
) -> None:
    """Ask for settings in the order that matters: sizes depend on the format, rates on the size.

    CAP_PROP_BUFFERSIZE stays the driver's: while decoding keeps up, the thread that reads all the
    time leaves no frame waiting there, and with a single buffer a driver has no room for the next
    frame while one is decoded.
    """
    if fourcc is not None:
        device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
    if size is not None:
        device.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if fps is not None:
        device.set(cv2.CAP_PROP_FPS, fps)


def _claimed_fps(device: Device) -> float | None:
    fps = device.get(cv2.CAP_PROP_FPS)
    return fps if math.isfinite(fps) and fps > 0 else None


def _claimed_fourcc(device: Device) -> str | None:
    """Four printable letters, or None: drivers return 0, -1, NaN and numbers of more than 32 bits."""
    code = device.get(cv2.CAP_PROP_FOURCC)
    if not math.isfinite(code):
        return None
    letters = (int(code) & 0xFFFFFFFF).to_bytes(4, "little").decode("ascii", "ignore")
    return letters if letters.isprintable() and letters.strip() else None


def _connect_quietly(connect: Connect, which: int | str, backend: int) -> Device | None:
    """The device, or None. OpenCV's complaint on stderr is suppressed: ours says more."""
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
