"""Options of ``realtime-style kiosk``. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from realtime_style.system.declare import Options, Seconds, option


@dataclass(frozen=True, kw_only=True)
class KioskOptions(Options):
    """How to start a kiosk; the rest is in its settings."""

    settings: Path | None = option(
        None, "settings, all of them optional", metavar="KIOSK.toml", positional=True
    )
    camera: str | None = option(
        None, "in place of the camera in the settings: number or device, a video file, or pattern"
    )
    seconds: Seconds | None = option(None, "stop after this time")
    watchdog: bool = option(
        True,
        "start the kiosk again when it crashes or hangs; without it, a restart exits with 75",
    )
    secrets: bool = option(False, "ask for a PIN, print the lines of [host] for it, and exit")
