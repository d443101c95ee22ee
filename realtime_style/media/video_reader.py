"""A video file, read the way it was meant: every frame, upright, at its own time, and nothing missing unnoticed.

FFmpeg reads a broken file as far as it can and calls that the end. :class:`Clip` looks for the signs that more was meant to
come: an index that points past the end of the file, packets cut short or refused by the decoder, frames the decoder had to
make up, a stated length that is not reached. What leaves no sign stays unseen: a raw stream cut between two frames, or frames
lost in the middle of a format that finds its way back without a word (Matroska, FLV, fragmented mp4).
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import VideoUnreadable
from realtime_style.frames import Frame
from realtime_style.media.audio import changing_sound
from realtime_style.media.deinterlace import Deinterlacer
from realtime_style.media.frame_converter import FrameConverter
from realtime_style.media.timestamps import TimestampFixer, repair_dts, unmark_at_joins
from realtime_style.media.video_open import open_video, picture_stream, readable_tags, unreadable

if TYPE_CHECKING:
    import av

_STATED_LENGTH_FORMATS = frozenset(
    {"matroska,webm", "flv"}
)  # they write the length first and notice no missing end
_BROADCAST_FORMATS = frozenset({"mpegts", "mpeg"})  # of which the clock is that of the broadcast
_SLACK_S = Fraction(1, 2)  # stated lengths are rounded, and the last frame's duration is a guess


class VideoReader:
    """An opened video file. Context manager; :meth:`read` can be called once.

    Raises VideoUnreadable, one line with the reason, if the file is missing, no video, or known to be incomplete.
    """

    size: tuple[int, int]
    """(width, height) in pixels of the upright picture."""
    rate: Fraction
    """Average frames per second, exact (30000/1001)."""
    time_base: Fraction
    """Unit of the frames' pts, in seconds."""
    total: int | None
    """How many frames there should be; None: the file does not say."""
    audio: tuple[av.AudioStream, ...]
    """Streams of sound."""
    unreadable_audio: list[int]
    """Streams of sound in a format that nobody here knows, by their number in the file; `read` leaves them out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._good = self._bad = 0
        self._container = open_video(path)
        try:
            first = self._first_frame()
            self._container.close()
            self._container = open_video(
                path
            )  # from the start again; seeking back is not exact in every format
            self._video = picture_stream(path, self._container)
            tracks = self._container.streams.audio
            self.audio = tuple(stream for stream in tracks if stream.codec_context is not None)
            self.unreadable_audio = [
                stream.index for stream in tracks if stream.codec_context is None
            ]
            self._upright = FrameConverter(path, first)
            self.size = self._upright.size
            self._describe(first)
            self._check_index()
            self._check_heads()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; twice does no harm."""
        self._container.close()

    @property
    def metadata(self) -> dict[str, str]:
        """Title, date and the like; without what describes the container itself."""
        own = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")
        return {
            key: value
            for key, value in readable_tags(self._container.metadata).items()
            if key.lower() not in own
        }

    @property
    def start_times(self) -> list[Fraction]:
        """When the picture and each stream of sound begin, in seconds."""
        streams = (self._video, *self.audio)
        return [
            s.start_time * s.time_base - self._start
            for s in streams
            if s.start_time is not None and s.time_base
        ]

    @property
    def sample_aspect_ratio(self) -> Fraction | None:
        """Width of an upright pixel over its height; None: the file does not say, so 1."""
        ratio = self._video.sample_aspect_ratio
        if not ratio:
            return None
        return 1 / ratio if self._upright.on_its_side else ratio

    def read(self) -> Iterator[av.VideoFrame | av.Packet[av.AudioStream]]:
        """All frames in order of display, none interlaced any more, and between them packets of sound in order of storage.

        Both carry pts in their stream's time base; pts of frames grow strictly. Each stream of sound ends with an empty packet
        (dts None), which makes a decoder give out what it holds back. Raises VideoUnreadable if the file turns out
        to be damaged: the frames after the first damage are counted, for the message, and not given out.
        """
        import av

        last_pts, reached = -(1 << 62), Fraction(0)
        leaps = self._container.format.name in _BROADCAST_FORMATS
        packets = self._container.demux(
            [self._video, *self.audio]
        )  # not what comes once in a while: no gap there is a leap
        packets = repair_dts(packets) if leaps else packets
        clock = TimestampFixer(self.path, self._start, leaps=leaps)
        whole = Deinterlacer()
        try:
            for packet in clock.straighten(
                unmark_at_joins(packets, self._video.index, leaps=leaps)
            ):
                if packet.pts is not None:
                    reached = max(reached, (packet.pts + (packet.duration or 0)) * packet.time_base)
                if packet.stream.index == self._video.index:
                    for frame in self._decode(cast("av.Packet[av.VideoStream]", packet)):
                        last_pts = self._place(frame, last_pts)
                        self.total = (
                            None if clock.restarts else self.total
                        )  # it was reckoned from the part before
                        yield from whole(frame)
                else:
                    self._shift(packet)
                    yield cast("av.Packet[av.AudioStream]", packet)
            if not self._bad:
                yield from whole.finish()
        except av.FFmpegError as error:
            raise self._damaged(error.strerror or "unreadable") from error
        if self._bad:
            raise self._damaged("the others are broken or cut short")
        if self._stated_s and reached < self._stated_s - _SLACK_S:
            raise self._damaged(
                f"it ends at {float(reached):.1f} s of {float(self._stated_s):.1f} s"
            )

    def changing_audio(self) -> set[int]:
        """Streams of sound, by number, that are not of one kind from beginning to end: joined recordings may have such."""
        import av

        if self._container.format.name not in _BROADCAST_FORMATS:
            return set()
        with open_video(self.path) as container:
            try:
                return changing_sound(container)
            except av.FFmpegError as error:
                raise unreadable(self.path, error) from error

    def upright(self, frame: av.VideoFrame) -> Frame:
        """The picture as people should see it: (H, W, 3) uint8 BGR, turned by the file's rotation, always of one size."""
        return self._upright(frame)

    def _decode(self, packet: av.Packet[av.VideoStream]) -> list[av.VideoFrame]:
        """The packet's whole frames, or none from the first damage on.

        Undecodable packets before the first whole frame are none: recordings of a broadcast start anywhere.
        """
        import av

        bad = int(packet.is_corrupt)
        try:
            frames = packet.decode()
        except av.FFmpegError:
            frames, bad = [], 1
        whole = [frame for frame in frames if not frame.is_corrupt]
        bad = max(bad, len(frames) - len(whole))
        self._good += len(whole)
        if self._good:
            self._bad += bad
        return [] if self._bad else whole

    def _first_frame(self) -> av.VideoFrame:
        import av

        video = picture_stream(self.path, self._container)
        try:
            for packet in self._container.demux(video):
                try:
                    for frame in packet.decode():
                        if not frame.is_corrupt:
                            return frame
                except av.FFmpegError:
                    continue
        except av.FFmpegError as error:
            raise unreadable(self.path, error) from error
        raise VideoUnreadable(
            f"video {self.path} is damaged: not one frame could be read; try another copy"
        )

    def _describe(self, first: av.VideoFrame) -> None:
        video, container = self._video, self._container
        self._is_mp4 = container.format.name.startswith("mov")
        # A bare stream without times has no average rate, but often says in its headers what it was recorded at.
        rates = (
            (video.average_rate, video.guessed_rate)
            if first.pts is not None
            else (video.guessed_rate, video.average_rate)
        )
        self.rate = Fraction(next((rate for rate in rates if rate), 25))
        self.time_base = Fraction(video.time_base or 1 / self.rate)
        # Broadcast and camera streams start at any hour of their clock. mp4 keeps its own start, to which times refer.
        self._start = Fraction(0)
        if not self._is_mp4:
            self._start = max(Fraction(0), min(self.start_times, default=Fraction(0)))
        length = Fraction(container.duration or 0, 1_000_000)
        self._stated_s = length if container.format.name in _STATED_LENGTH_FORMATS else Fraction(0)
        if (
            container.format.name == "avi"
        ):  # its length is made up from what is there; its frame count was written down
            self._stated_s = video.frames / self.rate
        shown = (
            sum(not entry.is_discard for entry in video.index_entries)
            if self._is_mp4 and video.frames
            else 0
        )
        self.total = (
            shown or video.frames or round(length * self.rate) or None
        )  # a trimmed mp4 holds frames it does not show

    def _check_index(self) -> None:
        """Refuse an mp4 that is shorter than its own index says, before an hour is spent on painting its first half."""
        if not self._is_mp4:
            return
        size = self.path.stat().st_size
        if any(
            entry.pos + entry.size > size
            for stream in (self._video, *self.audio)
            for entry in stream.index_entries
        ):
            entries = [entry for entry in self._video.index_entries if not entry.is_discard]
            self._good = sum(entry.pos + entry.size <= size for entry in entries)
            raise self._damaged("the file is cut short")

    def _check_heads(self) -> None:
        """Refuse FLV files put together byte by byte: FFmpeg loses its way at the second one's head, and calls that the end."""
        if self._container.format.name != "flv":
            return
        with (
            self.path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            joint = re.compile(rb"FLV\x01[\x01\x04\x05]\0\0\0\x09\0\0\0\0").search(data, 1)
        if joint is not None:
            raise VideoUnreadable(
                f"{self.path} is several FLV files in one, of which only the first can be read; "
                "join them again with ffmpeg -f concat, or paint them one by one"
            )

    def _damaged(self, reason: str) -> VideoUnreadable:
        total = max(self.total or 0, self._good + self._bad)
        return VideoUnreadable(
            f"video {self.path} is damaged: {self._good} of {total} frames can be read ({reason}); "
            "try another copy, or save what is there as a new file first (ffmpeg -i BROKEN NEW.mp4)"
        )

    def _place(self, frame: av.VideoFrame, last_pts: int) -> int:
        """Give the frame a time if it has none, keep times growing, and return it."""
        step = max(1, round(1 / (self.rate * self.time_base)))
        if frame.pts is None:
            frame.pts = max(0, last_pts + step)
        else:
            frame.pts -= round(self._start / self.time_base)
        frame.pts = max(frame.pts, last_pts + 1)
        frame.time_base = self.time_base
        frame.duration = frame.duration or step
        return frame.pts

    def _shift(self, packet: av.Packet[av.stream.Stream]) -> None:
        if packet.dts is not None and self._start:
            ticks = round(self._start / packet.time_base)
            packet.dts -= ticks
            packet.pts = packet.dts if packet.pts is None else packet.pts - ticks
