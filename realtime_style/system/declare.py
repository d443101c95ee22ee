"""Options, declared once: one line of a dataclass holds field, type, range, default and help.

::

    @dataclass(frozen=True, kw_only=True)
    class PaintOptions(Options):
        strength: Share = option(1.0, "from the photograph (0) to the whole style (1)")
        size: Size | None = option(None, "frame size to request", metavar="WxH")

The command line (:mod:`realtime_style.cli.parser`) and settings files
(:mod:`realtime_style.system.toml_file`) are read by these declarations, and a value out of range is
refused with the same words from Python. Only the standard library is imported, because ``--help``
needs this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Rule:
    """Requirement on a value, written into its type: ``Annotated[int, between(1, 65535)]``."""

    words: str
    """Ends the sentence "... must be"; for numbers after "a number" or "a whole number"."""
    allows: Callable[[Any], bool] = lambda value: True
    parse: Callable[[str], Any] | None = None
    """Reads a text, raises ValueError; None: the type is called with the text."""
    choices: tuple[str, ...] = ()


def between(least: float, most: float, reason: str = "") -> Rule:
    """A number from `least` to `most`. `reason` follows the range in error messages."""
    return Rule(f"from {least:g} to {most:g}{reason}", lambda value: least <= value <= most)


def at_least(least: float) -> Rule:
    """A finite number of `least` or more."""
    return Rule(f"from {least:g} up", lambda value: least <= value < float("inf"))


def above(bound: float) -> Rule:
    """A finite number of more than `bound`."""
    return Rule(f"above {bound:g}", lambda value: bound < value < float("inf"))


def one_of(*choices: str) -> Rule:
    """One of these texts."""
    return Rule(f"one of {', '.join(choices)}", lambda value: value in choices, choices=choices)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d*)[xX]([1-9]\d*)", text, re.ASCII)
    if match is None:
        raise ValueError(text)
    return int(match[1]), int(match[2])


Share = Annotated[float, between(0, 1)]
Weight = Annotated[float, at_least(0)]
Seconds = Annotated[float, above(0)]
Positive = Annotated[int, at_least(1)]
Count = Annotated[int, at_least(0)]
Size = Annotated[tuple[int, int], Rule("a size such as 640x480", parse=_size)]
"""(width, height), px"""


def option(
    default: Any,
    help: str,
    *,
    metavar: str | None = None,
    aliases: tuple[str, ...] = (),
    const: Any = None,
    positional: bool = False,
    group: str = "",
    exclusive: str = "",
) -> Any:
    """A field of an options dataclass that is also an option of the command line.

    ``MISSING`` as `default`: it has to be given. `const` is the value of the flag without a word
    behind it. `positional` options have no flag. Options with the same `group` stand under that
    title in the help; of those with the same `exclusive` name one at most can be given.
    """
    about = {
        "help": help,
        "metavar": metavar,
        "aliases": aliases,
        "const": const,
        "positional": positional,
        "group": group,
        "exclusive": exclusive,
    }
    return field(default=default, metadata=about)


class Kind(NamedTuple):
    """A field's type, taken apart."""

    hint: Any
    """Type as declared, for msgspec."""
    item: Any
    """int, float, str, bool, Path ...; of one item where there may be `many`."""
    rule: Rule
    optional: bool
    """None stands for "not given"."""
    many: bool
    """A tuple of any length."""

    @property
    def words(self) -> str:
        """Ends the sentence "... must be"."""
        if self.many and self.item is str:
            return 'a list of texts, such as ["one", "two"]'
        one = self.rule.words or _WORDS.get(self.item, "")
        if self.item in (int, float):
            one = f"{_WORDS[self.item]} {self.rule.words}".strip()
        return f"a list of {one}" if self.many else one

    def parse(self, text: str) -> Any:
        """The value of a text on the command line; raises ValueError with words for people."""
        try:
            value = (self.rule.parse or self.item)(text)
            allowed = self.rule.allows(value)
        except ValueError:
            allowed = False
        if not allowed:
            raise ValueError(f"{text!r} must be {self.words}")
        return value

    def allows(self, value: Any) -> bool:
        """Whether a value of the right type is in range."""
        if value is None:
            return self.optional
        return all(map(self.rule.allows, value)) if self.many else self.rule.allows(value)


_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text in quotation marks",
    Path: "a path in quotation marks",
}


class Declaration(NamedTuple):
    """One field of an options dataclass."""

    name: str
    default: Any
    """MISSING where there is none, or a factory makes it."""
    kind: Kind
    about: Mapping[str, Any]
    """Arguments of :func:`option`; empty for a field that is no option of the command line."""


def declarations(options: type) -> dict[str, Declaration]:
    """Fields of an options dataclass by name, in order."""
    hints = get_type_hints(options, include_extras=True)
    return {
        entry.name: Declaration(entry.name, entry.default, _kind(hints[entry.name]), entry.metadata)
        for entry in fields(options)
    }


def _kind(hint: Any) -> Kind:
    inner, optional, many, rule = hint, False, False, Rule("")
    if get_origin(inner) in (Union, UnionType):
        optional = True
        inner = next(part for part in get_args(inner) if part is not NoneType)
    if get_origin(inner) is tuple and get_args(inner)[-1] is Ellipsis:
        many, inner = True, get_args(inner)[0]
    if get_origin(inner) is Annotated:
        inner, rule = get_args(inner)
    if get_origin(inner) is Literal:
        inner, rule = str, one_of(*get_args(inner))
    return Kind(hint, inner, rule, optional, many)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Base of options dataclasses: refuses values out of range with ValueError."""

    def __post_init__(self) -> None:
        for name, declared in declarations(type(self)).items():
            value = getattr(self, name)
            if not declared.kind.allows(value):
                raise ValueError(f"{name} must be {declared.kind.words}, not {value!r}")


__all__ = [
    "MISSING",
    "Count",
    "Declaration",
    "Kind",
    "Options",
    "Positive",
    "Rule",
    "Seconds",
    "Share",
    "Size",
    "Weight",
    "above",
    "at_least",
    "between",
    "declarations",
    "one_of",
    "option",
]
