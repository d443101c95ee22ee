"""Reads the kiosk's settings: one TOML file, every line of it optional, every mistake named by its line."""

from __future__ import annotations

import difflib
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import time
from pathlib import Path
from typing import Any, NoReturn, get_type_hints

from realtime_style.errors import BadSettings, RealtimeStyleError
from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.config.pin import check_hash
from realtime_style.kiosk.config.schema import KioskSettings, PictureSettings
from realtime_style.media.images import read_image
from realtime_style.sources.camera import is_device
from realtime_style.styles.catalog import file_and_style, find_style
from realtime_style.web.address import parse_address


def load_settings(path: Path | None) -> KioskSettings:
    """The settings in a file, or the defaults for None. Raises BadSettings with the line of the first mistake.

    Paths in the file are looked up from the file's own folder.
    """
    return KioskSettings() if path is None else _Reader(path).settings()


def load_picture_settings(path: Path | None) -> PictureSettings:
    """``[pictures]`` alone, whatever else is wrong in the file. Raises BadSettings."""
    return PictureSettings() if path is None else _Reader(path).pictures()


def check_camera(camera: str) -> None:
    """Raise BadSettings if it is neither a camera, which may come later, nor a clip that is there, nor the test pattern."""
    if not is_device(camera) and camera != "pattern" and not Path(camera).is_file():
        raise BadSettings(
            f'there is no camera or clip {camera}; give a number, a clip or "pattern"'
        )


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    """A settings file: its text, and the values in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Windows' editors begin with a mark
        return text, tomllib.loads(text)
    except OSError as error:
        raise BadSettings(
            f"settings {path} cannot be read: {error.strerror}; check the path"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise BadSettings(
            f"settings {path}, line {line}: not in UTF-8; save the file in that encoding"
        ) from error
    except ValueError as error:
        raise BadSettings(f"settings {path}: {error}; correct it") from error


class _Reader:
    """Checks the values of one file; knows on which lines they stand."""

    def __init__(self, path: Path) -> None:
        text, self._values = _read(path)
        self._path = path
        self._lines = text.splitlines()

    def pictures(self) -> PictureSettings:
        table = self._values.get("pictures", {})
        if not isinstance(table, dict):
            self._complain(
                None, "pictures", "[pictures] is a section, with its settings on the lines below"
            )
        settings: PictureSettings = self._section("pictures", PictureSettings, table)
        return settings

    def settings(self) -> KioskSettings:
        values = self._values
        sections = get_type_hints(KioskSettings)
        for name, table in values.items():
            if name not in sections:
                section, key = (name, None) if isinstance(table, dict) else (None, name)
                self._complain(section, key, _unknown(f"section [{name}]", name, sections))
            if not isinstance(table, dict):
                self._complain(
                    None, name, f"[{name}] is a section, with its settings on the lines below"
                )
        settings = KioskSettings(
            **{name: self._section(name, sections[name], table) for name, table in values.items()}
        )
        self._check_together(settings)
        settings = self._from_here(settings)
        self._check_what_is_named(settings)
        return settings

    def _from_here(self, settings: KioskSettings) -> KioskSettings:
        """Files that may be named where names of other things may stand, too."""
        folder = self._path.parent
        camera = settings.camera.camera
        if not is_device(camera) and camera != "pattern":
            settings = replace(
                settings, camera=replace(settings.camera, camera=str(folder / camera))
            )
        styles = (
            str(folder / name) if file_and_style(name) else name
            for name in settings.painting.styles
        )
        return replace(settings, painting=replace(settings.painting, styles=tuple(styles)))

    def _check_what_is_named(self, settings: KioskSettings) -> None:
        """That languages, styles, logo and printer are there, and that the PIN is one."""
        with self._complaints_about("screen", "words"):
            languages = load_catalogues(settings.screen.words)
        for code in settings.screen.languages:
            if code not in languages:
                self._complain(
                    "screen",
                    "languages",
                    f"there is no catalogue {code}.toml; there are {', '.join(languages)}",
                )
        for code in settings.card.wish:
            if code not in languages:
                self._complain(
                    "card",
                    "wish",
                    f"there is no language {code!r}; there are {', '.join(languages)}",
                )
        if (
            settings.printer.command
            and shutil.which(program := settings.printer.command[0]) is None
        ):
            self._complain(
                "printer",
                "command",
                f"there is no program {program!r} here; install it or correct its name",
            )
        with self._complaints_about("host", "pin"):
            if settings.host.pin:
                check_hash(settings.host.pin)
        with self._complaints_about("card", "logo"):
            if settings.card.logo is not None:
                read_image(settings.card.logo)
        with self._complaints_about("camera", "camera"):
            check_camera(settings.camera.camera)
        with self._complaints_about("painting", "styles"):
            for name in settings.painting.styles:
                find_style(name)

    @contextmanager
    def _complaints_about(self, section: str, key: str) -> Iterator[None]:
        try:
            yield
        except RealtimeStyleError as error:
            self._complain(section, key, str(error))

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
                self._complain(
                    section,
                    key,
                    f"{key} must be one of {', '.join(limits['choices'])}, not {value!r}",
                )
            if "least" in limits and not limits["least"] <= value <= limits["most"]:
                self._complain(
                    section,
                    key,
                    f"{key} must be from {limits['least']:g} to {limits['most']:g}, not {value!r}",
                )
        return kind(**read)

    def _check_together(self, settings: KioskSettings) -> None:
        if settings.screen.language not in settings.screen.languages:
            self._complain(
                "screen",
                "language",
                f"language {settings.screen.language!r} is not one of languages; add it there, or take one of them",
            )
        if settings.printer.command and not any(
            "{file}" in word for word in settings.printer.command
        ):
            self._complain(
                "printer", "command", 'command needs "{file}" where the name of the card goes'
            )
        if not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", settings.camera.size):
            self._complain(
                "camera", "size", f"size must be like 640x480, not {settings.camera.size!r}"
            )
        if len(settings.camera.fourcc) not in (0, 4):
            self._complain(
                "camera",
                "fourcc",
                f"fourcc has four letters, MJPG or YUYV, not {settings.camera.fourcc!r}",
            )
        if settings.host.token and not re.fullmatch(r"[A-Za-z0-9_-]{16,}", settings.host.token):
            self._complain(
                "host",
                "token",
                "token must be 16 or more letters, digits, - and _; make one with --secrets",
            )
        if (
            settings.host.token
            and settings.take_home.on
            and settings.host.port == settings.take_home.port
        ):
            self._complain(
                "host",
                "port",
                "port must differ from that of [take_home]: visitors must not reach the host's page",
            )

        if not re.fullmatch(r"[\w.-]*|\[[0-9A-Fa-f:.]+\]", settings.take_home.address):
            self._complain(
                "take_home",
                "address",
                "address must be a name or number alone, as 192.168.1.20: no http://, no port",
            )
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
        found, inside, root = 1, section is None, True
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[+\s*[\"']?([^\]\"'.]+)", line):
                inside, root = header[1].strip() == section, False
                found = number if inside else found
            elif (
                root
                and section is not None
                and re.match(rf"\s*[\"']?{re.escape(section)}[\"']?\s*=", line)
            ):
                return number  # all of it on one line
            elif key is not None and ((inside and re.match(name, line)) or re.match(dotted, line)):
                return number
        return found


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"there is no {what}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    )


def _as(hint: Any, value: Any, folder: Path) -> Any:
    """`value` as a setting of this type; raises ValueError with the words for what it must be."""
    if hint in (float, int):
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or (hint is int and not isinstance(value, int))
        ):
            raise ValueError("a whole number" if hint is int else "a number")
        return value
    if hint is bool:
        return _instance(value, bool, "true or false")
    if hint is str:
        return _instance(value, str, "text in quotation marks")
    if hint == Path | None:
        return _path(_instance(value, str, "a path in quotation marks"), folder)
    if hint == time | None:
        return _time(value)
    if hint == Mapping[str, str]:
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return value
        raise ValueError('texts by language, such as { en = "Happy new year" }')
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError('a list of texts, such as ["one", "two"]')


def _path(text: str, folder: Path) -> Path | None:
    if "\0" in text:
        raise ValueError("a path that a disk can have")
    try:
        return folder / Path(text).expanduser() if text else None
    except RuntimeError as error:
        raise ValueError("a path whose ~NAME is a user of this machine") from error


def _instance(value: Any, kind: type, words: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(words)
    return value


def _time(value: Any) -> time:
    try:
        read = value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError('a time such as "18:30"') from error
    if read.tzinfo is not None:
        raise ValueError('a time of this place such as "18:30", without a zone')
    return read
