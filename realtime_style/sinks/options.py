"""Options of the screen. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from realtime_style.system.declare import Count, Options, option


@dataclass(frozen=True, kw_only=True)
class DisplayOptions(Options):
    """How the picture fills the screen."""

    fullscreen: bool = option(False, "fill the screen")
    fit: Literal["contain", "cover"] = option(
        "contain", "show the whole picture on black (contain), or fill the screen and crop (cover)"
    )
    monitor: Count = option(0, "monitor to show the picture on, counted from 0", metavar="N")
