"""The verb ``doctor``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from typing import Annotated

from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.cli.parser import options_from
from realtime_style.engines.table import DEVICES
from realtime_style.system.declare import Options, one_of, option


@dataclass(frozen=True, kw_only=True)
class DoctorOptions(Options):
    """What has to work."""

    require: Annotated[str, one_of(*DEVICES[1:])] | None = option(
        None, "exit with 1 unless this device can be used"
    )


OPTIONS = (DoctorOptions,)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """What works on this machine, and why the rest does not."""
    from realtime_style.diagnostics.doctor import examine, format_report

    found = examine(require=options_from(DoctorOptions, args).require)
    print_result(common, asdict(found), format_report(found))
    return 0 if found.ok else 1
