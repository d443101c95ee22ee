"""bench --stages: time spent in each step of the way from source to sink."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realtime_style.frames import Frame
from realtime_style.sinks.base import NullSink
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.mix import mix_label
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.stylize.temporal import TemporalSmoother

_MIN_FRAMES = 5
_MAX_FRAMES = 60
_ENCODE = "write: encode H.264"


@dataclass(frozen=True)
class StageResult:
    """Times of one stage for one frame."""

    stage: str
    mean_ms: float
    """Closing at the end included: an encoder still has pictures to write by then."""
    p50_ms: float
    p95_ms: float


def measure_stages(
    stylizer: Stylizer, pictures: Sequence[Frame], seconds: float, clock: Callable[[], float]
) -> list[StageResult]:
    """Run frames through the whole chain in its order, for `seconds` and 5 to 60 frames.

    From the pattern or an H.264 clip of the `pictures` (all of one size), through the network and
    the temporal smoother, to H.264 or nowhere.
    """
    from realtime_style.sinks.video_file import VideoWriter
    from realtime_style.sources.files import VideoSource

    height, width = pictures[0].shape[:2]
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
        with (
            VideoSource(clip) as source,
            NullSink() as nowhere,
            VideoWriter(Path(folder) / "painted.mp4", fps=30) as encoder,
        ):
            pattern, decoded = iter(TestPattern(width, height)), iter(source)
            for number in range(_MAX_FRAMES):
                if number >= _MIN_FRAMES and clock() > end:
                    break
                with timed("capture: test pattern"):
                    next(pattern)
                with timed("capture: decode H.264"):
                    frame = next(decoded)
                frame = frame[:height, :width]  # an odd size was encoded one pixel larger
                with timed(f"stylize: {mix_label(stylizer.mix)} on {stylizer.provider}"):
                    painted = stylizer(frame)
                with timed(f"steady: {smoother.amount:g}"):
                    smoother(frame, painted)
                with timed("write: null"):
                    nowhere.write(painted)
                with timed(_ENCODE):
                    encoder.write(painted)
            with timed("close"):
                encoder.close()
    (closing,) = times.pop("close")
    return [
        _stage_result(stage, values, closing if stage == _ENCODE else 0.0)
        for stage, values in times.items()
    ]


def _stage_result(stage: str, seconds: Sequence[float], closing: float) -> StageResult:
    values_ms = np.array(seconds) * 1000
    return StageResult(
        stage=stage,
        mean_ms=round(float(values_ms.sum() + closing * 1000) / len(values_ms), 3),
        p50_ms=round(float(np.median(values_ms)), 3),
        p95_ms=round(float(np.percentile(values_ms, 95)), 3),
    )
