"""What every verb prints: results on stdout, messages for people on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from realtime_style.system.declare import Options, option


@dataclass(frozen=True, kw_only=True)
class CommonOptions(Options):
    """Options of every verb."""

    json: bool = option(False, "print the result as JSON")
    debug: bool = option(False, "show the full traceback of an error")


def print_result(common: CommonOptions, values: Any, text: str) -> None:
    """Print `values` as JSON, or the text that says the same to people."""
    print(json.dumps(values, indent=2, default=str) if common.json else text)


def say(message: str) -> None:
    """Print a message in one line on stderr: file names may have line breaks in them."""
    with suppress(OSError):  # the terminal has been closed
        print(f"realtime-style: {' '.join(message.splitlines())}", file=sys.stderr)
