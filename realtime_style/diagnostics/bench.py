"""bench: how fast styles paint on this machine.

Machines drift: they heat up, and other programs come and go. So all entries run in turn, one frame
each per round, and are compared within the rounds; figures of two separate runs would compare the
state of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from realtime_style.engines.table import DEVICES
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.sources.pattern import TestPattern
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.system.machine import Machine, describe_machine

MIN_ROUNDS = 5
_PICTURES = 8  # different frames to paint, made before the clock starts


@dataclass(frozen=True)
class BenchEntry:
    """A style on a device."""

    style: str
    """As ``--style`` takes it."""
    device: str = "auto"

    @property
    def label(self) -> str:
        """``STYLE@DEVICE``, what :func:`parse_entry` reads."""
        return f"{self.style}@{self.device}"


@dataclass(frozen=True)
class EntryResult:
    """Times of one entry for one frame."""

    style: str
    device: str
    """As ``--device`` takes it."""
    provider: str
    """Device and library it really ran on."""
    fallback: str | None
    """Reason ``auto`` did not take a better device, or None."""
    warm_up_s: float
    """Loading, compiling and painting the first frame; not part of the other figures."""
    frames: int
    p50_ms: float
    p95_ms: float
    min_ms: float
    fps: float
    """1000 / p50_ms: the rate of a loop that does nothing but paint."""
    times_faster: float
    """Median time of the first entry over that of this one; 1 for the first."""
    times_faster_per_round: float
    """The median of the ratios in each round, which hardly changes on a machine that drifts."""


@dataclass(frozen=True)
class BenchResult:
    """A whole run, as plain values: ``json.dumps(asdict(result))`` works."""

    machine: Machine
    width: int
    height: int
    rounds: int
    seconds: float
    """Time spent measuring, without warming up."""
    entries: tuple[EntryResult, ...]


def parse_entry(spec: str, default_device: str = "auto") -> BenchEntry:
    """Parse ``STYLE`` or ``STYLE@DEVICE``. An ``@`` before no device is part of a path."""
    style, at, device = spec.rpartition("@")
    if at and style and device in DEVICES:
        return BenchEntry(style, device)
    return BenchEntry(spec, default_device)


def run_bench(
    entries: Sequence[BenchEntry],
    *,
    size_wh: tuple[int, int] = (640, 480),
    seconds: float = 10.0,
    report: Callable[[str], None] = lambda words: None,
    clock: Callable[[], float] = time.perf_counter,
) -> BenchResult:
    """Paint frames of `size_wh` px with each entry in turn, for `seconds` and at least five rounds.

    `report` is called with lines on the progress. Raises StyleError and DeviceUnavailable for
    entries that cannot run here.
    """
    if not entries:
        raise ValueError("nothing to measure: give at least one entry")
    width, height = size_wh
    machine = describe_machine()
    pattern = TestPattern(width, height)
    pictures = [pattern.picture(7 * number) for number in range(_PICTURES)]
    with ExitStack() as stack:
        stylizers, warm_ups = [], []
        for entry in entries:
            began = clock()
            stylizer = stack.enter_context(
                Stylizer(entry.style, device=entry.device, specialize="never")
            )
            stylizer.warm_up(width, height)
            warm_ups.append(clock() - began)
            _specialize(stylizer, width, height, report)
            stylizers.append(stylizer)
            report(f"{entry.label}: warm-up {warm_ups[-1]:.2f} s on {stylizer.provider}")
        began = clock()
        times = _run_rounds(stylizers, pictures, seconds, clock)
        took = clock() - began
        report(f"{times.shape[1]} rounds in {took:.1f} s")
        results = [
            _entry_result(entry, stylizer, warm_up, own, times[0])
            for entry, stylizer, warm_up, own in zip(
                entries, stylizers, warm_ups, times, strict=True
            )
        ]
    return BenchResult(machine, width, height, times.shape[1], round(took, 2), tuple(results))


def _specialize(stylizer: Stylizer, width: int, height: int, report: Callable[[str], None]) -> None:
    """Prepare the faster network, as a stream does after a moment, if memory suffices."""
    try:
        stylizer.specialize(width, height)
    except RealtimeStyleError as error:
        report(f"measured without the faster network: {error}")


def format_table(result: BenchResult) -> str:
    """The result as a table for people."""
    entries: list[tuple[str, ...]] = [
        (
            "style",
            "device",
            "runs on",
            "warm-up s",
            "p50 ms",
            "p95 ms",
            "min ms",
            "fps",
            "times as fast",
        )
    ]
    for entry in result.entries:
        figures = (
            f"{value:.1f}" for value in (entry.p50_ms, entry.p95_ms, entry.min_ms, entry.fps)
        )
        faster = f"{entry.times_faster_per_round:.2f}"
        entries.append(
            (entry.style, entry.device, entry.provider, f"{entry.warm_up_s:.2f}", *figures, faster)
        )
    lines = [
        f"{result.machine.one_line()}",
        f"{result.width}x{result.height}, {result.rounds} rounds of one frame each in "
        f"{result.seconds:.1f} s",
        "",
        *_align(entries, text_columns=3),
    ]
    if len(result.entries) > 1:
        first = result.entries[0]
        lines.append(f"times as fast: as {first.style} on {first.provider}, median over the rounds")
    lines += [
        f"note: {entry.device} could not take something faster: {entry.fallback}"
        for entry in result.entries
        if entry.fallback
    ]
    return "\n".join(lines)


def _run_rounds(
    stylizers: Sequence[Stylizer],
    pictures: Sequence[Frame],
    seconds: float,
    clock: Callable[[], float],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Seconds for each stylizer (row) and round (column)."""
    rounds: list[list[float]] = []
    end = clock() + seconds
    while len(rounds) < MIN_ROUNDS or clock() < end:
        picture = pictures[len(rounds) % len(pictures)]
        took = [0.0] * len(stylizers)
        for turn in range(len(stylizers)):
            # Each round starts with another one, so that none always follows the same neighbour.
            number = (turn + len(rounds)) % len(stylizers)
            began = clock()
            stylizers[number](picture)
            took[number] = clock() - began
        rounds.append(took)
    return np.array(rounds).T


def _entry_result(
    entry: BenchEntry,
    stylizer: Stylizer,
    warm_up: float,
    own: np.ndarray[tuple[int], np.dtype[np.float64]],
    first: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> EntryResult:
    own, first = np.maximum(own, 1e-9), np.maximum(first, 1e-9)
    median = float(np.median(own))
    return EntryResult(
        style=entry.style,
        device=entry.device,
        provider=stylizer.provider,
        fallback=stylizer.fallback,
        warm_up_s=round(warm_up, 3),
        frames=len(own),
        p50_ms=_ms(median),
        p95_ms=_ms(float(np.percentile(own, 95))),
        min_ms=_ms(float(own.min())),
        fps=round(1 / median, 2),
        times_faster=round(float(np.median(first)) / median, 3),
        times_faster_per_round=round(float(np.median(first / own)), 3),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _align(rows: Sequence[tuple[str, ...]], *, text_columns: int) -> list[str]:
    """Pad columns to their widest cell; the first `text_columns` flush left, numbers right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < text_columns else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
