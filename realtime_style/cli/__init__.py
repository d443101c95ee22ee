"""The command line: one module for each verb, errors to exit codes.

Exit codes: 0 done, 1 expected failure (one line on stderr), 2 wrong usage, 130 Ctrl-C, 143 SIGTERM,
129 SIGHUP, 75 a kiosk without a watchdog that asks to be started again. A module of a verb has
``OPTIONS``, the dataclasses that declare its options, and ``run``. It is imported when the verb is
typed, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from realtime_style import __version__
from realtime_style.errors import RealtimeStyleError
from realtime_style.system.signals import sigterm_as_interrupt

if TYPE_CHECKING:
    from realtime_style.cli.output import CommonOptions

VERBS = {
    "webcam": "show the camera's picture painted, live; h shows the keys",
    "video": "paint every frame of a video; sound and timing stay as they are",
    "image": "paint photographs",
    "styles": "list the styles that --style knows by name",
    "kiosk": "fill a touch screen for visitors, who play and take a picture home; runs unattended",
    "train": "make a style file from one or more paintings",
    "bench": "measure how fast styles paint on this machine, several in turn in one run",
    "doctor": "show what works on this machine, and why the rest does not",
}
"""Names of the verbs, which are those of their modules, and their help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    args = build_parser([word for word in words if word in VERBS]).parse_args(words)
    args.words = words  # for the kiosk's watchdog, which starts the same command
    import logging

    from realtime_style.cli.output import CommonOptions
    from realtime_style.cli.parser import options_from

    common = options_from(CommonOptions, args)
    if isinstance(sys.stdout, TextIOWrapper):
        # A file name that the terminal cannot print must not turn success into a crash.
        sys.stdout.reconfigure(errors="backslashreplace")
    logging.basicConfig(
        level=logging.DEBUG if common.debug else logging.WARNING,
        format="realtime-style: %(message)s",
        force=True,
    )
    if args.verb == "kiosk":  # handles SIGTERM itself
        return _run(args, common)
    with sigterm_as_interrupt() as signals:
        code = _run(args, common)
        return 128 + signals[0] if signals else code


def build_parser(verbs: Collection[str] = VERBS) -> argparse.ArgumentParser:
    """The parser of ``realtime-style``; the options of all `verbs` but these are left out."""
    parser = argparse.ArgumentParser(
        prog="realtime-style",
        description="Turn a camera, a video or a photograph into a painting, live.",
    )
    parser.add_argument("--version", action="version", version=f"realtime-style {__version__}")
    added = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, summary in VERBS.items():
        child = added.add_parser(
            verb, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        if verb in verbs:
            _add_options(child, verb)
    return parser


def _add_options(parser: argparse.ArgumentParser, verb: str) -> None:
    from realtime_style.cli.output import CommonOptions
    from realtime_style.cli.parser import add_options

    module = _module(verb)
    for options in (*module.OPTIONS, CommonOptions):
        add_options(parser, options)


def _module(verb: str) -> Any:
    return import_module(f"realtime_style.cli.{verb}")


def _run(args: argparse.Namespace, common: CommonOptions) -> int:
    from realtime_style.cli.output import say

    try:
        code: int = _module(args.verb).run(args, common)
        return code
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except BrokenPipeError:  # the reader of the output has gone, e.g. `| head`
        sys.stderr.close()
        return 1
    except (RealtimeStyleError, OSError) as error:
        if common.debug:
            raise
        say(f"error: {error}")
        return 1
