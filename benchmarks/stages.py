"""``python -m benchmarks.stages``: the time of each stage of a frame, from source to sink.

The frames of a pattern or an H.264 clip go through the network and the temporal smoother to H.264,
one after the other in one thread, so that the stages do not disturb each other.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)
import numpy as np

from realtime_style.engines.table import DEVICES, device_help
from realtime_style.errors import RealtimeStyleError
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sources.files import VideoSource
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.mix import mix_label
from realtime_style.stylize.options import DEFAULT_STYLE
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.stylize.temporal import TemporalSmoother
from realtime_style.system.machine import describe_machine

_MIN_FRAMES = 5
_MAX_FRAMES = 60
_ENCODE = "encode H.264"


@dataclass(frozen=True)
class StageResult:
    """Times of one stage for one frame."""

    stage: str
    mean_ms: float
    """Closing at the end included: an encoder still has pictures to write by then."""
    p50_ms: float
    p95_ms: float


def measure_stages(
    stylizer: Stylizer,
    size_wh: tuple[int, int],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> list[StageResult]:
    """Run frames of `size_wh` px through the whole chain for `seconds`, 5 to 60 frames."""
    width, height = size_wh
    smoother = TemporalSmoother()
    times: dict[str, list[float]] = {}

    @contextmanager
    def timed(stage: str) -> Iterator[None]:
        began = clock()
        yield
        times.setdefault(stage, []).append(clock() - began)

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "source.mp4"
        with VideoWriter(clip, fps=30) as writer:
            for picture in TestPattern(width, height, frames=_MAX_FRAMES):
                writer.write(picture)
        end = clock() + seconds
        painted_clip = Path(folder) / "painted.mp4"
        with VideoSource(clip) as source, VideoWriter(painted_clip, fps=30) as encoder:
            pattern, decoded = iter(TestPattern(width, height)), iter(source)
            for number in range(_MAX_FRAMES):
                if number >= _MIN_FRAMES and clock() > end:
                    break
                with timed("make the test pattern"):
                    next(pattern)
                with timed("decode H.264"):
                    frame = next(decoded)
                frame = frame[:height, :width]  # an odd size was encoded one pixel larger
                with timed(f"stylize: {mix_label(stylizer.mix)} on {stylizer.provider}"):
                    painted = stylizer(frame)
                with timed(f"smooth: {smoother.amount:g}"):
                    smoother(frame, painted)
                with timed(_ENCODE):
                    encoder.write(painted)
            with timed("close"):
                encoder.close()
    (closing,) = times.pop("close")
    return [
        _result(stage, values, closing if stage == _ENCODE else 0.0)
        for stage, values in times.items()
    ]


def _result(stage: str, seconds: Sequence[float], closing: float) -> StageResult:
    values_ms = np.array(seconds) * 1000
    return StageResult(
        stage=stage,
        mean_ms=float(values_ms.sum() + closing * 1000) / len(values_ms),
        p50_ms=float(np.median(values_ms)),
        p95_ms=float(np.percentile(values_ms, 95)),
    )


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m benchmarks.stages``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stages", description="Time each stage of a frame."
    )
    parser.add_argument("--style", default=DEFAULT_STYLE, help="as for realtime-style bench")
    parser.add_argument("--device", choices=DEVICES, default="auto", help=device_help())
    parser.add_argument("--width", type=int, default=640, help="px, default 640")
    parser.add_argument("--height", type=int, default=480, help="px, default 480")
    parser.add_argument("--seconds", type=float, default=10.0, help="default 10")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print a table; returns the exit code."""
    args = build_parser().parse_args(argv)
    size_wh = args.width, args.height
    try:
        with Stylizer(args.style, device=args.device) as stylizer:
            stylizer.warm_up(*size_wh)
            results = measure_stages(stylizer, size_wh, args.seconds)
    except RealtimeStyleError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{describe_machine().one_line()}, {args.width}x{args.height}")
    column = max(len(result.stage) for result in results)
    print(f"{'stage':<{column}}  mean ms   p50 ms   p95 ms")
    for result in results:
        times = result.mean_ms, result.p50_ms, result.p95_ms
        print(f"{result.stage:<{column}}" + "".join(f"{value:9.1f}" for value in times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
