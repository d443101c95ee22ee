"""Options of everything that paints. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from realtime_style.engines.table import DEVICES, device_help
from realtime_style.system.declare import Options, Share, one_of, option

DEFAULT_STYLE = "starry-night"

Device = Annotated[str, one_of(*DEVICES)]
"""Name of an engine, or ``auto``."""


@dataclass(frozen=True, kw_only=True)
class PaintOptions(Options):
    """Options of painting a picture."""

    style: str = option(
        DEFAULT_STYLE, "NAME, FILE.onnx (its first style), FILE.onnx#NAME, or a mix: a:0.5,b:0.5"
    )
    strength: Share = option(1.0, "from the photograph (0) to the whole style (1)")
    keep_colours: bool = option(
        False,
        "light and shade of the painting in the colours of the photograph",
        aliases=("--keep-colors",),
    )
    device: Device = option("auto", device_help())


@dataclass(frozen=True, kw_only=True)
class VideoPaintOptions(PaintOptions):
    """Options of painting the frames of a camera or a video."""

    steadiness: Share = option(0.5, "how still strokes are held from frame to frame, 0 to 1")
