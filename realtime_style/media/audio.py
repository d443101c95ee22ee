"""Sound of a clip: copied where the output format can hold it, else encoded to AAC."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.media.ffmpeg import readable_tags
from realtime_style.media.video_open import open_video, unreadable

if TYPE_CHECKING:
    import av

logger = logging.getLogger(__name__)

_COPIED_TO_MP4 = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
_COPIED_TO_MOV = frozenset(
    {"aac", "ac3", "alac", "eac3", "mp3", "pcm_s16be", "pcm_s16le", "pcm_s24be", "pcm_s24le"}
)
_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
_AAC_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}  # by channels; others are mixed down to stereo
_AAC_BITS_PER_CHANNEL = 96_000  # a second; transparent for nearly all material


class AudioTrack:
    """One stream of sound on its way from a clip to the output."""

    def __init__(
        self,
        out: av.container.OutputContainer,
        stream: av.AudioStream,
        suffix: str,
        *,
        changes: bool,
    ) -> None:
        """`suffix` names the output's format. `changes`: rate or channels change on the way, which
        a copy cannot express."""
        context = stream.codec_context
        name = context.codec.canonical_name
        self._out = out
        self._last: int | None = None  # time of the last packet written, in the clip's unit
        self._left_out = 0
        self._resampler: av.AudioResampler | None = None
        self._kind: tuple[str, str, int] | None = None  # that the resampler takes
        held = name in (_COPIED_TO_MOV if suffix == ".mov" else _COPIED_TO_MP4)
        held = held and not (name == "mp3" and context.sample_rate < 16_000)  # mp4 knows no such
        # A stream may be announced long before its first packet, or never be sent: its rate is 0.
        self._copied = held and not changes and context.sample_rate > 0
        if self._copied:
            self._stream = out.add_stream_from_template(stream)
        else:
            why = f"is {name}, which {suffix} cannot hold"
            if held:
                why = "changes its rate or channels on the way" if changes else "begins late"
            logger.warning("sound stream %d %s: encoding it to AAC", stream.index, why)
            rate = context.sample_rate if context.sample_rate in _AAC_RATES_HZ else 48_000
            layout = _AAC_LAYOUTS.get(context.layout.nb_channels, "stereo")
            self._stream = out.add_stream("aac", rate=rate, layout=layout)
            channels = self._stream.codec_context.layout.nb_channels
            self._stream.bit_rate = _AAC_BITS_PER_CHANNEL * channels
        self._stream.disposition = stream.disposition  # players begin with the default stream
        tags = readable_tags(stream.metadata)
        self._stream.metadata.update(
            {tag: tags[tag] for tag in ("language", "title") if tag in tags}
        )

    def write(self, packet: av.Packet[av.AudioStream]) -> None:
        """Write a packet of the clip; an empty one (dts None) marks the end."""
        if not self._copied:
            for frame in _decoded(packet):
                if self._comes_next(frame.pts):
                    self._encode(frame)
        elif packet.dts is not None and self._comes_next(packet.dts):
            packet.stream = self._stream
            self._out.mux(packet)

    def finish(self) -> None:
        """Write what is left."""
        if self._left_out:
            logger.warning(
                "left out %d pieces of sound, as the recording has others at the same time",
                self._left_out,
            )
        if not self._copied:
            self._encode(None)
            self._out.mux(self._stream.encode(None))

    def _encode(self, frame: av.AudioFrame | None) -> None:
        """Encode a frame of any rate and channels: they change where recordings were joined.

        None marks the end.
        """
        import av

        kind = None if frame is None else (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind and self._resampler is not None:
            self._mux(self._resampler.resample(None))
            self._resampler = None
        if frame is not None:
            if self._resampler is None:
                to, self._kind = self._stream.codec_context, kind
                self._resampler = av.AudioResampler(to.format, to.layout, to.sample_rate)
            self._mux(self._resampler.resample(frame))

    def _mux(self, frames: Iterable[av.AudioFrame]) -> None:
        unit = Fraction(1, self._stream.codec_context.sample_rate)
        for frame in frames:
            # A frame that was not resampled still counts in the clip's unit; the encoder takes all
            # to be in that of the first.
            if frame.pts is not None and frame.time_base:
                frame.pts = round(frame.pts * frame.time_base / unit)
            frame.time_base = unit
            self._out.mux(self._stream.encode(frame))

    def _comes_next(self, time: int | None) -> bool:
        """Return whether it is after the last packet written.

        mp4 takes no two of one time, and only faulty recordings have them.
        """
        if time is None:
            return True
        if self._last is not None and time <= self._last:
            self._left_out += 1
            return False
        self._last = time
        return True


def changing_tracks(path: Path) -> set[int]:
    """Numbers of the streams of AAC in a broadcast that change rate or channels; reads all of it.

    In such formats each packet has a header of its own with both (ADTS: ISO/IEC 13818-7, section
    6.2). mp4 states them once. Raises VideoUnreadable.
    """
    import av

    with open_video(path) as container:
        tracks = [
            stream
            for stream in container.streams.audio
            if stream.codec_context and stream.codec_context.name == "aac"
        ]
        kinds: dict[int, set[tuple[int, int]]] = {stream.index: set() for stream in tracks}
        try:
            for packet in container.demux(tracks) if tracks else ():
                head = bytes(memoryview(packet)[:4])
                if len(head) == 4 and head[0] == 0xFF and head[1] & 0xF0 == 0xF0:
                    # Rate and channels, without the private bit.
                    kinds[packet.stream.index].add((head[2] & 0x3D, head[3] & 0xC0))
        except av.FFmpegError as error:
            raise unreadable(path, error) from error
    return {index for index, found in kinds.items() if len(found) > 1}


def _decoded(packet: av.Packet[av.AudioStream]) -> list[av.AudioFrame]:
    """The packet's sound; none, and a warning, where it is damaged: the picture matters more."""
    import av

    try:
        return packet.decode()
    except av.FFmpegError as error:
        logger.warning(
            "left out a damaged piece of sound at %.2f s (%s)",
            float((packet.pts or 0) * packet.time_base),
            error,
        )
        return []
