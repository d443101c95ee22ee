"""The verb ``train``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from pathlib import Path

from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.errors import TrainingError
from realtime_style.training.config import TrainConfig

OPTIONS = ()


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """A painting in, a style file out."""
    try:
        import torch  # noqa: F401, TID251  (only to see whether the extra is there)

        from realtime_style.training.command import run_training
    except ImportError as error:
        raise TrainingError(
            f'training needs PyTorch ({error}); pip install "realtime-style[train]"'
        ) from error
    metadata, run = run_training(args)
    names = ", ".join(style.name for style in metadata.styles)
    print_result(
        common,
        {"output": str(args.output), "run": str(run), **asdict(metadata)},
        f"{args.output}: {names}, {metadata.parity_grey_levels} grey levels from the trained "
        f"network; try: realtime-style webcam --style {args.output}",
    )
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of ``train``."""
    parser.add_argument(
        "paintings",
        type=Path,
        nargs="*",
        metavar="PAINTING",
        help="picture of a painting; each becomes one style",
    )
    parser.add_argument(
        "--content",
        type=Path,
        metavar="DIR",
        help="folder of photographs to learn on, any few hundred",
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="STYLE.onnx", help="style file to write"
    )
    parser.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        help="folder for checkpoint, losses and previews; default: STYLE.run",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE.toml", help="take paintings and settings from a recipe"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder that the recipe's paths start from"
    )
    about = parser.add_argument_group(
        "about the painting", "written into the style file; for a single painting"
    )
    for name, words in (
        ("name", "what --style will take; default: from the painting's file name"),
        ("title", "title of the painting"),
        ("artist", "who painted it"),
        ("year", "when"),
        ("source", "where the picture of it comes from"),
        ("licence", "who may use it"),
    ):
        about.add_argument(f"--{name}", help=words)
    how = parser.add_argument_group("how to train")
    length = how.add_mutually_exclusive_group()
    length.add_argument(
        "--steps",
        type=_positive,
        help=_with_default("steps", "optimiser steps, earlier ones of the run included"),
    )
    length.add_argument(
        "--minutes",
        type=_above_zero,
        help="train for this long, earlier sittings of the run included, instead of a number of steps",
    )
    how.add_argument(
        "--device",
        choices=("auto", "cuda", "cpu"),
        default="auto",
        help="where to train (default: auto)",
    )
    for name, kind, words in (
        ("network", str, "fast, fine, johnson or an architecture string"),
        (
            "start-from",
            Path,
            "checkpoint of a run with the same network, or one with fewer stars; a new style then needs fewer steps",
        ),
        ("loss-network", str, "vgg19, vgg16 or a file of weights"),
        ("batch", _positive, "photographs per step"),
        ("crop", _positive, "side of the crops in px"),
        ("style-size", _positive, "short side of the painting in px: larger makes larger strokes"),
        (
            "soften",
            _from_zero,
            "blur of the painting at that size in px, against the grain of its canvas",
        ),
        ("content-weight", _from_zero, "weight of the content term"),
        ("style-weight", _from_zero, "weight of the style term: more makes it wilder"),
        ("tv-weight", _from_zero, "weight of the smoothness term"),
        ("lattice-weight", _from_zero, "weight against regular patterns"),
        ("grid-weight", _from_zero, "weight against a grid on plain pictures"),
        (
            "border-weight",
            _from_zero,
            "weight against borders of other colours, or smoother, than the rest",
        ),
        ("weave-weight", _from_zero, "weight against a weave like that of canvas"),
        (
            "structure-weight",
            _from_zero,
            "weight of light and dark where the photograph has them: eyes in a face",
        ),
        ("flicker-weight", _from_zero, "weight of steadiness in a still scene with sensor noise"),
        ("temporal-weight", _from_zero, "weight of steadiness under motion"),
        ("partial-every", _whole, "teach a lower strength every so many steps; 0: never"),
        ("pixel-weight", _from_zero, "weight of likeness to the photograph at strength 0"),
        ("learning-rate", _above_zero, "peak learning rate"),
        ("seed", _whole, "seed of everything random"),
    ):
        how.add_argument(f"--{name}", type=kind, help=_with_default(name.replace("-", "_"), words))


def _with_default(name: str, words: str) -> str:
    """The help text with the default that TrainConfig really has; the options themselves default to "not given"."""
    default = next(entry.default for entry in fields(TrainConfig) if entry.name == name)
    return words if default is None else f"{words} (default: {default})"


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return value


def _above_zero(text: str) -> float:
    value = _number(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be more than 0")
    return value


def _from_zero(text: str) -> float:
    value = _number(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} must not be negative")
    return value
