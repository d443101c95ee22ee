"""The verb ``webcam``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.cli.parser import options_from
from realtime_style.webcam.options import WebcamOptions

OPTIONS = (WebcamOptions,)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """Camera in, painted picture on screen."""
    from realtime_style.webcam.app import run_webcam

    summary = run_webcam(options_from(WebcamOptions, args))
    saved = "".join(f"saved {path}\n" for path in [*summary.snapshots, *summary.recordings])
    print_result(
        common,
        asdict(summary),
        f"{saved}{summary.frames} frames in {summary.seconds:.1f} s: {summary.fps:.1f} fps, "
        f"{summary.dropped} dropped, {summary.provider}",
    )
    return 0
