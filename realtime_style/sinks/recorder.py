"""Recordings of a live picture, encoded in a thread of their own so that the picture never waits.

Ctrl-C interrupts the main thread wherever it is; in the middle of an encoder it would cost the
recording.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

import cv2  # noqa: F401  (before av, which recording loads: the other order hangs windows on Linux)

from realtime_style.errors import SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sinks.base import Sink
from realtime_style.system.atomic import (
    dated_stem,
    make_folder,
    nearly_full,
    unused_path,
    unwritable,
)

log = logging.getLogger(__name__)

ABANDONED_S = 3600.0
"""An unfinished file that has not grown for so long was left by a program that was killed."""

_UNFINISHED = re.compile(r"\.\d{4}(-\d\d){2}_\d\d(-\d\d){2}.*\.\d+\.part\.mp4")
_BACKLOG_BYTES = 64_000_000  # 23 frames of 1280x720; more that wait for the encoder are left out


@dataclass
class _Recording:
    """One recording, of one or more files."""

    writer: VideoWriter
    next_path: Callable[[], Path]
    shape: tuple[int, ...] = ()
    """Shape of the frames in the file being written."""
    file_began: float = 0.0
    began: float | None = None
    """Time of the first frame."""
    left_out: int = 0
    error: Exception | None = None
    """Why it ended by itself."""


class Recorder(Sink):
    """Records frames from `start` to `stop` into H.264 files, each frame with its time.

    A new file begins when the picture changes its size, and after `segment_s` seconds. No file is
    overwritten but one whose name the user gave. What a killed program left unfinished, which
    nothing can play and no file manager shows, is deleted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_s: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
        today: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`folder` is for recordings without a name of their own, and is made when first needed.

        `clock` gives seconds for the times of frames, `today` names files.
        """
        self.recordings: list[Path] = []
        """Finished files, whole."""
        self.failures: dict[Path, Exception] = {}
        """Files that are lost, and why."""
        self._folder, self._segment_s = folder, segment_s
        self._clock, self._today = clock, today
        self._running: _Recording | None = None
        self._unfinished: set[Path] = set()
        self._outcomes: deque[tuple[str, Exception | None]] = deque(maxlen=100)
        self._waiting: deque[tuple[_Recording, Frame, float]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="record")

    @property
    def recording(self) -> bool:
        """True from `start` until `stop`, or until `write` raises."""
        return self._running is not None

    def recorded_s(self) -> float:
        """Length of the running recording, counted from its first frame."""
        running = self._running
        return 0.0 if running is None or running.began is None else self._clock() - running.began

    def start(self, path: Path | None = None, *, label: str = "") -> Path:
        """Start to record into `path`, or into the folder under date, time and `label`.

        Returns the path. Raises SinkError when nothing can be written there.
        """
        self.stop()
        if path is None:
            make_folder(self._folder)

        def next_path() -> Path:
            if path is not None:
                return unused_path(path.parent, path.stem, path.suffix)
            stem = dated_stem(self._today(), label)
            return unused_path(self._folder, stem, ".mp4", taken=self._unfinished)

        first = next_path() if path is None else path
        self._running = _Recording(self._open(first), next_path)
        self._thread.submit(_delete_abandoned, first.parent)
        return first

    def write(self, frame: Frame, *, at_s: float | None = None) -> None:
        """Add a frame, which must not change afterwards, to the running recording, if there is one.

        `at_s` is its time on `clock`; None: now. Never waits: when the encoder is behind, the frame
        is left out. Raises what ended the recording: the disk is nearly full, a stick was pulled
        out, the file cannot be written.
        """
        check_frame(frame)
        running = self._running
        if running is None:
            return
        if running.error is not None:
            self._running = None
            raise running.error
        at_s = self._clock() if at_s is None else at_s
        running.began = at_s if running.began is None else running.began
        if len(self._waiting) * frame.nbytes < _BACKLOG_BYTES:
            self._waiting.append((running, frame, at_s))
            self._thread.submit(self._encode)
        else:
            running.left_out += 1

    def stop(self) -> None:
        """Finish the running recording, if there is one; `poll` reports the outcome."""
        running, self._running = self._running, None
        if running is not None:
            self._thread.submit(self._end, running)

    def poll(self) -> list[str]:
        """Messages for people on files finished since the last call. Never waits."""
        return [self._outcomes.popleft()[0] for _ in range(len(self._outcomes))]

    def close(self) -> None:
        """Finish the running recording and wait for it; may be called twice.

        Raises what went wrong with a file, unless `write` or `poll` has reported it.
        """
        self.stop()
        self._thread.shutdown()
        errors = [error for _, error in self._outcomes if error is not None]
        self._outcomes.clear()
        if errors:
            raise errors[0]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(*([Exception] if kind else [])):  # the first error matters more
            self.close()

    def _open(self, path: Path) -> VideoWriter:
        writer = VideoWriter(path, clock=self._clock)
        try:
            _require_room(path.parent)
        except SinkError:
            writer.discard()
            raise
        self._unfinished.add(path)
        return writer

    # The rest runs in the thread.

    def _encode(self) -> None:
        """Encode the frame that has waited longest."""
        running, frame, at_s = self._waiting.popleft()
        try:
            if running.error is None:
                self._choose_file(running, frame, at_s)
                running.writer.write(frame, at_s=at_s)
        except Exception as error:
            running.error = error
            self._note_loss(running.writer.path, error)

    def _choose_file(self, running: _Recording, frame: Frame, at_s: float) -> None:
        """Go on to the next file if `frame` belongs there. Raises SinkError when there is no room.

        Then the file is finished while it can be: its index comes last.
        """
        path = running.writer.path
        try:
            _require_room(path.parent)
        except SinkError as error:
            if self._finish(running):
                raise SinkError(f"{error}; {path} is kept up to there") from error
            raise
        long_enough = self._segment_s is not None and at_s - running.file_began >= self._segment_s
        if running.shape and (frame.shape != running.shape or long_enough):
            self._finish(running)
            self._outcomes.append((f"saved {path.name}", None))
            _delete_abandoned(path.parent)
            running.writer, running.shape = self._open(running.next_path()), ()
        if not running.shape:
            running.shape, running.file_began = frame.shape, at_s

    def _finish(self, running: _Recording) -> bool:
        """Finish the file being written; False if it holds nothing. Raises SinkError."""
        writer = running.writer
        writer.close()
        self._unfinished.discard(writer.path)
        if writer.frames:
            self.recordings.append(writer.path)
        return writer.frames > 0

    def _end(self, running: _Recording) -> None:
        name = running.writer.path.name
        try:
            if running.error is not None:
                raise running.error
            message = f"saved {name}" if self._finish(running) else f"nothing recorded in {name}"
            if running.left_out:
                message += f"; the encoder was too slow for {running.left_out} frames"
                log.warning("%s", message)
            self._outcomes.append((message, None))
        except Exception as error:
            log.warning("%s", error)
            self._note_loss(running.writer.path, error)
            self._outcomes.append((str(error), error))

    def _note_loss(self, path: Path, error: Exception) -> None:
        if path in self._unfinished:  # else it is kept, or there was nothing to keep
            self._unfinished.discard(path)
            self.failures[path] = error


def _require_room(folder: Path) -> None:
    """Raise SinkError if the disk is nearly full, OutputUnwritable if it is gone."""
    try:
        full = nearly_full(folder)
    except OSError as error:  # a stick was pulled out
        raise unwritable(folder, error) from error
    if full:
        raise SinkError(f"the disk with {folder.absolute()} is nearly full, make room there")


def _delete_abandoned(folder: Path) -> None:
    with suppress(OSError):
        for path in folder.glob(".*.part.mp4"):
            old = time.time() - path.stat().st_mtime > ABANDONED_S
            if old and _UNFINISHED.fullmatch(path.name):
                path.unlink()
