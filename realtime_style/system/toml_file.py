"""Settings files in TOML, checked by declared dataclasses; every mistake is reported by its line.

Needs msgspec, which comes with the extras that have settings files.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from realtime_style.errors import BadSettings, RealtimeStyleError
from realtime_style.system.declare import Kind, declarations

T = TypeVar("T")


class TomlFile:
    """A TOML file of settings. Every method raises BadSettings that names file and line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")  # editors on Windows begin with a mark
            self.values: dict[str, Any] = tomllib.loads(text)
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
        self._lines = text.splitlines()

    def sections(self, settings: type[T]) -> T:
        """The whole file as a dataclass, each field of which is the dataclass of a section."""
        known = declarations(settings)
        read = {}
        for name, table in self.values.items():
            if name not in known:
                section, key = (name, None) if isinstance(table, dict) else (None, name)
                self.refuse(section, key, _unknown(f"section [{name}]", name, known))
            read[name] = self.section(name, known[name].kind.item)
        return settings(**read)

    def section(self, name: str, settings: type[T]) -> T:
        """One section, whatever else is wrong in the file; defaults where it is missing."""
        table = self.values.get(name, {})
        if not isinstance(table, dict):
            self.refuse(None, name, f"[{name}] is a section, with its settings on the lines below")
        return settings(**self.fields(settings, table, name))

    def fields(
        self, settings: type, table: Mapping[str, Any], section: str | None = None, number: int = 1
    ) -> dict[str, Any]:
        """Values of a table for the fields of a dataclass.

        The table stands in a `section`, the `number`-th of that name, or at the top of the file.
        """
        known = declarations(settings)
        read = {}
        for key, value in table.items():
            if key not in known:
                self.refuse(section, key, _unknown(repr(key), key, known), number)
            kind = known[key].kind
            try:
                read[key] = self._convert(kind, value)
                words = "" if kind.allows(read[key]) else kind.words
            except _NoPathError as error:
                words = str(error)
            except ValueError:  # msgspec's ValidationError is one
                words = kind.words
            if words:
                self.refuse(section, key, f"{key} must be {words}, not {value!r}", number)
        return read

    def refuse(
        self, section: str | None, key: str | None, complaint: str, number: int = 1
    ) -> NoReturn:
        """Raise BadSettings with the line of a key, or of its section."""
        line = self._line(section, key, number)
        raise BadSettings(f"settings {self.path}, line {line}: {complaint}")

    @contextmanager
    def errors_at(self, section: str | None, key: str) -> Iterator[None]:
        """Report an expected error inside by the line of this key."""
        try:
            yield
        except RealtimeStyleError as error:
            self.refuse(section, key, str(error))

    def _convert(self, kind: Kind, value: Any) -> Any:
        """A TOML value as a field's type; raises ValueError. Empty text is None where allowed."""
        if kind.optional and value == "":
            return None
        if isinstance(value, str) and kind.item is Path:
            return self._path(value)
        if isinstance(value, str) and kind.rule.parse:
            return kind.rule.parse(value)
        return msgspec.convert(value, kind.hint)

    def _path(self, text: str) -> Path:
        """A path as seen from the folder of the file."""
        if "\0" in text:
            raise _NoPathError("a path that a disk can have")
        try:
            return self.path.parent / Path(text).expanduser()
        except RuntimeError as error:
            raise _NoPathError("a path whose ~NAME is a user of this machine") from error

    def _line(self, section: str | None, key: str | None, number: int) -> int:
        """Line of a key, or of its section's header; the first line is 1."""
        name = rf"\s*[\"']?{re.escape(key or '')}[\"']?\s*[=.]"
        within = rf"\s*[\"']?{re.escape(section or '')}[\"']?\s*"
        found, inside, root, headers = 1, section is None, True, 0
        for position, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[+\s*[\"']?([^\]\"'.]+)", line):
                headers += header[1].strip() == section
                inside, root = header[1].strip() == section and headers == number, False
                found = position if inside else found
            elif root and section is not None and re.match(rf"{within}=", line):
                return position  # the whole section on one line
            elif key is not None and (
                (inside and re.match(name, line)) or re.match(rf"{within}\.{name}", line)
            ):
                return position
        return found


class _NoPathError(ValueError):
    """A text is not a path; the message ends the sentence "... must be"."""


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"there is no {what}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    )
