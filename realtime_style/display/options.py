"""Options of the display. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass

from realtime_style.display.geometry import Fit
from realtime_style.system.declare import Count, Options, option


@dataclass(frozen=True, kw_only=True)
class DisplayOptions(Options):
    """How the picture fills the screen."""

    fullscreen: bool = option(False, "fill the screen")
    fit: Fit = option(
        "contain", "show the whole picture on black (contain), or fill the screen and crop (cover)"
    )
    monitor: Count = option(0, "monitor to show the picture on, counted from 0", metavar="N")
