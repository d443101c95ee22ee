"""Where frames go, apart from the window."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import OutputUnwritable, SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.media.h264 import LIVE_TIME_BASE, add_h264_stream, encode_frame, exact_rate
from realtime_style.sinks.base import Sink
from realtime_style.system.atomic import atomic_write, unwritable

if TYPE_CHECKING:
    import av

_VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov")
_LIVE_RATE = Fraction(30)  # what the encoder plans with when the real rate is not known beforehand


class VideoWriter(Sink):
    """An H.264 video that browsers play, without sound; see the video verb for one that keeps it.

    With `fps` the frames are evenly spaced, at exactly that rate. Without, each gets the time at which it was written: a
    recording of a live picture plays as fast as it was, however unevenly the frames came.

    The file is written under another name beside `path` and renamed by `close`, so that under `path` there is always a
    whole video: until then the old one, if any. `discard`, or an exception inside ``with``, leaves nothing new; so does
    closing without a frame.

    Raises OutputUnwritable (disk full, read-only, no such folder) and SinkError (frames of another size).
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float | Fraction | None = None,
        clock: Callable[[], float] = time.perf_counter,
        crf: int = 18,
        preset: str = "veryfast",
    ) -> None:
        """`clock` gives seconds; `crf` is x264's quality, 1 best to 51; `preset` its effort: a live picture leaves
        little time for it.
        """
        if path.suffix.lower() not in _VIDEO_SUFFIXES:
            raise OutputUnwritable(
                f"cannot write {path}: use a name that ends in {', '.join(_VIDEO_SUFFIXES)}"
            )
        self.path = path
        self.frames = 0
        """Frames written so far."""
        self._rate = exact_rate(fps) if fps is not None else None
        self._time_base = 1 / self._rate if self._rate else LIVE_TIME_BASE
        self._clock, self._crf, self._preset = clock, crf, preset
        self._started_s = 0.0
        self._last_pts = -1
        self._size = (0, 0)
        self._container: av.container.OutputContainer | None = None
        self._stream: av.VideoStream | None = None
        self._whole = atomic_write(path)
        self._part = self._whole.__enter__()
        self._open = True

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        if not self._open:
            raise SinkError(f"{self.path} is finished; no more frames can be written to it")
        size = frame.shape[1], frame.shape[0]
        if self.frames and size != self._size:
            raise SinkError(
                f"frame of {size[0]}x{size[1]} in a video of {self._size[0]}x{self._size[1]}; "
                "a video has one size: start another file"
            )
        self._guarded(lambda: self._encode(frame, size))
        self.frames += 1

    def close(self) -> None:
        """Finish the file and give it its name. After an error here nothing is left of it."""
        if not self._open:
            return
        if not self.frames:
            self.discard()
            return
        self._guarded(self._finish)
        self._open = False
        self._whole.__exit__(None, None, None)

    def discard(self) -> None:
        """Give up: remove what was written, keep what stood at the path before. May be called at any time."""
        if not self._open:
            return
        self._open = False
        if self._container is not None:
            with suppress(
                Exception
            ):  # it is thrown away: whatever else is wrong with it does not matter
                self._container.close()
        given_up = SinkError("given up")
        with suppress(SinkError):
            self._whole.__exit__(SinkError, given_up, None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _encode(self, frame: Frame, size: tuple[int, int]) -> None:
        if self._container is None:
            self._begin(size)
        assert self._container is not None
        assert self._stream is not None
        self._last_pts = self._next_pts()
        self._container.mux(
            self._stream.encode(encode_frame(frame, self._last_pts, self._time_base))
        )

    def _begin(self, size: tuple[int, int]) -> None:
        import av

        self._size = size
        self._started_s = self._clock()
        # faststart: the index goes in front, so that a browser can start before it has everything. file: because FFmpeg takes
        # "18:30.mp4" for a protocol.
        self._container = av.open(f"file:{self._part}", "w", options={"movflags": "+faststart"})
        self._stream = add_h264_stream(
            self._container,
            width=size[0],
            height=size[1],
            rate=self._rate or _LIVE_RATE,
            time_base=self._time_base,
            crf=self._crf,
            preset=self._preset,
        )

    def _next_pts(self) -> int:
        if self._rate is not None:
            return self._last_pts + 1
        elapsed = round((self._clock() - self._started_s) / self._time_base)
        return max(elapsed, self._last_pts + 1)  # two frames within a tick still follow each other

    def _finish(self) -> None:
        assert self._container is not None
        assert self._stream is not None
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _guarded(self, step: Callable[[], None]) -> None:
        """Run `step`; if it fails, leave nothing behind and say why in our words."""
        import av

        try:
            step()
        except BaseException as error:
            self.discard()
            if isinstance(error, SinkError) or not isinstance(error, OSError | av.FFmpegError):
                raise
            if isinstance(error, OSError):
                raise unwritable(self.path, error) from error
            raise SinkError(
                f"cannot encode {self.path}: {error.strerror}; check crf and preset"
            ) from error
