"""The verb ``bench``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass

from realtime_style.cli.output import CommonOptions, print_result, say
from realtime_style.cli.parser import options_from
from realtime_style.stylize.options import DEFAULT_STYLE, Device
from realtime_style.system.declare import Options, Seconds, Size, option


@dataclass(frozen=True, kw_only=True)
class BenchOptions(Options):
    """What to measure, and for how long."""

    style: tuple[str, ...] = option(
        (DEFAULT_STYLE,),
        "styles to measure; the first is the one compared with",
        metavar="STYLE[@DEVICE]",
    )
    device: tuple[Device, ...] = option(("auto",), "devices for styles without @DEVICE")
    size: Size = option((640, 480), "frame size", metavar="WxH")
    seconds: Seconds = option(10.0, "time to measure for")


OPTIONS = (BenchOptions,)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """How fast styles paint here."""
    from realtime_style.diagnostics.bench import format_table, parse_entry, run_bench

    options = options_from(BenchOptions, args)
    entries = [parse_entry(spec, device) for spec in options.style for device in options.device]
    result = run_bench(
        list(dict.fromkeys(entries)),  # STYLE@DEVICE is the same for each of several devices
        size_wh=options.size,
        seconds=options.seconds,
        report=say,
    )
    print_result(common, asdict(result), format_table(result))
    return 0
