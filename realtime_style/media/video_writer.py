"""Write H.264 video files that browsers play."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import OutputUnwritable, RealtimeStyleError, SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.media.audio import AudioTrack, changing_tracks
from realtime_style.media.h264 import (
    LIVE_TIME_BASE,
    add_h264_stream,
    even_size,
    exact_rate,
    to_yuv,
)
from realtime_style.media.video_reader import VideoReader
from realtime_style.system.atomic import finish_part, start_part, unwritable

if TYPE_CHECKING:
    import av

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov")
"""Formats that can be written. Not .mkv: it stores times in whole milliseconds, so that 29.97
frames a second would not stay exact."""

_LIVE_RATE = Fraction(30)  # the encoder plans with it where the rate is not known beforehand
_LONG_S = (
    1  # a frame shown so long becomes a key frame: mp4 keeps the length of the last one stored
)


class VideoWriter:
    """An H.264 file; a context manager that also serves as a sink.

    Time stamps, in this order: `at_s` of `write`; with `fps`, frames at exactly that rate; else the
    time at which each frame is written, so that a recording of a live picture plays as fast as it
    was. With `like`, the file takes frame rate, unit of time, pixel aspect ratio, tags and streams
    of sound from a clip.

    The file is written under another name beside `path` and renamed by `close`: at `path` there is
    always a whole video, until then the old one, if any. `discard`, or an exception inside
    ``with``, leaves nothing new; so does closing without a frame.

    Raises OutputUnwritable (disk full, read-only, no such folder) and SinkError (frames of another
    size, refused by the encoder); nothing is left of the file then, but after a frame of another
    size it can be continued.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float | Fraction | None = None,
        like: VideoReader | None = None,
        clock: Callable[[], float] = time.perf_counter,
        crf: int = 18,
        preset: str = "veryfast",
    ) -> None:
        """`clock` gives seconds; `crf` is x264's quality, 1 best to 51; `preset` is its effort: a
        live picture leaves little time for it."""
        require_video_name(path)
        self.path = path
        self.frames = 0
        """Frames written so far."""
        self.size = (0, 0)
        """(width, height) in px as stored, both even; known from the first frame on."""
        self._like, self._clock, self._crf, self._preset = like, clock, crf, preset
        self._even = fps is not None
        if like is not None:
            self._rate, self._time_base = like.rate, like.time_base
        elif fps is not None:
            self._rate = exact_rate(fps)
            self._time_base = 1 / self._rate
        else:
            self._rate, self._time_base = _LIVE_RATE, LIVE_TIME_BASE
        # Times count from the first frame, but those of a clip from its own start.
        self._origin_s: float | Fraction | None = None if like is None else Fraction(0)
        self._last_pts = -1
        self._shape: tuple[int, ...] = ()
        self._container: av.container.OutputContainer | None = None
        self._tracks: dict[int, AudioTrack] = {}
        self._early: list[av.Packet[av.AudioStream]] = []  # sound from before the first frame
        self._part: Path | None = start_part(path)

    def write(
        self,
        frame: Frame,
        *,
        at_s: float | Fraction | None = None,
        shown_s: float | Fraction | None = None,
    ) -> None:
        """Encode a frame, (H, W, 3) uint8 BGR; the caller may paint on it afterwards.

        `at_s` is its time in seconds: exact as a Fraction; from any origin, but with `like` the
        clip's. `shown_s` is how long it is shown, which players need of the last frame.
        """
        check_frame(frame)
        if self._part is None:
            raise SinkError(f"{self.path} is finished; no more frames can be written to it")
        if self.frames and frame.shape != self._shape:
            (high, wide), (height, width) = frame.shape[:2], self._shape[:2]
            raise SinkError(
                f"frame of {wide}x{high} in a video of {width}x{height}; "
                "a video has one size: start another file"
            )
        with self._all_or_nothing():
            if self._container is None:
                self._begin(frame.shape)
            assert self._container is not None
            self._last_pts = self._pts(at_s)
            picture = to_yuv(frame, self._last_pts, self._time_base)
            if shown_s is not None:
                picture.duration = round(shown_s / self._time_base)
                if shown_s >= _LONG_S:
                    import av

                    picture.pict_type = av.video.frame.PictureType.I
            self._container.mux(self._stream.encode(picture))
        self.frames += 1

    def write_sound(self, packet: av.Packet[av.AudioStream]) -> None:
        """Write a packet of the sound of `like`, in the order of `VideoReader.read`."""
        if self._container is None:
            self._early.append(packet)
            return
        with self._all_or_nothing():
            self._tracks[packet.stream.index].write(packet)

    def close(self) -> None:
        """Finish the file and give it its name; may be called twice."""
        if self._part is None:
            return
        if self._container is None:
            self.discard()
            return
        with self._all_or_nothing():
            self._container.mux(self._stream.encode(None))
            for track in self._tracks.values():
                track.finish()
            self._container.close()
        part, self._part = self._part, None
        finish_part(part, self.path)

    def discard(self) -> None:
        """Remove what was written; the old file, if any, stays. May be called at any time."""
        part, self._part = self._part, None
        if part is None:
            return
        if self._container is not None:
            with suppress(Exception):  # it is thrown away: what else is wrong with it is no matter
                self._container.close()
        part.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

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

    def _begin(self, shape: tuple[int, ...]) -> None:
        import av

        self._shape, self.size = shape, even_size(shape[1], shape[0])
        suffix = self.path.suffix.lower()
        # The index goes in front, so that a browser can start before it has everything. file:
        # because FFmpeg takes "18:30.mp4" for a protocol.
        options = {"movflags": "+faststart", **self._movie_timescale()}
        kind = "mov" if suffix == ".mov" else "mp4"
        self._container = out = av.open(f"file:{self._part}", "w", format=kind, options=options)
        self._stream = add_h264_stream(
            out,
            width=shape[1],
            height=shape[0],
            rate=self._rate,
            time_base=self._time_base,
            crf=self._crf,
            preset=self._preset,
        )
        if self._like is None:
            return
        clip, context = self._like, self._stream.codec_context
        # Without it encoders forget how long a frame is shown, and a last one that stands still
        # is gone at once.
        context.flags |= av.codec.context.Flags.frame_duration
        if clip.sample_aspect_ratio:
            context.sample_aspect_ratio = clip.sample_aspect_ratio
        changing = changing_tracks(clip.path) if clip.is_broadcast else set()
        for stream in clip.audio:
            changes = stream.index in changing
            self._tracks[stream.index] = AudioTrack(out, stream, suffix, changes=changes)
        out.metadata.update(clip.metadata)
        early, self._early = self._early, []
        for packet in early:
            self._tracks[packet.stream.index].write(packet)

    def _movie_timescale(self) -> dict[str, str]:
        """Unit in which a late start is stored; by default milliseconds."""
        starts = self._like.start_times if self._like is not None else []
        unit = math.lcm(1000, *(start.denominator for start in starts))
        return {"movie_timescale": str(unit)} if 1000 < unit < 1 << 31 else {}

    def _pts(self, at_s: float | Fraction | None) -> int:
        if at_s is None and self._even:
            return self._last_pts + 1
        now = self._clock() if at_s is None else at_s
        if self._origin_s is None:
            self._origin_s = now
        # Two frames within a unit still follow each other.
        return max(round((now - self._origin_s) / self._time_base), self._last_pts + 1)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """After an error, leave nothing behind, and raise it in one line."""
        import av

        try:
            yield
        except BaseException as error:
            self.discard()
            mine = isinstance(error, RealtimeStyleError)
            if mine or not isinstance(error, OSError | av.FFmpegError):
                raise
            if isinstance(error, OSError):
                raise unwritable(self.path, error) from error
            wide, high = self.size
            advice = "try another copy of the clip"
            if not self.frames:
                advice = f"change crf {self._crf}, preset {self._preset} or size {wide}x{high}"
            raise SinkError(
                f"cannot encode {self.path}: FFmpeg refuses it ({error.strerror}); {advice}"
            ) from error


def require_video_name(path: Path) -> None:
    """Raise OutputUnwritable if the suffix is of no format that videos can be written in."""
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise OutputUnwritable(
            f"cannot write {path}: videos are written as {', '.join(VIDEO_SUFFIXES)}; "
            "change the name"
        )
