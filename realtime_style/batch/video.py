"""A clip in, the same clip out, painted: same frames at the same times, same sound."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import OutputUnwritable
from realtime_style.frames import Frame
from realtime_style.media.audio import Sound
from realtime_style.media.h264 import add_h264_stream, encode_frame, even_size
from realtime_style.media.video_open import CODEC_THREADS, check_video_file
from realtime_style.media.video_reader import VideoReader
from realtime_style.system.atomic import atomic_write, unwritable

if TYPE_CHECKING:
    import av

logger = logging.getLogger(__name__)

VIDEO_SUFFIXES = (".mp4", ".mov")
"""What can be written. Not .mkv: it stores times in whole milliseconds, so 29.97 frames a second would not stay exact."""

_LONG_S = 1  # a frame shown so long becomes a key frame: mp4 keeps the length of what is stored last, else one from before it


@dataclass(frozen=True)
class VideoSummary:
    """What was written."""

    input: Path
    output: Path
    frames: int
    width: int
    """Pixels, as stored: even."""
    height: int
    fps: float
    """Of the clip, not of the painting."""
    seconds: float
    """Time the painting took."""
    audio_streams: int
    provider: str


def stylize_video(
    source: Path,
    target: Path,
    paint: Callable[[Frame], Frame],
    *,
    provider: str,
    crf: int = 18,
    preset: str = "medium",
    report: Callable[[int, int | None], None] = lambda done, total: None,
) -> VideoSummary:
    """Paint every frame of `source` into `target`, an H.264 file (.mp4 or .mov) that browsers play.

    `paint` takes and gives (H, W, 3) uint8 BGR; its results have one shape, which may be another than the clip's. `provider`
    is what it runs on, for the summary. `crf` is x264's quality, 1 (best) to 51, `preset` its effort, ``ultrafast`` to
    ``veryslow``. `report(done, total)` is called after each frame, total None if unknown.

    Times of frames and sound are those of `source`; sound is copied as it is where the format can hold it, else encoded to
    AAC. `target` appears when whole: on any error or Ctrl-C the old file stays. Raises VideoUnreadable for a `source` that is
    no video or is incomplete, OutputUnwritable for a `target` that cannot be written or is `source` itself.
    """
    import av

    started = time.perf_counter()
    check_video_paths(source, target)
    with (
        VideoReader(source) as clip,
        atomic_write(target) as part,
        _output_errors(target),
        av.open(
            f"file:{part}", "w", format=target.suffix.lower()[1:], options=_muxer_options(clip)
        ) as out,
        closing(_painted(clip, paint)) as items,
    ):
        for number in clip.unreadable_audio:
            logger.warning(
                "sound stream %d of %s is in a format that this program cannot read: left out",
                number,
                source,
            )
        result: _Result | None = None
        early: list[av.Packet[av.AudioStream]] = []  # sound stored before the first frame
        frames = 0
        for item, painted in items:
            if painted is None:
                if result is None:
                    early.append(item)
                else:
                    result.write_sound(item)
                continue
            if result is None:
                result = _Result(out, clip, painted.shape, target.suffix.lower(), crf, preset)
                for packet in early:
                    result.write_sound(packet)
            result.write_picture(painted, item)
            frames += 1
            report(frames, clip.total)
        assert result is not None, "a clip has at least one frame"
        result.finish()
    seconds = time.perf_counter() - started
    return VideoSummary(
        source, target, frames, *result.size, float(clip.rate), seconds, len(clip.audio), provider
    )


def _painted(
    clip: VideoReader, paint: Callable[[Frame], Frame]
) -> Generator[tuple[Any, Frame | None]]:
    """What there is in a clip: frames with their paintings, sound without. The next is painted while one is encoded."""
    import av

    with ThreadPoolExecutor(1, thread_name_prefix="painter") as hand:
        waiting: tuple[av.VideoFrame, Future[Frame]] | None = None
        for item in clip.read():
            if not isinstance(item, av.VideoFrame):
                yield item, None
                continue
            following = item, hand.submit(paint, clip.upright(item))
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = following
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def check_video_paths(source: Path, target: Path) -> None:
    """What can be refused before anything is loaded.

    Raises VideoUnreadable if `source` is not a file, OutputUnwritable if `target` is no video name or is `source` itself, by
    whatever path.
    """
    check_video_file(source)
    if target.suffix.lower() not in VIDEO_SUFFIXES:
        raise OutputUnwritable(
            f"cannot write {target}: videos are written as {' or '.join(VIDEO_SUFFIXES)}; change the name"
        )
    if target.exists() and target.samefile(source):
        raise OutputUnwritable(
            f"{target} is the video to be painted itself; choose another name for the result"
        )


class _Result:
    """The streams of the output, made when the first painted frame shows how large they are."""

    def __init__(
        self,
        out: av.container.OutputContainer,
        clip: VideoReader,
        shape: tuple[int, ...],
        suffix: str,
        crf: int,
        preset: str,
    ) -> None:
        import av

        self._out, self._clip, self._shape = out, clip, shape
        height, width = shape[:2]
        self.size = even_size(width, height)
        self._video = add_h264_stream(
            out,
            width=width,
            height=height,
            rate=clip.rate,
            time_base=clip.time_base,
            crf=crf,
            preset=preset,
        )
        self._video.codec_context.thread_count = CODEC_THREADS
        # Without it encoders forget how long a frame is shown, and a last one that stands still is gone at once.
        self._video.codec_context.flags |= av.codec.context.Flags.frame_duration
        if clip.sample_aspect_ratio:
            self._video.codec_context.sample_aspect_ratio = clip.sample_aspect_ratio
        changing = clip.changing_audio()
        self._sounds = {
            s.index: Sound(out, s, suffix, changes=s.index in changing) for s in clip.audio
        }
        out.metadata.update(clip.metadata)

    def write_picture(self, painted: Frame, original: av.VideoFrame) -> None:
        """Encode a painted frame at the time of its original."""
        import av

        if painted.shape != self._shape:
            raise ValueError(
                f"unexpected shape of the stylized frame: {painted.shape} != {self._shape}"
            )
        picture = encode_frame(painted, original.pts or 0, self._clip.time_base)
        picture.duration = original.duration
        if original.duration * self._clip.time_base >= _LONG_S:
            picture.pict_type = av.video.frame.PictureType.I
        self._out.mux(self._video.encode(picture))

    def write_sound(self, packet: av.Packet[av.AudioStream]) -> None:
        self._sounds[packet.stream.index].write(packet)

    def finish(self) -> None:
        self._out.mux(self._video.encode(None))
        for sound in self._sounds.values():
            sound.finish()


def _muxer_options(clip: VideoReader) -> dict[str, str]:
    options = {"movflags": "+faststart"}  # browsers play before all is loaded
    unit = math.lcm(1000, *(start.denominator for start in clip.start_times))
    if 1000 < unit < 1 << 31:  # a late start is stored in this unit, by default milliseconds
        options["movie_timescale"] = str(unit)
    return options


@contextmanager
def _output_errors(target: Path) -> Iterator[None]:
    """FFmpeg's errors as OutputUnwritable. Those of reading never come here: Clip turns them into its own."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):
            raise unwritable(target, error) from error
        raise OutputUnwritable(
            f"cannot write {target}: the encoder refuses ({error.strerror}); check crf and preset"
        ) from error
