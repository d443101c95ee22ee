"""Read video files: every frame, upright, with exact times; detect files that are incomplete.

FFmpeg reads a broken file as far as it can and calls that the end. :class:`VideoReader` looks for
signs of more: an index that points past the end of the file, packets cut short or refused by the
decoder, frames that the decoder made up, a stated length that is not reached. What leaves no sign
stays undetected: a raw stream cut between two frames, or frames lost in the middle of a format that
recovers silently (Matroska, FLV, fragmented mp4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import VideoUnreadable
from realtime_style.frames import Frame
from realtime_style.media.deinterlace import Deinterlacer
from realtime_style.media.ffmpeg import readable_tags
from realtime_style.media.frame_converter import FrameConverter
from realtime_style.media.timestamps import TimestampFixer
from realtime_style.media.video_open import (
    BROADCAST_FORMATS,
    open_video,
    picture_stream,
    unreadable,
)

if TYPE_CHECKING:
    import av

    Packet = av.Packet[av.stream.Stream]

# They write the length first and notice no missing end.
_STATED_LENGTH_FORMATS = frozenset({"matroska,webm", "flv"})
_SLACK_S = Fraction(1, 2)  # stated lengths are rounded, and the last frame's duration is a guess
_CONTAINER_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")
# Pictures from a marked one to what explains the mark. It comes a picture early: one that breaks
# off where a key frame begins is two before, damage of the key frame itself one.
_SEGMENT_SEAM, _JOINT_SEAM = 2, 3


@dataclass
class _Mark:
    """A picture that the container calls corrupt."""

    dts: int
    joints: int
    """Joints before it."""
    pictures: int = 0
    """Pictures since."""


class VideoReader:
    """An opened video file. Context manager; :meth:`read` can be called once.

    Raises VideoUnreadable, one line with the reason, if the file is missing, no video, or known to
    be incomplete.
    """

    size: tuple[int, int]
    """(width, height) in px of the upright picture."""
    rate: Fraction
    """Average frames per second, exact (30000/1001)."""
    time_base: Fraction
    """Unit of the frames' pts, in seconds."""
    total: int | None
    """Number of frames that the file states; None: it does not say."""
    audio: tuple[av.AudioStream, ...]
    """Streams of sound."""
    unreadable_audio: list[int]
    """Streams of sound in a format without a decoder, by their number in the file; `read` leaves
    them out."""

    def __init__(self, path: Path, *, square_pixels: bool = False) -> None:
        """With `square_pixels`, pictures of another pixel aspect ratio are scaled in width.

        Otherwise they stay as stored: see `sample_aspect_ratio`.
        """
        self.path = path
        self._good = self._bad = 0
        self._mark: _Mark | None = None
        self._container = open_video(path)
        try:
            self._video = picture_stream(path, self._container)
            tracks = self._container.streams.audio
            self.audio = tuple(stream for stream in tracks if stream.codec_context is not None)
            self.unreadable_audio = [s.index for s in tracks if s.codec_context is None]
            kind = self._container.format.name
            self._is_mp4, self.is_broadcast = kind.startswith("mov"), kind in BROADCAST_FORMATS
            # Broadcast and camera streams start at any hour of their clock. mp4 keeps its own
            # start, to which its times refer.
            self._start = Fraction(0)
            if not self._is_mp4:
                self._start = max(Fraction(0), min(self.start_times, default=Fraction(0)))
            self._clock = TimestampFixer(path, self._start, broadcast=self.is_broadcast)
            self._packets = self._decoded_packets()
            self._begun: list[tuple[Packet, list[av.VideoFrame]]] = []
            first = self._first_frame()
            self._converter = FrameConverter(
                path, first, self._video.sample_aspect_ratio if square_pixels else None
            )
            self.size = self._converter.size
            self._describe(first)
            self._check_index()
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
        """Close the file; may be called twice."""
        self._container.close()

    @property
    def metadata(self) -> dict[str, str]:
        """Title, date and other tags, without those that describe the container itself."""
        tags = readable_tags(self._container.metadata)
        return {key: value for key, value in tags.items() if key.lower() not in _CONTAINER_TAGS}

    @property
    def start_times(self) -> list[Fraction]:
        """Start of the picture and of each stream of sound, in seconds."""
        return [
            s.start_time * s.time_base - self._start
            for s in (self._video, *self.audio)
            if s.start_time is not None and s.time_base
        ]

    @property
    def sample_aspect_ratio(self) -> Fraction | None:
        """Width of a pixel of the upright picture over its height; None: not stated, so 1."""
        ratio = self._video.sample_aspect_ratio
        if not ratio:
            return None
        return 1 / ratio if self._converter.on_its_side else ratio

    def read(self) -> Iterator[av.VideoFrame | av.Packet[av.AudioStream]]:
        """All frames in order of display, deinterlaced, and packets of sound in order of storage.

        Both carry pts in their stream's time base; pts of frames grow strictly. Each stream of
        sound ends with an empty packet (dts None), which makes a decoder give out its last frames.
        Raises VideoUnreadable if the file turns out to be damaged: frames after the first damage
        are counted, for the message, and not given out.
        """
        import av

        last_pts, reached = -(1 << 62), Fraction(0)
        deinterlacer = Deinterlacer()
        begun, self._begun = self._begun, []
        try:
            for packet, frames in chain(begun, self._packets):
                if packet.pts is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    reached = max(reached, end)
                if packet.stream.index != self._video.index:
                    self._shift(packet)
                    yield cast("av.Packet[av.AudioStream]", packet)
                for frame in frames:
                    last_pts = self._place(frame, last_pts)
                    if self._clock.joints:  # the total was reckoned from the first recording
                        self.total = None
                    yield from deinterlacer(frame)
            if not self._bad:
                yield from deinterlacer.finish()
        except av.FFmpegError as error:
            raise self._damaged(error.strerror or "unreadable") from error
        if self._bad:
            raise self._damaged("the others are broken or cut short")
        if self._stated_s and reached < self._stated_s - _SLACK_S:
            raise self._damaged(
                f"it ends at {float(reached):.1f} s of {float(self._stated_s):.1f} s"
            )

    def to_bgr(self, frame: av.VideoFrame) -> Frame:
        """Convert a frame to (H, W, 3) uint8 BGR, upright, always of `size`."""
        return self._converter(frame)

    def _decoded_packets(self) -> Iterator[tuple[Packet, list[av.VideoFrame]]]:
        """Packets of picture and sound on one clock, those of the picture with their frames."""
        # Of no other stream: what comes once in a while, as subtitles do, seems to leap in time.
        for packet in self._clock.fix(self._container.demux([self._video, *self.audio])):
            is_picture = packet.stream.index == self._video.index
            yield packet, self._decode(packet) if is_picture else []

    def _decode(self, packet: Packet) -> list[av.VideoFrame]:
        """Whole frames of the packet, none from the first damage on.

        What cannot be decoded before the first whole frame is no damage: recordings of a broadcast
        start anywhere.
        """
        import av

        bad = int(self._is_marked(packet))
        try:
            frames = cast("av.Packet[av.VideoStream]", packet).decode()
        except av.FFmpegError:
            frames, bad = [], 1
        whole = [frame for frame in frames if not frame.is_corrupt]
        bad = max(bad, len(frames) - len(whole))
        self._good += len(whole)
        if self._good:
            self._bad += bad
        return [] if self._bad else whole

    def _is_marked(self, packet: Packet) -> bool:
        """Return whether the container has missed something that no joint explains.

        A transport stream counts its packets, and marks a picture as corrupt where the count
        breaks. It does so at joints as well: another recording follows, or, in one that was cut
        into segments, a key frame without a gap in time.
        """
        if (mark := self._mark) is not None:
            mark.pictures += 1
            in_time = (packet.dts or 0) - mark.dts < 3 * (packet.duration or 0)
            seam = packet.is_keyframe and mark.pictures == _SEGMENT_SEAM and in_time
            explained = seam or self._clock.joints > mark.joints
            missing = not explained and (mark.pictures > _JOINT_SEAM or packet.size == 0)
            if explained or missing:
                self._mark = None
            if missing:
                return True
        if packet.is_corrupt and self._mark is None:
            self._mark = _Mark(packet.dts or 0, self._clock.joints)
        return False

    def _first_frame(self) -> av.VideoFrame:
        """The first whole frame. What was read on the way is kept for `read`."""
        import av

        try:
            for packet, frames in self._packets:
                if frames or packet.stream.index != self._video.index:
                    self._begun.append((packet, frames))
                if frames:
                    return frames[0]
        except av.FFmpegError as error:
            raise unreadable(self.path, error) from error
        raise VideoUnreadable(
            f"video {self.path} is damaged: not one frame could be read; try another copy"
        )

    def _describe(self, first: av.VideoFrame) -> None:
        video, container = self._video, self._container
        # A bare stream without times has no average rate, but often says in its headers what it
        # was recorded at.
        rates = (video.average_rate, video.guessed_rate)
        self.rate = Fraction(
            next(filter(None, rates if first.pts is not None else rates[::-1]), 25)
        )
        self.time_base = Fraction(video.time_base or 1 / self.rate)
        length = Fraction(container.duration or 0, 1_000_000)
        self._stated_s = length if container.format.name in _STATED_LENGTH_FORMATS else Fraction(0)
        if container.format.name == "avi":  # its length is computed, its frame count was written
            self._stated_s = video.frames / self.rate
        shown = 0
        if self._is_mp4 and video.frames:  # a trimmed mp4 holds frames that it does not show
            shown = sum(not entry.is_discard for entry in video.index_entries)
        self.total = shown or video.frames or round(length * self.rate) or None

    def _check_index(self) -> None:
        """Refuse an mp4 that is shorter than its index says, before its first half is painted."""
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

    def _shift(self, packet: Packet) -> None:
        if packet.dts is not None and self._start:
            ticks = round(self._start / packet.time_base)
            packet.dts -= ticks
            packet.pts = packet.dts if packet.pts is None else packet.pts - ticks
