"""A camera read by a thread of its own, for loops of your own; it ends when the camera is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import cast

import cv2

from realtime_style.errors import CameraLost
from realtime_style.frames import Frame
from realtime_style.frames.latest import LatestFrame
from realtime_style.sources.base import Source, StreamInfo
from realtime_style.sources.device import Capture, Connect, Connection, connect
from realtime_style.sources.discovery import is_device, list_cameras

__all__ = ["Camera", "is_device", "list_cameras", "open_camera", "read_frames"]

_GONE_S = 0.5  # of failed reads in a row, in real time; USB cameras miss one now and then
_RETRY_S = 0.01


class Camera(Source):
    """A live source: iterating gives the newest frame each time, older ones are dropped.

    Iterating raises CameraLost when reading fails for half a second or no frame comes for
    `stale_s` seconds, and whatever the capture itself raised. A camera that keeps sending the same
    picture is left alone: still pictures look like that too.
    """

    captured_at: float = 0.0
    """When the frame handed out last was read, seconds on `clock`; now minus this is its age."""

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Callable[[], float] = time.perf_counter,
        stale_s: float = 5.0,
        first_s: float | None = None,
    ) -> None:
        """Start reading; wait `first_s`, or else `stale_s`, for a frame, which shows the real size.

        Raises CameraLost if none comes.
        """
        self._connection, self._clock, self._stale_s = connection, clock, stale_s
        self._latest = LatestFrame()
        name = connection.name
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
        details = connection.describe((width, height))
        self.info = StreamInfo(width, height, connection.fps, True, name, details)

    @property
    def dropped(self) -> int:  # type: ignore[override]  # counted by the slot
        return self._latest.dropped

    def __iter__(self) -> Iterator[Frame]:
        while True:
            try:
                taken = self._latest.get(self._stale_s)
            except TimeoutError:
                raise self._lost(f"sent no picture for {self._stale_s:g} s") from None
            if taken is None:
                return
            self.captured_at = taken.captured_at
            yield taken.image

    def close(self) -> None:
        """Stop reading. A read that hangs is not waited for: its thread releases the device."""
        self._latest.close()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=1.0)

    def _read_on(self) -> None:
        capture = self._connection.capture
        try:
            for frame in read_frames(capture):
                if self._latest.closed:
                    return
                if frame is not None:
                    self._latest.put(frame, self._clock())
        except StoppedSending:
            self._latest.fail(self._lost("stopped sending pictures"))
        except BaseException as error:  # belongs to the consumer, who must not wait for ever
            self._latest.fail(error)
        finally:
            capture.release()

    def _lost(self, problem: str) -> CameraLost:
        return camera_lost(self._connection.name, problem, self._latest.delivered)


class StoppedSending(Exception):
    """Reads have failed for half a second."""


def read_frames(capture: Capture) -> Iterator[Frame | None]:
    """Frames as the capture sends them, None after a read that failed; for the thread that reads.

    Raises StoppedSending when reads fail for half a second, and whatever the capture raises.
    """
    failing_since: float | None = None
    while True:
        arrived, frame = capture.read()
        if arrived and frame is not None:
            failing_since = None
            yield frame
            continue
        now = time.perf_counter()
        failing_since = failing_since or now
        if now - failing_since >= _GONE_S:
            raise StoppedSending
        yield None
        time.sleep(_RETRY_S)


def camera_lost(name: str, problem: str, frames: int) -> CameraLost:
    """The error for a camera that `problem` ("stopped sending pictures") after so many frames."""
    hint = "close other programs that use it, or choose another with --camera"
    hint = "check the cable" if frames else hint
    return CameraLost(f"{name} {problem} ({frames} frames came); {hint}")


def open_camera(
    spec: str,
    *,
    size: tuple[int, int] | None = None,
    fps: float | None = None,
    fourcc: str | None = None,
    backend: str = "auto",
    stale_s: float = 5.0,
    device: Connect = cast("Connect", cv2.VideoCapture),  # noqa: B008  # a class, and only a cast
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> Camera:
    """Open a camera, or a clip or the test pattern in its place.

    `spec` is a camera's number (``0``), a device (``/dev/video2``), a video file, which is played
    in real time and looped, or ``pattern``. `size` is (width, height) in px: a wish to a device,
    which may grant another; frames of a clip are scaled to it. `fps` and `fourcc` (four letters,
    ``MJPG``) are wishes to a device; a clip has its own. `backend` is one of CAMERA_BACKENDS.
    `device`, `clock` and `sleep` are for tests.

    Raises CameraNotFound, CameraLost when it opens but sends nothing, and VideoUnreadable.
    """
    connection = connect(
        spec,
        size=size,
        fps=fps,
        fourcc=fourcc,
        backend=backend,
        device=device,
        clock=clock,
        sleep=sleep,
    )
    return Camera(connection, clock=clock, stale_s=stale_s)
