"""What a live show leaves behind when asked to: snapshots and recordings.

Compressing a picture and finishing a video file take long enough to be seen as a stutter, so both happen in threads of
their own; what came of it is fetched with `poll`. Encoding happens there, too: Ctrl-C interrupts the main thread wherever it
is, and in the middle of an encoder it would cost the recording.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

import cv2  # noqa: F401  # before av, which recording loads: windows hang otherwise

from realtime_style.errors import RealtimeStyleError, SinkError
from realtime_style.frames import Frame
from realtime_style.media.images import Picture, write_image
from realtime_style.sinks.video_file import VideoWriter
from realtime_style.styles.mix import Mix
from realtime_style.system.atomic import nearly_full, unused_path, unwritable

log = logging.getLogger(__name__)

_SNAPSHOTS_WAITING = 8


@dataclass(frozen=True)
class _Job:
    """A file that is being written."""

    path: Path
    done: list[Path]
    """Where its path goes when it is whole."""
    future: Future[bool]
    """True when there was something to keep."""
    quietly: bool = False
    """Whether it was said already that it would be kept, together with the reason why it ended."""


class Recorder:
    """Snapshots and recordings of one show. Files that are there are never overwritten, but for a name the user gave."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float],
        today: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`folder` is made when first needed; `clock` gives seconds for the timing of recordings."""
        self.snapshots: list[Path] = []
        """Written, whole."""
        self.recordings: list[Path] = []
        """Finished, whole."""
        self.failures: dict[Path, Exception] = {}
        """What could not be written, and why."""
        self._folder, self._clock, self._today = folder, clock, today
        self._sink: VideoWriter | None = None
        self._path = Path()
        self._shape: tuple[int, ...] | None = None
        self._began: float | None = None
        self._encoding: Future[None] | None = None
        self._video_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="write video")
        self._image_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="write images")
        self._jobs: list[_Job] = []

    @property
    def recording(self) -> bool:
        """Whether a recording runs."""
        return self._sink is not None

    def recorded_s(self) -> float:
        """Length of the running recording; it begins with its first frame."""
        return 0.0 if self._began is None else self._clock() - self._began

    def snapshot(self, frame: Frame, mix: Mix) -> None:
        """Save `frame` as PNG, named by date, time and style. The outcome comes with `poll`.

        Raises SinkError when those before are not written yet: a key that is held down would fill the memory with frames.
        """
        if sum(job.done is self.snapshots for job in self._jobs) >= _SNAPSHOTS_WAITING:
            raise SinkError("the snapshots before are still being saved; try again in a moment")
        path = self._free_name(mix, ".png")
        self._jobs.append(
            _Job(path, self.snapshots, self._image_thread.submit(self._write_image, path, frame))
        )

    def start(self, mix: Mix, path: Path | None = None) -> Path:
        """Start to record into `path`, or into the folder under a name of date, time and style; returns the path.

        Raises SinkError when nothing can be written there.
        """
        if path is None:
            self._make_folder()
            path = self._free_name(mix, ".mp4")
        self._sink = VideoWriter(path, clock=self._clock)
        self._path, self._shape, self._began = path, None, None
        return path

    def write(self, frame: Frame) -> None:
        """Add a frame to the running recording, if there is one; `frame` must not change afterwards.

        Waits for the frame before to be encoded, and raises what came of that: the recording has then ended.
        """
        if self._sink is None:
            return
        if self._shape not in (None, frame.shape):
            self._finish(quietly=True)
            raise SinkError(
                f"the picture changed its size in the middle; {self._path} is kept up to there, start another recording"
            )
        try:
            full = nearly_full(self._path.parent)
        except OSError as error:  # a stick that was pulled out
            self._finish(quietly=False)
            raise unwritable(self._path, error) from error
        if full:
            self._finish(quietly=True)
            raise SinkError(
                f"the disk is nearly full; {self._path} is kept up to there, make room for another recording"
            )
        self._shape = frame.shape
        self._began = self._clock() if self._began is None else self._began
        try:
            if self._encoding is not None:
                self._encoding.result()
        except Exception as error:
            self.failures[self._path] = error
            self._sink = self._encoding = None
            raise
        self._encoding = self._video_thread.submit(self._sink.write, frame)

    def stop(self) -> None:
        """Finish the running recording, if there is one. The outcome comes with `poll`."""
        self._finish(quietly=False)

    def _finish(self, *, quietly: bool) -> None:
        if self._sink is not None:
            job = self._video_thread.submit(_finish, self._sink, self._encoding)
            self._jobs.append(_Job(self._path, self.recordings, job, quietly))
            self._sink = self._encoding = None

    def poll(self) -> list[str]:
        """What was finished since the last call, a line for people on each. Never waits."""
        ended = [job for job in self._jobs if job.future.done()]
        self._jobs = [job for job in self._jobs if job not in ended]
        return [words for job in ended if (words := self._outcome(job))]

    def close(self) -> None:
        """Finish the running recording and wait until everything is written."""
        self.stop()
        self._video_thread.shutdown()
        self._image_thread.shutdown()
        self.poll()

    def _outcome(self, job: _Job) -> str:
        """What there is to say of it, if anything."""
        error = job.future.exception()
        if error is None:
            if not job.future.result():
                return f"nothing recorded in {job.path.name}"
            job.done.append(job.path)
            return "" if job.quietly else f"saved {job.path.name}"
        if not isinstance(error, (RealtimeStyleError, OSError)):
            raise error
        log.warning("%s", error)
        self.failures[job.path] = error
        return str(error)

    def _write_image(self, path: Path, frame: Frame) -> bool:
        self._make_folder()
        write_image(path, Picture(frame))
        return True

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def _free_name(self, mix: Mix, suffix: str) -> Path:
        """A name that no file has and that none being written will have."""
        styles = "+".join(style.info.name for style, _ in mix[:3])
        stem = f"{self._today():%Y-%m-%d_%H-%M-%S}_{styles[:80]}"
        return unused_path(self._folder, stem, suffix, taken=[job.path for job in self._jobs])

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _finish(sink: VideoWriter, last_frame: Future[None] | None) -> bool:
    """Close the file; returns whether there was a frame to keep."""
    if last_frame is not None:
        last_frame.result()  # its error, if any; the sink has then thrown the recording away
    sink.close()
    return sink.frames > 0
