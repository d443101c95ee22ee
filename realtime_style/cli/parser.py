"""Command line options made of declared dataclasses, see :mod:`realtime_style.system.declare`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeVar

from realtime_style.system.declare import MISSING, Declaration, Kind, declarations

T = TypeVar("T")


def add_options(parser: argparse.ArgumentParser, options: type) -> None:
    """Add each field of a dataclass that is declared with ``option(...)``.

    The parser knows no defaults but in the help: only what was typed ends up in the namespace.
    """
    groups: dict[str, Any] = {}
    target: Any
    for declared in declarations(options).values():
        if not declared.about:
            continue
        target, title, choice = parser, declared.about["group"], declared.about["exclusive"]
        if title:
            target = groups[title] = groups.get(title) or parser.add_argument_group(title)
        if choice:
            target = groups[choice] = groups.get(choice) or target.add_mutually_exclusive_group()
        _add(target, declared)


def given(options: type, args: argparse.Namespace) -> dict[str, Any]:
    """Fields of a dataclass that were typed, lists as tuples."""
    typed = {name: value for name, value in vars(args).items() if value not in (None, [])}
    return {
        name: tuple(typed[name]) if declared.kind.many else typed[name]
        for name, declared in declarations(options).items()
        if name in typed
    }


def options_from(options: type[T], args: argparse.Namespace) -> T:
    """The dataclass itself: what was typed, and its own defaults."""
    return options(**given(options, args))


def _add(target: Any, declared: Declaration) -> None:
    about, kind = declared.about, declared.kind
    extra: dict[str, Any] = {"help": _help(declared), "default": argparse.SUPPRESS}
    if kind.item is bool:
        plain = declared.default is False
        extra["action"] = "store_true" if plain else argparse.BooleanOptionalAction
    elif kind.rule.choices:
        extra["choices"] = kind.rule.choices
    else:
        extra["type"] = _parse(kind)
    if about["metavar"]:
        extra["metavar"] = about["metavar"]
    if kind.many:
        extra["nargs"] = "*" if about["positional"] and declared.default is not MISSING else "+"
    if about["const"] is not None:
        extra |= {"nargs": "?", "const": about["const"]}
    if about["positional"]:
        if declared.default is not MISSING:
            # argparse would send SUPPRESS through `type`; None and [] are taken for "not given".
            extra = {"nargs": "?"} | extra | {"default": None}
        target.add_argument(declared.name, **extra)
    else:
        extra["required"] = declared.default is MISSING
        flag = f"--{declared.name.replace('_', '-')}"
        target.add_argument(*_shortest_first(flag, *about["aliases"]), dest=declared.name, **extra)


def _shortest_first(*flags: str) -> list[str]:
    """``-o, --output``, but ``--keep-colours, --keep-colors``."""
    return sorted(flags, key=lambda flag: flag.startswith("--"))


def _parse(kind: Kind) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        try:
            return kind.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return parse


def _help(declared: Declaration) -> str:
    """The help text with the default as it would be typed, where there is one to show."""
    text = str(declared.about["help"]).replace("%", "%%")
    default = declared.default
    if default is MISSING or default is None or default is False or default == ():
        return text
    if default is True:
        default = "yes"
    elif isinstance(default, tuple):
        default = " ".join(default) if declared.kind.many else "x".join(map(str, default))
    return f"{text} (default: {default})"
