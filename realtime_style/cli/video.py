"""The verb ``video``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from realtime_style.batch.options import VideoOptions
from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.cli.parser import options_from

OPTIONS = (VideoOptions,)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """Video in, the same video painted."""
    from realtime_style.batch.run import run_video
    from realtime_style.system.progress import ProgressBar

    options = options_from(VideoOptions, args)
    with ProgressBar(None, "frame", options.output.name) as progress:
        summary = run_video(options, progress.of)
    print_result(
        common,
        asdict(summary),
        f"{options.output}: {summary.frames} frames, {summary.width}x{summary.height}, painted at "
        f"{summary.frames / summary.seconds:.1f} fps with {summary.provider}",
    )
    return 0
