"""A live source that survives: the camera is opened again for as long as it takes.

One thread opens, reads and releases the camera. Nobody waits for it: the newest frame is taken
from a slot, and :attr:`ReconnectingCamera.problem` says why there is none.
"""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from realtime_style.errors import CameraLost, PermanentFault, RealtimeStyleError
from realtime_style.frames import Frame, LiveFrame
from realtime_style.frames.latest import LatestFrame
from realtime_style.sources.base import StreamInfo
from realtime_style.sources.camera import StoppedSending, camera_lost, read_frames
from realtime_style.sources.device import Connection
from realtime_style.system.backoff import Backoff

log = logging.getLogger(__name__)

_BLACK = 4.0  # grey levels: mean and spread below this are a covered lens or a missing signal


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a camera before something is wrong."""

    opening_s: float = 15.0
    """For the driver to open it; one that searches takes some seconds."""
    first_s: float = 5.0
    """For the first frame: the camera wakes up, and finds its exposure."""
    stale_s: float = 1.2
    """For a good frame after the one before: users read of a lost camera within two seconds."""
    first_pause_s: float = 0.2
    """Before it is opened again."""
    longest_pause_s: float = 2.0
    """Before it is opened again after many tries: back within three seconds of its return."""


class ReconnectingCamera:
    """A camera read by a thread of its own, which opens it anew whenever it is lost.

    A temporary fault (a pulled cable, a device in use) is retried with growing pauses. A permanent
    one (PermanentFault: a clip that is no video) ends the source, unless `patient`.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        *,
        judge: bool = True,
        patient: bool = False,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`connect` opens the camera, or raises.

        `judge`: a camera that repeats one frame, or sends black, counts as lost too; not for a
        clip, which may stand still and be dark. `patient`: retry whatever is wrong.
        """
        self._connect, self._clock = connect, clock
        self._judge, self._patient = judge, patient
        self._patience = patience or Patience()
        self._latest = LatestFrame()
        self._fault: Exception | None = None
        self._fatal: Exception | None = None
        self._waiting_since: float | None = clock()  # for the next good frame, in one system call
        self._blocked_since: float | None = None
        self._patience_s = self._blocked_after_s = self._patience.opening_s
        self._name = "the camera"
        self._mark = -1  # of the frame before, from whichever opening
        self.opened = 0
        """Number of times the camera was opened."""
        self.info: StreamInfo | None = None
        """Size and description of the stream since the last opening; None before the first frame."""
        self._ends = threading.Event()
        self._first = threading.Event()  # a frame came, or the first opening failed
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Frames that were never taken because a newer one was there."""
        return self._latest.dropped

    @property
    def problem(self) -> str:
        """Why there is no picture, one line; empty while there is one."""
        if self._fault is not None:
            return str(self._fault) or type(self._fault).__name__
        if self.hung:
            return str(self._silent())
        return "the camera is being opened" if self.info is None else ""

    @property
    def hung(self) -> bool:
        """True while a read or the opening does not come back; only a new process helps then."""
        since = self._blocked_since
        return since is not None and self._clock() - since > self._blocked_after_s

    def wait_for_first(self) -> StreamInfo:
        """Wait for the first frame and return the stream's description.

        Raises what the first opening raised, and CameraLost when no frame comes.
        """
        while not self._first.wait(0.05):
            if self.hung:
                raise self._silent()
        if self._fault is not None:
            raise self._fault
        assert self.info is not None
        return self.info

    def take(self, timeout_s: float) -> LiveFrame | None:
        """The newest frame not taken yet; None when none came within `timeout_s` seconds.

        Raises the permanent fault that ended the source.
        """
        with suppress(TimeoutError):
            return self._latest.get(timeout_s)
        if self._fatal is not None:
            raise self._fatal
        return None

    def close(self) -> None:
        """Stop, and give the camera back."""
        self._ends.set()
        self._latest.close()
        self._thread.join(timeout=3.0)

    def _run(self) -> None:
        patience = self._patience
        pauses = Backoff(patience.first_pause_s, patience.longest_pause_s, growth=1.6)
        while not self._ends.is_set():
            try:
                self._open_and_read(pauses)
            except Exception as error:
                self._note(error)
                if isinstance(error, PermanentFault) and not self._patient:
                    self._fatal = error
                    self._first.set()
                    return
            self._first.set()
            self._ends.wait(pauses.next())

    def _open_and_read(self, pauses: Backoff) -> None:
        """Open the camera and read until it is lost, which raises."""
        self._block(self._patience.opening_s)
        connection = self._connect()
        self._unblock()
        self._name = connection.name
        self.opened += 1
        self._patience_s = self._patience.first_s
        self._waiting_since = self._clock()
        try:
            for frame in self._reads(connection):
                if self._ends.is_set():
                    return
                if frame is not None and self._is_good(frame):
                    self._deliver(frame, connection)
                    pauses.reset()
                elif frame is None and self._waited_too_long():
                    raise self._silent()
        except StoppedSending:
            raise self._lost("stopped sending pictures") from None
        finally:
            self._waiting_since = None
            connection.capture.release()

    def _reads(self, connection: Connection) -> Iterator[Frame | None]:
        """Reads of the capture, each noted while it may hang."""
        reads = read_frames(connection.capture)
        while True:
            self._block(self._patience_s)
            frame = next(reads)
            self._unblock()
            yield frame

    def _block(self, longest_s: float) -> None:
        self._blocked_after_s, self._blocked_since = longest_s, self._clock()

    def _unblock(self) -> None:
        self._blocked_since = None

    def _deliver(self, frame: Frame, connection: Connection) -> None:
        now = self._clock()
        height, width = frame.shape[:2]
        if self.info is None or (self.info.width, self.info.height) != (width, height):
            details = connection.describe((width, height))
            name, fps = connection.name, connection.fps
            self.info = StreamInfo(width, height, fps, True, name, details)
        self._waiting_since, self._patience_s = now, self._patience.stale_s
        self._fault = None
        self._latest.put(frame, now)
        self._first.set()

    def _is_good(self, frame: Frame) -> bool:
        """False for a repeated or black frame; raises CameraLost when repeats go on too long."""
        if not self._judge:
            return True
        mark = zlib.crc32(np.ascontiguousarray(frame[::4, ::4]).data)
        repeated, self._mark = mark == self._mark, mark
        stale = self._waited_too_long()
        if repeated and stale:  # opening it anew may help
            raise CameraLost("the camera sends the same picture again and again; check the cable")
        black = _is_black(frame)
        if black and stale:  # light is a matter of waiting
            self._note(CameraLost("the camera sends black pictures; take off the lens cap"))
        return not repeated and not black

    def _waited_too_long(self) -> bool:
        since = self._waiting_since
        return since is not None and self._clock() - since > self._patience_s

    def _silent(self) -> CameraLost:
        return self._lost(f"sent no picture for {self._blocked_after_s:g} s")

    def _lost(self, problem: str) -> CameraLost:
        return camera_lost(self._name, problem, self._latest.delivered)

    def _note(self, error: Exception) -> None:
        known = isinstance(error, (RealtimeStyleError, OSError))
        raised = not self._first.is_set() and not self._patient  # by wait_for_first
        if not raised and (self._fault is None or str(error) != str(self._fault)):
            log.warning("%s", error, exc_info=None if known else error)
        self._unblock()
        self._fault = error


def _is_black(frame: Frame) -> bool:
    some = frame[::8, ::8]
    return float(some.mean()) < _BLACK and float(some.std()) < _BLACK
