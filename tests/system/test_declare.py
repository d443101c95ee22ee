"""Declared options: ranges, and the words for them."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from realtime_style.system.declare import (
    Count,
    Options,
    Positive,
    Rule,
    Seconds,
    Share,
    Size,
    Weight,
    between,
    declarations,
    option,
)


@dataclass(frozen=True, kw_only=True)
class Base(Options):
    strength: Share = option(1.0, "help")
    size: Size | None = option(None, "help")


@dataclass(frozen=True, kw_only=True)
class Example(Base):
    names: tuple[Annotated[str, Rule("three letters", lambda text: len(text) == 3)], ...] = ()
    fit: Literal["contain", "cover"] = "contain"
    port: Annotated[int, between(1, 65535)] = 80
    seconds: Seconds = 1.0
    batch: Positive = 1
    weight: Weight = 0.0
    seed: Count = 0
    folder: Path | None = None
    required: int


@pytest.mark.parametrize(
    ("name", "good", "bad", "message"),
    [
        ("strength", [0, 0.5, 1], [-0.1, 1.1, float("nan")], "a number from 0 to 1"),
        ("seconds", [0.1, 1e9], [0, -1, float("inf")], "a number above 0"),
        ("weight", [0, 1e9], [-1, float("inf")], "a number from 0 up"),
        ("batch", [1, 10**9], [0], "a whole number from 1 up"),
        ("seed", [0], [-1], "a whole number from 0 up"),
        ("port", [1, 65535], [0, 65536], "a whole number from 1 to 65535"),
        ("fit", ["contain", "cover"], ["stretch", ""], "one of contain, cover"),
        ("size", [None, (640, 480)], [], ""),
        ("names", [(), ("abc", "def")], [("abc", "de")], "a list of texts"),
    ],
)
def test_values_out_of_range_are_refused(
    name: str, good: list[Any], bad: list[Any], message: str
) -> None:
    example: Any = Example
    for value in good:
        assert getattr(example(**{"required": 1, name: value}), name) == value
    for value in bad:
        with pytest.raises(ValueError, match=f"{name} must be {message}.*, not "):
            example(**{"required": 1, name: value})


def test_declarations_keep_base_fields_first_and_their_help() -> None:
    declared = declarations(Example)
    assert list(declared)[:3] == ["strength", "size", "names"]
    assert declared["strength"].about["help"] == "help"
    assert not declared["port"].about
    assert declared["required"].default is MISSING


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("strength", "0.25", 0.25),
        ("size", "640x480", (640, 480)),
        ("size", "640X480", (640, 480)),
        ("port", "80", 80),
        ("folder", "a/b", Path("a/b")),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    assert declarations(Example)[name].kind.parse(text) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("strength", "x", "'x' must be a number from 0 to 1"),
        ("strength", "nan", "'nan' must be a number from 0 to 1"),
        ("port", "1.5", "'1.5' must be a whole number from 1 to 65535"),
        ("size", "640", "'640' must be a size such as 640x480"),
        ("size", "0x480", "'0x480' must be a size such as 640x480"),
    ],
)
def test_wrong_text_is_refused_with_the_range(name: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        declarations(Example)[name].kind.parse(text)
