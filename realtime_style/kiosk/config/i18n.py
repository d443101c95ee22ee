"""The kiosk's words in each language: catalogues in TOML, which users can add to."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from realtime_style.errors import BadSettings

REFERENCE = "en"
"""Language whose catalogue defines the keys, and the fields in braces, of all others."""


@dataclass(frozen=True)
class Catalogue:
    """The words of one language."""

    code: str
    """Stem of the file's name: ``en``, ``fr``, ``nl``, ``de`` ..."""
    entries: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """The words for `key`, with `values` in place of the fields in braces."""
        return str(self.entries[key]).format(**values)

    def date(self, day: date) -> str:
        """A date in words, for a card."""
        return self(
            "date",
            day=self("first") if day.day == 1 else day.day,
            month=self.entries["months"][day.month - 1],
            year=day.year,
        )


def load_catalogues(folder: Path | None = None) -> dict[str, Catalogue]:
    """All catalogues by language: the package's, and those in `folder`, which take precedence.

    Raises BadSettings for one that is not TOML, or whose keys or fields differ from English.
    """
    own = resources.files("realtime_style.kiosk") / "locales"
    files = {Path(file.name).stem: file for file in own.iterdir() if file.name.endswith(".toml")}
    if folder is not None:
        if not folder.is_dir():
            raise BadSettings(
                f"{folder} is not a folder; `words` takes a folder of catalogues such as en.toml"
            )
        files |= {file.stem: file for file in sorted(folder.glob("*.toml"))}
    read = {code: _read(str(file), file.read_bytes()) for code, file in sorted(files.items())}
    for code, entries in read.items():
        _check(str(files[code]), entries, read[REFERENCE])
    return {code: Catalogue(code, entries) for code, entries in read.items()}


def _read(name: str, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except ValueError as error:  # bad TOML or bad UTF-8
        raise BadSettings(f"catalogue {name}: {error}; correct it or remove it") from error


def _check(name: str, entries: Mapping[str, Any], reference: Mapping[str, Any]) -> None:
    for key, expected in reference.items():
        if key not in entries:
            raise BadSettings(
                f"catalogue {name}: {key!r} is missing; in {REFERENCE} it is {expected!r}"
            )
        if problem := _problem(name, key, entries[key], expected):
            raise BadSettings(f"catalogue {name}: {key!r} must {problem}")
    if unknown := sorted(set(entries) - set(reference)):
        raise BadSettings(
            f"catalogue {name}: {unknown[0]!r} is not a key; compare with {REFERENCE}.toml"
        )


def _problem(name: str, key: str, entry: Any, expected: Any) -> str:
    """The rule that an entry breaks, empty if none."""
    if isinstance(expected, list):
        valid = isinstance(entry, list) and len(entry) == len(expected)
        if not valid or not all(isinstance(word, str) for word in entry):
            return f"be a list of {len(expected)} words"
    elif not isinstance(entry, str) or not entry.strip():
        return "be words in quotation marks"
    elif _fields(name, key, entry) != _fields(name, key, expected):
        return f"have the same words in braces as {expected!r}"
    return ""


def _fields(name: str, key: str, text: str) -> set[str]:
    try:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise BadSettings(f"catalogue {name}: {key!r}: {error}; write {{{{ for a brace") from error
