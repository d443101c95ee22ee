"""The verb ``image``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from realtime_style.batch.options import ImageOptions
from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.cli.parser import options_from

OPTIONS = (ImageOptions,)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """Photographs in, paintings out."""
    from realtime_style.batch.run import run_images
    from realtime_style.system.progress import ProgressBar

    options = options_from(ImageOptions, args)
    with ProgressBar(None, "picture", options.output.name) as progress:
        summary = run_images(options, progress.of)
    lines = [f"{result.output}: {result.width}x{result.height}" for result in summary.results]
    print_result(common, asdict(summary), "\n".join([*lines, f"painted with {summary.provider}"]))
    return 0
