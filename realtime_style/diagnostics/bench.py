"""How fast styles paint on this machine.

Machines drift: they heat up, and other programs come and go. So all entries are run in turn, one frame each per round,
and compared within the rounds; figures from two separate runs would compare the weather.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realtime_style.engines.devices import DEVICES
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.mix import mix_label, parse_mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.stylize.temporal import TemporalSmoother
from realtime_style.system.machine import Machine, describe_machine

LEAST_ROUNDS = 5
_PICTURES = 8  # different frames to paint, made before the clock starts
_STAGE_FRAMES = 60


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
    """What one entry took; times for one frame."""

    style: str
    device: str
    """As asked for."""
    provider: str
    """What it really ran on."""
    fallback: str | None
    """Why ``auto`` did not take a better device."""
    warm_up_s: float
    """To load, compile and paint the first frame, not part of the other figures."""
    frames: int
    p50_ms: float
    p95_ms: float
    min_ms: float
    fps: float
    """1000 / p50_ms: what a loop would reach that does nothing but paint."""
    times_faster: float
    """Than the first entry, by the medians; 1 for the first."""
    times_faster_per_round: float
    """The same, as the median of the ratios in each round: hardly moved by a machine that drifts."""


@dataclass(frozen=True)
class StageResult:
    """What one stage of the chain took; times for one frame."""

    stage: str
    mean_ms: float
    """With what closing costs at the end: an encoder still has pictures to write by then."""
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class BenchResult:
    """A whole run. Everything in it is plain: ``json.dumps(asdict(result))`` works."""

    machine: Machine
    width: int
    height: int
    rounds: int
    seconds: float
    """Of measuring, without warming up."""
    entries: tuple[EntryResult, ...]
    stages: tuple[StageResult, ...]
    """Where the time goes from source to sink, with the first entry's style; empty unless asked for."""


def parse_entry(spec: str, default_device: str = "auto") -> BenchEntry:
    """``STYLE`` or ``STYLE@DEVICE`` as an entry. An ``@`` that no device follows belongs to the style's path."""
    style, at, device = spec.rpartition("@")
    if at and style and device in DEVICES:
        return BenchEntry(style, device)
    return BenchEntry(spec, default_device)


def run_bench(
    entries: Sequence[BenchEntry],
    *,
    size_wh: tuple[int, int] = (640, 480),
    seconds: float = 10.0,
    stages: bool = False,
    report: Callable[[str], None] = lambda words: None,
    clock: Callable[[], float] = time.perf_counter,
) -> BenchResult:
    """Paint frames of `size_wh` px with each entry in turn, until `seconds` have passed and five rounds are done.

    With `stages` the chain around the network is measured, too, for about as long again. `report` is told what is going
    on, one line at a time. Raises StyleError and DeviceUnavailable for entries that cannot run here.
    """
    if not entries:
        raise ValueError("nothing to measure: give at least one entry")
    width, height = size_wh
    machine = describe_machine()
    pattern = TestPattern(width, height)
    pictures = [pattern.picture(7 * number) for number in range(_PICTURES)]
    with ExitStack() as stack:
        painters, warm_ups = [], []
        for entry in entries:
            began = clock()
            painter = stack.enter_context(
                Stylizer(parse_mix(entry.style), device=entry.device, specializing="never")
            )
            painter.warm_up(width, height)
            warm_ups.append(clock() - began)
            _specialize(painter, width, height, report)
            painters.append(painter)
            report(f"{entry.label}: warm-up {warm_ups[-1]:.2f} s on {painter.provider}")
        began = clock()
        times = _run_rounds(painters, pictures, seconds, clock)
        took = clock() - began
        report(f"{times.shape[1]} rounds in {took:.1f} s")
        results = [
            _entry_result(entry, painter, warm_up, own, times[0])
            for entry, painter, warm_up, own in zip(entries, painters, warm_ups, times, strict=True)
        ]
        found = _measure_stages(painters[0], pictures, seconds, clock) if stages else []
    return BenchResult(
        machine, width, height, times.shape[1], round(took, 2), tuple(results), tuple(found)
    )


def _specialize(painter: Stylizer, width: int, height: int, report: Callable[[str], None]) -> None:
    """As a stream does after a moment, where there is the memory for it."""
    try:
        painter.specialize(width, height)
    except RealtimeStyleError as error:
        report(f"measured as in its first moments: {error}")


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
        f"{result.width}x{result.height}, {result.rounds} rounds of one frame each in {result.seconds:.1f} s",
        "",
        *_align(entries, text_columns=3),
    ]
    if len(result.entries) > 1:
        first = result.entries[0]
        lines.append(f"times as fast: as {first.style} on {first.provider}, median over the rounds")
    if result.stages:
        stages: list[tuple[str, ...]] = [("stage", "mean ms", "p50 ms", "p95 ms")]
        stages += [
            (s.stage, f"{s.mean_ms:.1f}", f"{s.p50_ms:.1f}", f"{s.p95_ms:.1f}")
            for s in result.stages
        ]
        lines += ["", *_align(stages, text_columns=1)]
    lines += [
        f"note: {entry.device} could not take something faster: {entry.fallback}"
        for entry in result.entries
        if entry.fallback
    ]
    return "\n".join(lines)


def _run_rounds(
    painters: Sequence[Stylizer],
    pictures: Sequence[Frame],
    seconds: float,
    clock: Callable[[], float],
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Seconds for each painter (row) and round (column)."""
    rounds: list[list[float]] = []
    end = clock() + seconds
    while len(rounds) < LEAST_ROUNDS or clock() < end:
        picture = pictures[len(rounds) % len(pictures)]
        took = [0.0] * len(painters)
        for turn in range(len(painters)):
            # Each round starts with another one, so that none always runs in the wake of the same neighbour.
            number = (turn + len(rounds)) % len(painters)
            began = clock()
            painters[number](picture)
            took[number] = clock() - began
        rounds.append(took)
    return np.array(rounds).T


def _entry_result(
    entry: BenchEntry,
    painter: Stylizer,
    warm_up: float,
    own: np.ndarray[tuple[int], np.dtype[np.float64]],
    first: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> EntryResult:
    own, first = np.maximum(own, 1e-9), np.maximum(first, 1e-9)
    median = float(np.median(own))
    return EntryResult(
        style=entry.style,
        device=entry.device,
        provider=painter.provider,
        fallback=painter.fallback,
        warm_up_s=round(warm_up, 3),
        frames=len(own),
        p50_ms=_ms(median),
        p95_ms=_ms(float(np.percentile(own, 95))),
        min_ms=_ms(float(own.min())),
        fps=round(1 / median, 2),
        times_faster=round(float(np.median(first)) / median, 3),
        times_faster_per_round=round(float(np.median(first / own)), 3),
    )


def _measure_stages(
    painter: Stylizer, pictures: Sequence[Frame], seconds: float, clock: Callable[[], float]
) -> list[StageResult]:
    """The chain in its real order, frame by frame: from pattern or H.264 clip, through the network, to H.264 or nowhere."""
    from realtime_style.media.video_writer import VideoWriter
    from realtime_style.sinks.base import NullSink
    from realtime_style.sources.files import VideoSource

    height, width = pictures[0].shape[:2]
    steadier = TemporalSmoother()
    stages: dict[str, list[float]] = {}

    def timed(stage: str, began: float) -> None:
        stages.setdefault(stage, []).append(clock() - began)

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "source.mp4"
        with VideoWriter(clip, fps=30) as sink:
            for picture in TestPattern(width, height, frames=_STAGE_FRAMES):
                sink.write(picture)
        end = clock() + seconds
        with (
            VideoSource(clip) as source,
            NullSink() as nowhere,
            VideoWriter(Path(folder) / "painted.mp4", fps=30) as encoder,
        ):
            pattern = iter(TestPattern(width, height))
            decoded = iter(source)
            for number in range(_STAGE_FRAMES):
                if number >= LEAST_ROUNDS and clock() > end:
                    break
                began = clock()
                next(pattern)
                timed("capture: test pattern", began)
                began = clock()
                frame = next(decoded)[:height, :width]  # an odd size was encoded one pixel larger
                timed("capture: decode H.264", began)
                began = clock()
                painted = painter(frame)
                timed(f"stylize: {mix_label(painter.mix)} on {painter.provider}", began)
                began = clock()
                steadier(frame, painted)
                timed(f"steady: {steadier.amount:g}", began)
                began = clock()
                nowhere.write(painted)
                timed("write: null", began)
                began = clock()
                encoder.write(painted)
                timed("write: encode H.264", began)
            began = clock()
            encoder.close()
            flush = clock() - began
    return [
        _stage_result(stage, times, flush if stage == "write: encode H.264" else 0.0)
        for stage, times in stages.items()
    ]


def _stage_result(stage: str, times: Iterable[float], closing: float) -> StageResult:
    values = np.array(list(times))
    return StageResult(
        stage=stage,
        mean_ms=_ms((float(values.sum()) + closing) / len(values)),
        p50_ms=_ms(float(np.median(values))),
        p95_ms=_ms(float(np.percentile(values, 95))),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _align(rows: Sequence[tuple[str, ...]], *, text_columns: int) -> list[str]:
    """Columns as wide as their widest cell; the first `text_columns` flush left, numbers flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < text_columns else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
