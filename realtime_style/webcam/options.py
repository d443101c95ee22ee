"""Options of ``realtime-style webcam``. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from realtime_style.display.options import DisplayOptions
from realtime_style.sinks.outputs import OutputOptions
from realtime_style.sources.options import CameraOptions
from realtime_style.stylize.options import VideoPaintOptions
from realtime_style.system.declare import Positive, Seconds, option


@dataclass(frozen=True, kw_only=True)
class WebcamOptions(DisplayOptions, OutputOptions, CameraOptions, VideoPaintOptions):
    """Everything that ``webcam`` can be asked for; each field is an option of that name."""

    paint_size: Positive | None = option(
        None,
        "paint larger pictures at this long side, then enlarge the painting again",
        metavar="PX",
    )
    mirror: bool | None = option(
        None, "mirror the picture; default: mirror cameras, not videos, which may show text"
    )
    split: bool = option(False, "start with the photograph beside the painting")
    overlay: bool = option(False, "start with frame rate, latency and provider on screen")
    window: bool = option(True, "show the picture in a window")
    seconds: Seconds | None = option(None, "stop after this time")
    record: Path | None = option(
        None,
        "record the painted picture to this .mp4 from the start, without sound",
        metavar="FILE",
    )
    snapshots: Path = option(
        Path(), "folder for snapshots and recordings made by key", metavar="DIR"
    )
