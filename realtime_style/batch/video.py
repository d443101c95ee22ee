"""Paint a clip: the same frames at the same times, with the same sound."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import OutputUnwritable
from realtime_style.frames import Frame
from realtime_style.media.video_open import check_video_file
from realtime_style.media.video_reader import VideoReader
from realtime_style.media.video_writer import VideoWriter, require_video_name
from realtime_style.pipeline.pipeline import in_order

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VideoSummary:
    """Result of painting a clip."""

    input: Path
    output: Path
    frames: int
    width: int
    """px, as stored: even."""
    height: int
    fps: float
    """Frames per second of the clip, not of the painting."""
    seconds: float
    """Time that the painting took."""
    audio_streams: int
    provider: str
    """Engine and device that painted."""


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
    """Paint every frame of `source` into `target`, an H.264 file that browsers play.

    `paint` takes and returns (H, W, 3) uint8 BGR; its results have one shape, which may differ from
    the clip's. `provider` is what it runs on, for the summary. `crf` is x264's quality, 1 (best) to
    51, `preset` its effort, ``ultrafast`` to ``veryslow``. `report(done, total)` is called after
    each frame, total None if unknown.

    Times of frames and sound are those of `source`; sound is copied where the format can hold it,
    else encoded to AAC. `target` appears when it is whole: on any error or Ctrl-C the old file
    stays. Raises VideoUnreadable for a `source` that is no video or is incomplete, OutputUnwritable
    for a `target` that cannot be written or is `source` itself.
    """
    started = time.perf_counter()
    check_video_paths(source, target)
    with (
        VideoReader(source) as clip,
        VideoWriter(target, like=clip, crf=crf, preset=preset) as out,
        closing(_painted(clip, paint)) as items,
    ):
        for number in clip.unreadable_audio:
            logger.warning(
                "sound stream %d of %s is in a format that this program cannot read: left out",
                number,
                source,
            )
        unit = clip.time_base
        for (item, _), painted in items:
            if painted is None:
                out.write_sound(item)
                continue
            out.write(painted, at_s=(item.pts or 0) * unit, shown_s=item.duration * unit)
            report(out.frames, clip.total)
    seconds = time.perf_counter() - started
    return VideoSummary(
        source,
        target,
        out.frames,
        *out.size,
        float(clip.rate),
        seconds,
        len(clip.audio),
        provider,
    )


def _painted(
    clip: VideoReader, paint: Callable[[Frame], Frame]
) -> Generator[tuple[tuple[Any, Frame | None], Frame | None]]:
    """Contents of a clip: frames with their pictures and paintings, packets of sound with None.

    The next frame is painted while the caller encodes this one.
    """
    import av

    items = (
        (item, clip.to_bgr(item) if isinstance(item, av.VideoFrame) else None)
        for item in clip.read()
    )
    return in_order(
        items,
        lambda item: paint(cast("Frame", item[1])),
        needs_work=lambda item: item[1] is not None,
    )


def check_video_paths(source: Path, target: Path) -> None:
    """Refuse what can be refused before anything is loaded.

    Raises VideoUnreadable if `source` is not a file, OutputUnwritable if `target` is no name of a
    video or is `source` itself, by whatever path.
    """
    check_video_file(source)
    require_video_name(target)
    if target.exists() and target.samefile(source):
        raise OutputUnwritable(
            f"{target} is the video to be painted itself; choose another name for the result"
        )
