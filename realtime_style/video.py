"""A clip in, the same clip out, painted: same frames at the same times, same sound."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.atomic import unwritable, whole_file
from realtime_style.errors import OutputUnwritable
from realtime_style.frames import Frame
from realtime_style.h264 import add_h264_stream, encode_frame, even_size
from realtime_style.video_open import CODEC_THREADS, check_video_file
from realtime_style.video_reader import Clip

if TYPE_CHECKING:
    import av

logger = logging.getLogger(__name__)

VIDEO_SUFFIXES = (".mp4", ".mov")
"""What can be written. Not .mkv: it stores times in whole milliseconds, so 29.97 frames a second would not stay exact."""

_COPIED_AUDIO = {
    ".mp4": frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"}),
    ".mov": frozenset({"aac", "ac3", "alac", "eac3", "mp3", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le"}),
}
_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_AAC_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}  # by number of channels; rarer ones are mixed down
_AAC_BITS_PER_CHANNEL = 96_000  # a second; transparent for nearly all material
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
        Clip(source) as clip,
        whole_file(target) as part,
        _output_errors(target),
        av.open(f"file:{part}", "w", format=target.suffix.lower()[1:], options=_muxer_options(clip)) as out,
    ):
        for number in clip.unreadable_audio:
            logger.warning("sound stream %d of %s is in a format that this program cannot read: left out", number, source)
        result: _Result | None = None
        early: list[av.Packet[av.AudioStream]] = []  # sound stored before the first frame
        frames = 0
        for item in clip.read():
            if not isinstance(item, av.VideoFrame):
                if result is None:
                    early.append(item)
                else:
                    result.write_sound(item)
                continue
            painted = paint(clip.upright(item))
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
    return VideoSummary(source, target, frames, *result.size, float(clip.rate), seconds, len(clip.audio), provider)


def check_video_paths(source: Path, target: Path) -> None:
    """What can be refused before anything is loaded.

    Raises VideoUnreadable if `source` is not a file, OutputUnwritable if `target` is no video name or is `source` itself, by
    whatever path.
    """
    check_video_file(source)
    if target.suffix.lower() not in VIDEO_SUFFIXES:
        raise OutputUnwritable(f"cannot write {target}: videos are written as {' or '.join(VIDEO_SUFFIXES)}; change the name")
    if target.exists() and target.samefile(source):
        raise OutputUnwritable(f"{target} is the video to be painted itself; choose another name for the result")


class _Result:
    """The streams of the output, made when the first painted frame shows how large they are."""

    def __init__(
        self, out: av.container.OutputContainer, clip: Clip, shape: tuple[int, ...], suffix: str, crf: int, preset: str
    ) -> None:
        import av

        self._out, self._clip, self._shape = out, clip, shape
        height, width = shape[:2]
        self.size = even_size(width, height)
        self._video = add_h264_stream(
            out, width=width, height=height, rate=clip.rate, time_base=clip.time_base, crf=crf, preset=preset
        )
        self._video.codec_context.thread_count = CODEC_THREADS
        # Without it encoders forget how long a frame is shown, and a last one that stands still is gone at once.
        self._video.codec_context.flags |= av.codec.context.Flags.frame_duration
        if clip.sample_aspect_ratio:
            self._video.codec_context.sample_aspect_ratio = clip.sample_aspect_ratio
        self._sounds = {stream.index: _Sound(out, stream, suffix) for stream in clip.audio}
        out.metadata.update(clip.metadata)

    def write_picture(self, painted: Frame, original: av.VideoFrame) -> None:
        """Encode a painted frame at the time of its original."""
        import av

        if painted.shape != self._shape:
            raise ValueError(f"unexpected shape of the stylized frame: {painted.shape} != {self._shape}")
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


class _Sound:
    """One stream of sound on its way from the clip to the output, untouched if the output can hold it."""

    def __init__(self, out: av.container.OutputContainer, stream: av.AudioStream, suffix: str) -> None:
        context = stream.codec_context
        name = context.codec.canonical_name
        self._out = out
        self._last_dts: int | None = None
        # The mp4 format knows mp3 only from 16 kHz on.
        self._copied = name in _COPIED_AUDIO[suffix] and not (name == "mp3" and context.sample_rate < 16_000)
        if self._copied:
            self._stream = out.add_stream_from_template(stream)
        else:
            logger.warning("sound stream %d is %s, which %s cannot hold: encoding it to AAC", stream.index, name, suffix)
            rate = context.sample_rate if context.sample_rate in _AAC_RATES_HZ else 48_000
            layout = _AAC_LAYOUTS.get(context.layout.nb_channels, "stereo")
            self._stream = out.add_stream("aac", rate=rate, layout=layout)
            self._stream.bit_rate = _AAC_BITS_PER_CHANNEL * self._stream.codec_context.layout.nb_channels
        for tag in ("language", "title"):
            if tag in stream.metadata:
                self._stream.metadata[tag] = stream.metadata[tag]

    def write(self, packet: av.Packet[av.AudioStream]) -> None:
        if not self._copied:
            for frame in _decoded(packet):
                self._out.mux(self._stream.encode(frame))
        elif packet.dts is None:
            pass  # the end mark: nothing to copy
        elif self._last_dts is None or packet.dts > self._last_dts:
            self._last_dts = packet.dts
            packet.stream = self._stream
            self._out.mux(packet)
        else:  # mp4 takes no two packets of one time; only faulty recordings have them
            logger.warning("left out a piece of sound whose time %s is not after the one before it", packet.dts)

    def finish(self) -> None:
        if not self._copied:
            self._out.mux(self._stream.encode(None))


def _decoded(packet: av.Packet[av.AudioStream]) -> list[av.AudioFrame]:
    """The packet's sound; none, and a warning, where it is damaged: a click is no reason to lose the picture."""
    import av

    try:
        return packet.decode()
    except av.FFmpegError as error:
        logger.warning("left out a damaged piece of sound at %.2f s (%s)", float((packet.pts or 0) * packet.time_base), error)
        return []


def _muxer_options(clip: Clip) -> dict[str, str]:
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
