"""Command line options made of declared dataclasses."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, dataclass
from pathlib import Path

import pytest

from realtime_style.cli.parser import add_options, given, options_from
from realtime_style.system.declare import Options, Positive, Seconds, Share, Size, option


@dataclass(frozen=True, kw_only=True)
class Example(Options):
    inputs: tuple[Path, ...] = option(MISSING, "files to read", positional=True, metavar="IN")
    output: Path = option(MISSING, "file to write", aliases=("-o",))
    strength: Share = option(0.5, "share of the style, 100 % at 1")
    size: Size = option((640, 480), "frame size", metavar="WxH")
    names: tuple[str, ...] = option(("a", "b"), "names", group="About")
    split: bool = option(False, "split the picture")
    window: bool = option(True, "show a window")
    mirror: bool | None = option(None, "mirror the picture")
    camera: str | None = option(None, "virtual camera", const="auto", metavar="NAME")
    steps: Positive = option(4000, "steps", exclusive="length")
    seconds: Seconds | None = option(None, "time", exclusive="length")
    seed: int = option(0, "seed")
    hidden: int = 7


def parse(*words: str) -> Example:
    return options_from(Example, parser().parse_args(words))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    add_options(made, Example)
    return made


def test_defaults_are_those_of_the_dataclass() -> None:
    expected = Example(inputs=(Path("a"), Path("b")), output=Path("c"))
    assert parse("a", "b", "-o", "c") == expected


def test_every_kind_of_option_is_read() -> None:
    words = "a --output c --strength 1 --size 8x6 --names x y --split --no-window --no-mirror"
    assert parse(*words.split(), "--camera", "--seconds", "2.5", "--seed", "3") == Example(
        inputs=(Path("a"),),
        output=Path("c"),
        strength=1.0,
        size=(8, 6),
        names=("x", "y"),
        split=True,
        window=False,
        mirror=False,
        camera="auto",
        seconds=2.5,
        seed=3,
    )
    assert parse("a", "-o", "c", "--camera", "/dev/video1").camera == "/dev/video1"


def test_given_has_only_what_was_typed() -> None:
    args = parser().parse_args(["a", "-o", "c", "--strength", "0.5"])
    assert given(Example, args) == {
        "inputs": (Path("a"),),
        "output": Path("c"),
        "strength": 0.5,
    }


def test_help_shows_defaults_and_groups() -> None:
    text = " ".join(parser().format_help().split())
    for shown in (
        "share of the style, 100 % at 1 (default: 0.5)",
        "frame size (default: 640x480)",
        "About: --names NAMES [NAMES ...] names (default: a b)",
        "show a window (default: yes)",
        "seed (default: 0)",
        "--output OUTPUT file to write",
        "split the picture --window",
    ):
        assert shown in text
    assert "hidden" not in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-o", "c"], "the following arguments are required: IN"),
        (["a"], "the following arguments are required: -o/--output"),
        (["a", "-o", "c", "--strength", "2"], "--strength: '2' must be a number from 0 to 1"),
        (["a", "-o", "c", "--steps", "3", "--seconds", "1"], "not allowed with argument --steps"),
    ],
)
def test_wrong_usage_is_explained(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(*words)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_optional_positional_may_be_left_out() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Optional(Options):
        file: Path | None = option(None, "file", positional=True)
        more: tuple[Path, ...] = option((), "more files", positional=True)

    made = argparse.ArgumentParser()
    add_options(made, Optional)
    assert options_from(Optional, made.parse_args([])) == Optional()
    assert options_from(Optional, made.parse_args(["a", "b"])) == Optional(
        file=Path("a"), more=(Path("b"),)
    )
