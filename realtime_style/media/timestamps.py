"""Clips whose clock starts again or leaps, as where recordings were put together byte by byte: played on from there."""

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
_LEAP_S = 10  # FFmpeg's own limit: what rises by more, in a format of broadcasts, was recorded later and is no still picture
_TOGETHER_S = (
    2  # within which all streams have come to the new clock; one that has not may have ended
)
_SUSPECTS = 2  # pictures before the joint that a transport stream calls corrupt, because its count of packets starts again, too


class TimestampFixer:
    """Gives all packets of a clip times of one clock."""

    def __init__(self, path: Path, start: Fraction, *, leaps: bool) -> None:
        """`start` is when the clip begins, in seconds on its own clock; with `leaps`, a clock may also go on much later."""
        self._path, self._start, self._leaps = path, start, leaps
        self.restarts = 0
        """How often the clip's own clock has started again so far."""
        self._offset = Fraction(0)
        self._offsets: dict[
            int, Fraction
        ] = {}  # by stream, the one in use; a stream may come late to the newest
        self._last: dict[int, Fraction] = {}  # by stream, on the clip's own clock
        self._reached = Fraction(0)

    def straighten(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The packets with the same times until the clock starts again, and from there on with times that go on."""
        fresh: list[
            Packet
        ] = []  # of the new clock, kept until the last packets of the old one have shown where it ends
        behind: set[int] = set()  # streams that are on the old clock still
        for packet in packets:
            index, time = packet.stream.index, _time(packet)
            if self._starts_again(index, time):
                if (
                    self._offsets.get(index, self._offset) != self._offset
                ):  # the other streams did so before
                    self._offsets[index] = self._offset
                    yield self._shifted(packet)
                else:
                    if index not in behind:
                        yield from self._go_on(fresh)
                        fresh, behind = [], set(self._last)
                    behind.discard(index)
                    fresh.append(packet)
            elif fresh and index not in behind:
                fresh.append(packet)
            else:
                yield self._shifted(packet)
            if time is not None:
                self._last[index] = time
            if fresh and (
                not behind
                or self._last[fresh[0].stream.index] > (_time(fresh[0]) or 0) + _TOGETHER_S
            ):
                yield from self._go_on(fresh)
                fresh, behind = [], set()
        yield from self._go_on(fresh)

    def _starts_again(self, index: int, time: Fraction | None) -> bool:
        return _is_joint(self._last.get(index), time, leaps=self._leaps)

    def _go_on(self, fresh: list[Packet]) -> Iterator[Packet]:
        """The packets of the new clock, behind all of the old one."""
        times = [time for packet in fresh if (time := _time(packet)) is not None]
        if not times:
            return
        self._offset = self._reached - min(times)
        if not self.restarts:
            at = float(self._reached - self._start)
            logger.warning(
                "the clock of %s starts again at %.1f s, as in joined clips: going on from there",
                self._path,
                at,
            )
        self.restarts += 1
        for packet in fresh:
            self._offsets[packet.stream.index] = self._offset
            yield self._shifted(packet)

    def _shifted(self, packet: Packet) -> Packet:
        ticks = round(
            self._offsets.setdefault(packet.stream.index, self._offset) / packet.time_base
        )
        if packet.dts is not None:
            packet.dts += ticks
        if packet.pts is not None:
            packet.pts += ticks
            self._reached = max(
                self._reached, (packet.pts + (packet.duration or 0)) * packet.time_base
            )
        return packet


def unmark_at_joins(packets: Iterable[Packet], pictures: int, *, leaps: bool) -> Iterator[Packet]:
    """The packets, those of the stream `pictures` no longer marked as corrupt where only a joint made them look so."""
    held: list[Packet] = []  # from the first suspect on
    last: Fraction | None = None
    for packet in packets:
        if packet.stream.index == pictures and (time := _time(packet)) is not None:
            joint = _is_joint(last, time, leaps=leaps)
            last = time
            if joint:
                for suspect in held:
                    suspect.is_corrupt = False
            if joint or sum(entry.stream.index == pictures for entry in held) > _SUSPECTS:
                yield from held
                held = []
            if packet.is_corrupt:
                held.append(packet)
                continue
        if held:
            held.append(packet)
        else:
            yield packet
    yield from held


def _is_joint(last: Fraction | None, time: Fraction | None, *, leaps: bool) -> bool:
    """Whether a stream's clock is another one after `last`."""
    if last is None or time is None:
        return False
    return time < last - _FALL_S or (leaps and time > last + _LEAP_S)


def _time(packet: Packet) -> Fraction | None:
    """When the packet is due for decoding, in seconds; times of display go back and forth."""
    return None if packet.dts is None else packet.dts * packet.time_base


def repair_dts(packets: Iterable[Packet]) -> Iterator[Packet]:
    """The packets; where FFmpeg made up a time of decoding from the one before, far from the time of display, that is it."""
    for packet in packets:
        if (
            packet.pts is not None
            and packet.dts is not None
            and (packet.pts - packet.dts) * packet.time_base > _LEAP_S
        ):
            packet.dts = packet.pts
        yield packet
