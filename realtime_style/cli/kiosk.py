"""The verb ``kiosk``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from getpass import getpass

from realtime_style.cli.output import CommonOptions, print_result, say
from realtime_style.cli.parser import options_from
from realtime_style.errors import DisplayUnavailable, RealtimeStyleError
from realtime_style.kiosk.options import KioskOptions

OPTIONS = (KioskOptions,)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """A screen for visitors that runs unattended."""
    try:
        from realtime_style.kiosk.build import sole_picture_store
        from realtime_style.kiosk.supervision.watchdog import guard, is_watched
    except ImportError as error:
        raise RealtimeStyleError(
            f'the kiosk needs more packages ({error}); pip install "realtime-style[kiosk]"'
        ) from error
    options = options_from(KioskOptions, args)
    if options.secrets:
        return _print_secrets()
    if is_watched():
        return _run_watched(options, common)
    with sole_picture_store(options.settings) as pictures:
        return guard(args.words, pictures) if options.watchdog else _run(options, common)


def _run(options: KioskOptions, common: CommonOptions) -> int:
    from realtime_style.kiosk.build import run_kiosk

    kiosk = run_kiosk(options)
    counters = kiosk.counters
    print_result(
        common,
        asdict(counters),
        f"visitors: {counters.visitors}, pictures taken home: {counters.pictures}",
    )
    return kiosk.ending or 0


def _run_watched(options: KioskOptions, common: CommonOptions) -> int:
    """Run as the child of a watchdog, which owns the picture store and reports Ctrl-C."""
    from realtime_style.kiosk.supervision.watchdog import UNAVAILABLE

    try:
        return _run(options, common)
    except KeyboardInterrupt:
        return 130
    except DisplayUnavailable as error:
        say(f"error: {error}")
        return UNAVAILABLE


def _print_secrets() -> int:
    from realtime_style.kiosk.build import new_secrets

    try:
        pin = getpass("New PIN, 4 to 12 digits: ")
    except EOFError as error:
        raise RealtimeStyleError(
            "no PIN was typed; run kiosk --secrets in a terminal and type 4 to 12 digits"
        ) from error
    print(new_secrets(pin))
    return 0
