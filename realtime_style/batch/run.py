"""The verbs ``video`` and ``image``: open a stylizer, then paint."""

from __future__ import annotations

import logging
from collections.abc import Callable

from realtime_style.batch.images import ImageSummary, stylize_images
from realtime_style.batch.options import ImageOptions, VideoOptions
from realtime_style.batch.video import VideoSummary, check_video_paths, stylize_video
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.stylize.options import PaintOptions
from realtime_style.stylize.specialize import SpecializeMode
from realtime_style.stylize.stylizer import Stylizer

log = logging.getLogger(__name__)

Report = Callable[[int, int | None], None]
"""Called after each frame or image with the number done and the total, None where unknown."""


def run_video(options: VideoOptions, report: Report) -> VideoSummary:
    """Paint a video; see :func:`stylize_video`."""
    check_video_paths(options.input, options.output)

    def paint(frame: Frame) -> Frame:
        return stylizer(fit_within(frame, options.max_size) if options.max_size else frame)

    with _open_stylizer(options, options.steadiness, "immediately") as stylizer:
        return stylize_video(
            options.input,
            options.output,
            paint,
            provider=stylizer.provider,
            crf=options.crf,
            preset=options.preset,
            report=report,
        )


def run_images(options: ImageOptions, report: Report) -> ImageSummary:
    """Paint photographs; see :func:`stylize_images`."""
    with _open_stylizer(options, 0.0, "never") as stylizer:
        return stylize_images(
            options.inputs,
            options.output,
            stylizer,
            provider=stylizer.provider,
            max_size=options.max_size,
            report=report,
        )


def _open_stylizer(
    options: PaintOptions, steadiness: float, specialize: SpecializeMode
) -> Stylizer:
    stylizer = Stylizer(
        options.style,
        device=options.device,
        strength=options.strength,
        steadiness=steadiness,
        keep_colours=options.keep_colours,
        specialize=specialize,
    )
    if stylizer.fallback:
        log.warning("note: --device auto could not take something faster: %s", stylizer.fallback)
    return stylizer
