"""Settings of the kiosk, and their defaults; :mod:`realtime_style.kiosk.config.loader` reads them.

Empty text in the file stands for None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Annotated

from realtime_style.display.geometry import Fit
from realtime_style.display.options import DisplayOptions
from realtime_style.sinks.outputs import OutputOptions
from realtime_style.sources.options import CameraOptions, FrameRate
from realtime_style.stylize.options import Device, PaintOptions, VideoPaintOptions
from realtime_style.system.declare import Options, Rule, Share, Size, between, one_of

SIZES_MM = {"A6": (148, 105), "A5": (210, 148)}
"""Sizes of cards: the longer and the shorter side, mm."""

Timeout = Annotated[float, between(10, 3600)]
Port = Annotated[int, between(1, 65535)]
Wishes = Annotated[Mapping[str, str], Rule('texts by language, such as { en = "Happy New Year" }')]
ClosingTime = Annotated[
    time,
    Rule(
        'a time such as "18:30", the local one, without a zone',
        allows=lambda value: value.tzinfo is None,
        parse=time.fromisoformat,
    ),
]
HostName = Annotated[
    str,
    Rule(
        "a name or number alone, such as 192.168.1.20: no http://, no port",
        allows=re.compile(r"[\w.-]*|\[[0-9A-Fa-f:.]+\]").fullmatch,
    ),
]
Token = Annotated[
    str,
    Rule(
        "16 or more letters, digits, - and _; make one with --secrets",
        allows=re.compile(r"|[A-Za-z0-9_-]{16,}").fullmatch,
    ),
]
PrintCommand = Annotated[
    tuple[str, ...],
    Rule(
        'a list of texts such as ["lp", "{file}"], with "{file}" in place of the card\'s name',
        allows=lambda words: not words or any("{file}" in word for word in words),
    ),
]


@dataclass(frozen=True, kw_only=True)
class ScreenSettings(DisplayOptions):
    """``[screen]``: what visitors see first, and how long the kiosk waits for them, in seconds."""

    language: str = "en"
    """Language that each visit begins with."""
    languages: tuple[str, ...] = ("en", "fr", "nl", "de")
    """Languages to choose from, in this order."""
    words: Path | None = None
    """Folder of further catalogues, or better ones."""
    fullscreen: bool = True
    fit: Fit = "cover"
    mirror: bool = True
    idle: Annotated[float, between(5, 3600)] = 45
    """Time without a touch until the kiosk expects the next visitor."""
    review: Timeout = 60
    card: Timeout = 90
    countdown: Annotated[float, between(1, 30)] = 3
    film: Annotated[float, between(1, 15)] = 5
    attract: Annotated[float, between(3, 600)] = 12
    """Time for each artist while nobody is there."""


@dataclass(frozen=True, kw_only=True)
class CameraSettings(CameraOptions):
    """``[camera]``: as the options of ``webcam``."""

    size: Size | None = (640, 480)
    fps: FrameRate | None = 30


@dataclass(frozen=True, kw_only=True)
class PaintingSettings(Options):
    """``[painting]``: the styles, and how they are painted."""

    styles: tuple[str, ...] = ()
    """Names or files; none: all styles that are found."""
    strength: Share = PaintOptions.strength
    steadiness: Share = VideoPaintOptions.steadiness
    device: Device = PaintOptions.device


@dataclass(frozen=True, kw_only=True)
class CardSettings(Options):
    """``[card]``: the greeting card."""

    size: Annotated[str, one_of(*SIZES_MM)] = "A6"
    wish: Wishes = field(default_factory=dict)
    """The season's text in each language; where it is missing, the catalogue's."""
    host: str = ""
    logo: Path | None = None
    """A picture; where it is transparent, the paper shows."""


@dataclass(frozen=True, kw_only=True)
class PictureSettings(Options):
    """``[pictures]``: where visitors' pictures are kept, and how long."""

    folder: Path | None = None
    """None: a folder of the user's own state."""
    hours: Annotated[float, between(0.1, 24)] = 2
    closing: ClosingTime | None = None
    """End of the day, when all pictures are deleted; None: each after its hours."""


@dataclass(frozen=True, kw_only=True)
class TakeHomeSettings(Options):
    """``[take_home]``: the QR code and the page behind it."""

    on: bool = True
    address: HostName = ""
    """Name or number of this machine as visitors' phones reach it; empty: found out."""
    port: Port = 8080


@dataclass(frozen=True, kw_only=True)
class PrinterSettings(Options):
    """``[printer]``: how cards are printed."""

    command: PrintCommand = ()
    """Program and arguments; ``{file}`` stands for the name of the PDF. None: no printing."""


@dataclass(frozen=True, kw_only=True)
class OutputSettings(OutputOptions):
    """``[outputs]``: further places for the picture on screen; as the options of ``webcam``."""

    record: Path | None = None
    """Folder for films of what the camera sees, painted; None: nothing is filmed."""


@dataclass(frozen=True, kw_only=True)
class HostSettings(Options):
    """``[host]``: for the person who looks after the kiosk."""

    pin: str = ""
    """Hash of the PIN of the menu on screen; empty: no menu."""
    port: Port = 8081
    token: Token = ""
    """End of the address of the phone page; empty: no phone page."""


@dataclass(frozen=True, kw_only=True)
class KioskSettings:
    """All sections, as they are in the file or by default."""

    screen: ScreenSettings = field(default_factory=ScreenSettings)
    camera: CameraSettings = field(default_factory=CameraSettings)
    painting: PaintingSettings = field(default_factory=PaintingSettings)
    card: CardSettings = field(default_factory=CardSettings)
    pictures: PictureSettings = field(default_factory=PictureSettings)
    take_home: TakeHomeSettings = field(default_factory=TakeHomeSettings)
    printer: PrinterSettings = field(default_factory=PrinterSettings)
    outputs: OutputSettings = field(default_factory=OutputSettings)
    host: HostSettings = field(default_factory=HostSettings)
