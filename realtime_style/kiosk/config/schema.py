"""The kiosk's settings, as they are in its file or by default; :mod:`realtime_style.kiosk.config.loader` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from realtime_style.sources.backends import CAMERA_BACKENDS

SIZES_MM = {"A6": (148, 105), "A5": (210, 148)}
"""Sizes of cards: the longer and the shorter side, mm."""


def _number(default: float, least: float, most: float) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


def _choice(default: str, *others: str) -> Any:
    return field(default=default, metadata={"choices": (default, *others)})


@dataclass(frozen=True)
class ScreenSettings:
    """``[screen]``: what visitors see first, and how long it waits for them. Seconds."""

    language: str = "en"
    """The one each visit begins with."""
    languages: tuple[str, ...] = ("en", "fr", "nl", "de")
    """Those to choose from, in this order."""
    words: Path | None = None
    """Folder of further catalogues, or better ones."""
    fullscreen: bool = True
    fit: str = _choice("cover", "contain")
    """Fill the screen with the picture, or show all of it."""
    mirror: bool = True
    idle: float = _number(45, 5, 3600)
    """Without a touch, until the kiosk thinks it is alone."""
    review: float = _number(60, 10, 3600)
    card: float = _number(90, 10, 3600)
    countdown: float = _number(3, 1, 30)
    film: float = _number(5, 1, 15)
    attract: float = _number(12, 3, 600)
    """Each painter's turn while nobody is there."""


@dataclass(frozen=True)
class CameraSettings:
    """``[camera]``: as the options of ``webcam``."""

    camera: str = "0"
    size: str = "640x480"
    fps: float = _number(30, 1, 120)
    fourcc: str = ""
    """Empty: whatever the camera likes."""
    backend: str = _choice(*CAMERA_BACKENDS)


@dataclass(frozen=True)
class PaintingSettings:
    """``[painting]``: who paints, and how."""

    styles: tuple[str, ...] = ()
    """Names or files; none: all painters that are there."""
    strength: float = _number(1, 0, 1)
    steadiness: float = _number(0.5, 0, 1)
    device: str = _choice("auto", "cpu", "cuda", "openvino")


@dataclass(frozen=True)
class CardSettings:
    """``[card]``: the greeting card."""

    size: str = _choice("A6", *sorted(set(SIZES_MM) - {"A6"}))
    wish: Mapping[str, str] = field(default_factory=dict)
    """The season's text in each language; where it is missing, the catalogue's."""
    host: str = ""
    logo: Path | None = None
    """A picture; what is transparent in it stays paper."""


@dataclass(frozen=True)
class PictureSettings:
    """``[pictures]``: where visitors' pictures are kept, and how long."""

    folder: Path | None = None
    """None: a folder of the user's own state."""
    hours: float = _number(2, 0.1, 24)
    closing: time | None = None
    """When the day ends and all pictures are deleted; none: only by their hours."""


@dataclass(frozen=True)
class TakeHomeSettings:
    """``[take_home]``: the QR code and the page behind it."""

    on: bool = True
    address: str = ""
    """Name or number of this machine as visitors' phones reach it; empty: found out."""
    port: int = _number(8080, 1, 65535)


@dataclass(frozen=True)
class PrinterSettings:
    """``[printer]``: how cards are printed."""

    command: tuple[str, ...] = ()
    """Program and arguments, ``{file}`` where the PDF's name goes; none: no printing."""


@dataclass(frozen=True)
class OutputSettings:
    """``[outputs]``: further places for the picture on screen; as the options of ``webcam``."""

    mjpeg: str = ""
    """``[ADDRESS:]PORT`` of a second screen; empty: none."""
    virtual_camera: str = ""
    """Name of a virtual camera, or ``auto`` for the first there is; empty: none."""
    record: Path | None = None
    """Folder for films of what the camera sees, painted; none: nothing is filmed."""


@dataclass(frozen=True)
class HostSettings:
    """``[host]``: for the one who looks after it."""

    pin: str = ""
    """Hash of the PIN of the menu on screen; empty: no menu."""
    port: int = _number(8081, 1, 65535)
    token: str = ""
    """What the phone page's address ends with; empty: no phone page."""


@dataclass(frozen=True)
class KioskSettings:
    """All settings; each as it is in the file, or its default."""

    screen: ScreenSettings = ScreenSettings()
    camera: CameraSettings = CameraSettings()
    painting: PaintingSettings = PaintingSettings()
    card: CardSettings = field(default_factory=CardSettings)
    pictures: PictureSettings = PictureSettings()
    take_home: TakeHomeSettings = TakeHomeSettings()
    printer: PrinterSettings = PrinterSettings()
    outputs: OutputSettings = OutputSettings()
    host: HostSettings = HostSettings()
