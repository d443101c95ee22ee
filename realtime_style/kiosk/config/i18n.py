"""What the kiosk says to visitors, in catalogues that others can add to: one TOML file for each language."""

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
"""The language that says which keys a catalogue has, and what is filled in."""


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    code: str
    """As in the name of its file: ``en``, ``fr``, ``nl``, ``de`` ..."""
    entries: Mapping[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """The words for `key`, with `values` filled in where they stand in braces."""
        return str(self.entries[key]).format(**values)

    def date(self, day: date) -> str:
        """The date in words, as on a card."""
        return self(
            "date",
            day=self("first") if day.day == 1 else day.day,
            month=self.entries["months"][day.month - 1],
            year=day.year,
        )


def load_words(more: Path | None = None) -> dict[str, Words]:
    """All languages by their code: those of the package and those in the folder `more`, which win.

    Raises BadSettings for one that is no TOML, or has other keys or other places to fill in than the English one.
    """
    own = resources.files("realtime_style.kiosk") / "locales"
    files = {Path(file.name).stem: file for file in own.iterdir() if file.name.endswith(".toml")}
    if more is not None:
        if not more.is_dir():
            raise BadSettings(
                f"{more} is not a folder; `words` takes a folder of catalogues such as en.toml"
            )
        files |= {file.stem: file for file in sorted(more.glob("*.toml"))}
    catalogues = {code: _read(str(file), file.read_bytes()) for code, file in sorted(files.items())}
    for code, entries in catalogues.items():
        _check(str(files[code]), entries, catalogues[REFERENCE])
    return {code: Words(code, entries) for code, entries in catalogues.items()}


def _read(name: str, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except ValueError as error:  # bad TOML or bad UTF-8
        raise BadSettings(f"catalogue {name}: {error}; correct it or take it away") from error


def _check(name: str, entries: Mapping[str, Any], reference: Mapping[str, Any]) -> None:
    for key, wanted in reference.items():
        if key not in entries:
            raise BadSettings(
                f"catalogue {name}: {key!r} is missing; in {REFERENCE} it is {wanted!r}"
            )
        seen = entries[key]
        if isinstance(wanted, list):
            if (
                not isinstance(seen, list)
                or len(seen) != len(wanted)
                or not all(isinstance(word, str) for word in seen)
            ):
                raise BadSettings(
                    f"catalogue {name}: {key!r} must be a list of {len(wanted)} words"
                )
        elif not isinstance(seen, str) or not seen.strip():
            raise BadSettings(f"catalogue {name}: {key!r} must be words in quotation marks")
        elif _places(name, key, seen) != _places(name, key, wanted):
            raise BadSettings(
                f"catalogue {name}: {key!r} must have the same words in braces as {wanted!r}"
            )
    if unknown := sorted(set(entries) - set(reference)):
        raise BadSettings(
            f"catalogue {name}: {unknown[0]!r} is not a key; compare with {REFERENCE}.toml"
        )


def _places(name: str, key: str, text: str) -> set[str]:
    try:
        return {place for _, place, _, _ in string.Formatter().parse(text) if place is not None}
    except ValueError as error:
        raise BadSettings(f"catalogue {name}: {key!r}: {error}; write {{{{ for a brace") from error
