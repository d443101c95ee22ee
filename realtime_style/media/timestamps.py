"""One clock for clips that were put together byte by byte."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

if TYPE_CHECKING:
    import av

    Packet = av.Packet[av.stream.Stream]

logger = logging.getLogger(__name__)

_FALL_S = 1  # times that fall by less are the fault of a single packet
_LEAP_S = 10  # FFmpeg's own limit: a larger rise in a broadcast is another recording, no still
_FOLLOW_S = 2  # within which all streams reach the new recording; one that has not may have ended


class TimestampFixer:
    """Moves the recordings that a clip was joined from so that each begins where the last ends.

    The rule: where the decoding time of a stream falls by more than 1 s, or rises by more than 10 s
    in a format of broadcasts, the stream's next recording begins. Its packets are held until all
    streams have got there, which shows where the recording before ends.
    """

    def __init__(self, path: Path, start: Fraction, *, broadcast: bool) -> None:
        """`start` is when the clip begins, in seconds on its own clock."""
        self._path, self._start, self._broadcast = path, start, broadcast
        self._offsets = [Fraction(0)]  # what each recording is moved by, in seconds
        self._recording: dict[int, int] = {}  # by stream: the one it is in
        self._last: dict[int, Fraction] = {}  # by stream, on the clip's own clock
        self._began = start  # of the newest recording, on its own clock
        self._reached = Fraction(0)

    @property
    def joints(self) -> int:
        """Number of joints passed so far."""
        return len(self._offsets) - 1

    def fix(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The packets with the times of the first recording's clock, none of them left out."""
        held: list[Packet] = []
        for packet in packets:
            index, time = packet.stream.index, self._time(packet)
            if self._steps(index, time):
                if self._recording.get(index, 0) > self.joints:  # again, before others followed
                    yield from self._go_on(held)
                    held = []
                recording = self._recording.get(index, self.joints)
                self._recording[index] = max(recording + 1, self.joints)
            recording = self._recording.setdefault(index, self.joints + bool(held))
            if time is not None:
                self._last[index] = time
            if recording > self.joints:
                held.append(packet)
            else:
                yield self._moved(packet)
            if held and self._all_followed(held[0]):
                yield from self._go_on(held)
                held = []
        yield from self._go_on(held)

    def _time(self, packet: Packet) -> Fraction | None:
        """Decoding time in seconds; times of display go back and forth.

        FFmpeg makes up decoding times from the one before, also across a joint: there it is put
        right.
        """
        if packet.dts is None:
            return None
        time = packet.dts * packet.time_base
        if self._broadcast and packet.pts is not None:
            shown = packet.pts * packet.time_base
            if shown > time + _LEAP_S:
                packet.dts, time = packet.pts, shown
        return time

    def _steps(self, index: int, time: Fraction | None) -> bool:
        """Return whether a stream that has come to `time` is in another recording than before.

        One that begins late in a broadcast is compared with the others: it may have come with
        another recording, and be the first to show it.
        """
        if time is None:
            return False
        if (last := self._last.get(index)) is not None:
            return time < last - _FALL_S or (self._broadcast and time > last + _LEAP_S)
        newest = max(
            (self._last[i] for i in self._last if self._recording[i] == self.joints), default=time
        )
        late = self._broadcast and newest > self._began + _FOLLOW_S
        return late and not newest - _FOLLOW_S < time < newest + _LEAP_S

    def _all_followed(self, first: Packet) -> bool:
        """Return whether all streams are in the recording that `first` begins, or no more come."""
        if all(recording > self.joints for recording in self._recording.values()):
            return True
        return self._last[first.stream.index] > (self._time(first) or 0) + _FOLLOW_S

    def _go_on(self, held: list[Packet]) -> Iterator[Packet]:
        """The packets of the newest recording, moved to the end of the one before."""
        times = [time for packet in held if (time := self._time(packet)) is not None]
        if not times:
            return
        if not self.joints:
            logger.warning(
                "the clock of %s starts again at %.1f s, as in joined clips: going on from there",
                self._path,
                float(self._reached - self._start),
            )
        self._began = min(times)
        self._offsets.append(self._reached - self._began)
        for packet in held:
            yield self._moved(packet)

    def _moved(self, packet: Packet) -> Packet:
        offset = self._offsets[self._recording[packet.stream.index]]
        ticks = round(offset / packet.time_base)
        if packet.dts is not None:
            packet.dts += ticks
        if packet.pts is not None:
            packet.pts += ticks
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            self._reached = max(self._reached, end)
        return packet
