"""``python -m benchmarks.kiosk ACT``: the kiosk over hours, its pace, and pictures of its screens.

Exit codes are those of ``realtime-style``: 0 done, 1 expected failure, 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime_style.errors import RealtimeStyleError
from realtime_style.system.signals import sigterm_as_interrupt


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m benchmarks.kiosk``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kiosk", description="Measure the kiosk, and show its screens."
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")

    screens = acts.add_parser(
        "screens", help="take pictures of the kiosk's screens: needs Xvfb, xdotool and ImageMagick"
    )
    screens.add_argument("clip", type=Path, help="video file in the place of a camera")
    screens.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("docs/kiosk"),
        metavar="DIR",
        help="default docs/kiosk",
    )

    soak = acts.add_parser(
        "soak", help="measure a kiosk over many visitors: needs Linux, Xvfb and xdotool"
    )
    soak.add_argument("clip", type=Path, help="video file in the place of a camera")
    soak.add_argument("--minutes", type=float, default=10.0, help="of visitors, default 10")
    soak.add_argument(
        "--clients", type=int, default=200, help="phones at once, afterwards; default 200"
    )

    pace = acts.add_parser("pace", help="measure how fast the kiosk is beside webcam: needs Xvfb")
    pace.add_argument(
        "clip", type=Path, help="video file in the place of a camera, best of 60 frames a second"
    )
    pace.add_argument("--rounds", type=int, default=3, help="default 3")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one act; returns the exit code."""
    args = build_parser().parse_args(argv)
    act = {"screens": show_screens, "soak": hold_out, "pace": race}[args.act]
    try:
        with sigterm_as_interrupt():  # a soak that is ended must not leave its kiosk running
            return act(args)
    except KeyboardInterrupt:
        print("benchmarks: interrupted", file=sys.stderr)
        return 130
    except (RealtimeStyleError, OSError) as error:
        print(f"benchmarks: error: {error}", file=sys.stderr)
        return 1


def show_screens(args: argparse.Namespace) -> int:
    """Take pictures of the kiosk's screens."""
    from benchmarks.kiosk.screens import write_screens

    args.output.mkdir(parents=True, exist_ok=True)
    for path in write_screens(args.clip, args.output):
        print(path)
    return 0


def hold_out(args: argparse.Namespace) -> int:
    """Print measurements of a kiosk over minutes of visitors, and under a crowd of phones."""
    from benchmarks.kiosk.soak import crowd, soak

    print("minute  memory MB  threads  handles  fps   pictures")
    for now in soak(args.clip, args.minutes):
        print(
            f"{now.minutes:6.1f}  {now.memory_mb:9.1f}  {now.threads:7}  {now.handles:7}  "
            f"{now.fps:4.1f}  {now.pictures:8}",
            flush=True,
        )
    alone, together, answers = crowd(args.clip, args.clients)
    print(
        f"{alone:.1f} fps alone, {together:.1f} fps with {args.clients} phones, "
        f"which got {answers} answers"
    )
    return 0


def race(args: argparse.Namespace) -> int:
    """Print frames per second of webcam and kiosk, in turn."""
    from benchmarks.kiosk.soak import pace

    for webcam, kiosk in pace(args.clip, args.rounds):
        print(
            f"webcam {webcam:.1f} fps, kiosk {kiosk:.1f} fps: {kiosk / webcam - 1:+.1%}", flush=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
