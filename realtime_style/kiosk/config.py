"""The kiosk's settings: one TOML file, every line of it optional, every mistake named by its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

from realtime_style.errors import BadSettings
from realtime_style.kiosk.card import SIZES_MM
from realtime_style.web.address import parse_address


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
    """Folder for films of everything that is shown; none: nothing is filmed."""


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


def load_settings(path: Path | None) -> KioskSettings:
    """The settings in a file, or the defaults for None. Raises BadSettings with the line of the first mistake.

    Paths in the file are looked up from the file's own folder.
    """
    if path is None:
        return KioskSettings()
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise BadSettings(f"settings {path} cannot be read: {error.strerror}; check the path") from error
    except ValueError as error:
        raise BadSettings(f"settings {path}: {error}; correct it") from error
    return _Reader(path, text).settings(values)


class _Reader:
    """Checks the values of one file; knows on which lines they stand."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def settings(self, values: Mapping[str, Any]) -> KioskSettings:
        sections = get_type_hints(KioskSettings)
        for name, table in values.items():
            if name not in sections:
                self._complain(name, None, _unknown(f"section [{name}]", name, sections))
            if not isinstance(table, dict):
                self._complain(None, name, f"[{name}] is a section, with its settings on the lines below")
        settings = KioskSettings(**{name: self._section(name, sections[name], table) for name, table in values.items()})
        self._check_together(settings)
        return settings

    def _section(self, section: str, kind: Any, table: Mapping[str, Any]) -> Any:
        known = {entry.name: entry for entry in fields(kind)}
        hints = get_type_hints(kind)
        read = {}
        for key, value in table.items():
            if key not in known:
                self._complain(section, key, _unknown(repr(key), key, known))
            try:
                read[key] = _as(hints[key], value, self._path.parent)
            except ValueError as error:
                self._complain(section, key, f"{key} must be {error}, not {value!r}")
            limits = known[key].metadata
            if "choices" in limits and value not in limits["choices"]:
                self._complain(section, key, f"{key} must be one of {', '.join(limits['choices'])}, not {value!r}")
            if "least" in limits and not limits["least"] <= value <= limits["most"]:
                self._complain(section, key, f"{key} must be from {limits['least']:g} to {limits['most']:g}, not {value!r}")
        return kind(**read)

    def _check_together(self, settings: KioskSettings) -> None:
        if settings.screen.language not in settings.screen.languages:
            self._complain("screen", "language", f"language {settings.screen.language!r} is not one of languages")
        if settings.printer.command and not any("{file}" in word for word in settings.printer.command):
            self._complain("printer", "command", 'command needs "{file}" where the name of the card goes')
        if not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", settings.camera.size):
            self._complain("camera", "size", f"size must be like 640x480, not {settings.camera.size!r}")
        if settings.host.token and not re.fullmatch(r"[A-Za-z0-9_-]{16,}", settings.host.token):
            self._complain("host", "token", "token must be 16 or more letters, digits, - and _; make one with --secrets")
        if settings.host.token and settings.take_home.on and settings.host.port == settings.take_home.port:
            self._complain("host", "port", "port must differ from that of [take_home]: visitors must not reach the host's page")

        self._check_outputs(settings)

    def _check_outputs(self, settings: KioskSettings) -> None:
        if not (where := settings.outputs.mjpeg):
            return
        try:
            _, port = parse_address(where)
        except ValueError as error:
            self._complain("outputs", "mjpeg", f"mjpeg: {error}")
        if settings.take_home.on and port == settings.take_home.port:
            self._complain("outputs", "mjpeg", "mjpeg must have another port than [take_home]")
        if settings.host.token and port == settings.host.port:
            self._complain("outputs", "mjpeg", "mjpeg must have another port than [host]")

    def _complain(self, section: str | None, key: str | None, complaint: str) -> NoReturn:
        raise BadSettings(f"settings {self._path}, line {self._line(section, key)}: {complaint}")

    def _line(self, section: str | None, key: str | None) -> int:
        """Where this key stands, or its section: 1 is the first line."""
        name = r"\s*[\"']?" + re.escape(key or "") + r"[\"']?\s*[=.]"
        dotted = rf"\s*{re.escape(section or '')}\s*\.{name}"
        found, inside = 1, section is None
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[+\s*[\"']?([^\]\"'.]+)", line):
                inside = header[1].strip() == section
                found = number if inside else found
            elif key is not None and ((inside and re.match(name, line)) or re.match(dotted, line)):
                return number
        return found


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"there is no {what}; " + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}")


def _as(hint: Any, value: Any, folder: Path) -> Any:
    """`value` as a setting of this type; raises ValueError with the words for what it must be."""
    if hint in (float, int):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or (hint is int and not isinstance(value, int)):
            raise ValueError("a whole number" if hint is int else "a number")
        return value
    if hint is bool:
        return _instance(value, bool, "true or false")
    if hint is str:
        return _instance(value, str, "text in quotation marks")
    if hint == Path | None:
        return folder / Path(_instance(value, str, "a path in quotation marks")).expanduser()
    if hint == time | None:
        return _time(value)
    if hint == Mapping[str, str]:
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return value
        raise ValueError('texts by language, such as { en = "Happy new year" }')
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError('a list of texts, such as ["one", "two"]')


def _instance(value: Any, kind: type, words: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(words)
    return value


def _time(value: Any) -> time:
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError('a time such as "18:30"') from error
