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
        from realtime_style.kiosk import build
        from realtime_style.kiosk.supervision import heartbeat, watchdog
    except ImportError as error:
        raise RealtimeStyleError(
            f'the kiosk needs more packages ({error}); pip install "realtime-style[kiosk]"'
        ) from error
    options = options_from(KioskOptions, args)

    def run_kiosk() -> int:
        kiosk = build.run_kiosk(options)
        counters = kiosk.counters
        print_result(
            common,
            asdict(counters),
            f"visitors: {counters.visitors}, pictures taken home: {counters.pictures}",
        )
        return kiosk.ending or 0

    if options.secrets:
        print(build.new_secrets(_ask_pin()))
        return 0
    if not heartbeat.is_watched():
        with build.sole_picture_store(options.settings) as pictures:
            return watchdog.guard(args.words, pictures) if options.watchdog else run_kiosk()
    try:
        return run_kiosk()
    except KeyboardInterrupt:  # the watchdog, which owns the picture store, reports it
        return 130
    except DisplayUnavailable as error:
        say(f"error: {error}")
        return heartbeat.UNAVAILABLE


def _ask_pin() -> str:
    try:
        return getpass("New PIN, 4 to 12 digits: ")
    except EOFError as error:
        raise RealtimeStyleError(
            "no PIN was typed; run kiosk --secrets in a terminal and type 4 to 12 digits"
        ) from error
