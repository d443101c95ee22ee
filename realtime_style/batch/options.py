"""Options of ``realtime-style video`` and ``image``. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from realtime_style.stylize.options import PaintOptions, VideoPaintOptions
from realtime_style.system.declare import MISSING, Options, Positive, between, option

Preset = Literal[
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
]
"""Preset of x264, from the fastest to the smallest file."""


@dataclass(frozen=True, kw_only=True)
class ReduceOptions(Options):
    """Size of the result."""

    max_size: Positive | None = option(
        None,
        "reduce larger pictures to this long side; the result has that size",
        metavar="PX",
    )


@dataclass(frozen=True, kw_only=True)
class VideoOptions(ReduceOptions, VideoPaintOptions):
    """Video to paint, and how to write the result."""

    input: Path = option(MISSING, "video to paint", metavar="IN", positional=True)
    output: Path = option(MISSING, "video to write, .mp4 or .mov", metavar="OUT", positional=True)
    crf: Annotated[int, between(1, 51, "; 0 is lossless, which phones do not play")] = option(
        18, "quality of the H.264 picture, 1 best to 51"
    )
    preset: Preset = option("medium", "speed of the H.264 encoder against file size")


@dataclass(frozen=True, kw_only=True)
class ImageOptions(ReduceOptions, PaintOptions):
    """Photographs to paint, and where to put the paintings."""

    inputs: tuple[Path, ...] = option(
        MISSING, "photographs or folders of photographs", metavar="IN", positional=True
    )
    output: Path = option(
        MISSING, "file for one photograph, folder for several", metavar="OUT", positional=True
    )
