"""The parser: every verb and option in one place, so that the same flag means the same everywhere."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from pathlib import Path

from realtime_style.engines.devices import DEVICES
from realtime_style.sources.backends import CAMERA_BACKENDS
from realtime_style.training.config import TrainConfig
from realtime_style.web.address import parse_address

DEFAULT_STYLE = "starry-night"


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds the real default to each help text as it would be typed, unless there is none to show."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        default = action.default
        if (
            default is None
            or default is False
            or default is argparse.SUPPRESS
            or isinstance(action, argparse._StoreFalseAction)
        ):
            return action.help
        if default is True:
            default = "yes"
        elif isinstance(default, tuple):
            default = "x".join(str(side) for side in default)
        elif isinstance(default, list):
            default = " ".join(default)
        return f"{action.help} (default: {default})"


def build_parser(version: str = "") -> argparse.ArgumentParser:
    """The parser of the command ``realtime-style``."""
    parser = argparse.ArgumentParser(
        prog="realtime-style",
        description="See a camera, a clip or a photograph painted in the manner of a great painter, live.",
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"realtime-style {version}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _add_webcam(verbs)
    _add_video(verbs)
    _add_image(verbs)
    _add_styles(verbs)
    _add_kiosk(verbs)
    _add_train(verbs)
    _add_bench(verbs)
    _add_doctor(verbs)
    return parser


Verbs = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _verb(verbs: Verbs, name: str, words: str) -> argparse.ArgumentParser:  # type: ignore[valid-type]
    parser: argparse.ArgumentParser = verbs.add_parser(  # type: ignore[attr-defined]
        name, help=words, description=words[0].upper() + words[1:] + ".", formatter_class=_Formatter
    )
    parser.add_argument("--debug", action="store_true", help="show the full traceback of an error")
    return parser


def _add_painting(
    parser: argparse.ArgumentParser,
    max_size: str = "reduce larger pictures to this long side; the result has that size",
) -> None:
    """What every verb that paints takes; `max_size` is the help of that option."""
    parser.add_argument(
        "--style",
        default=DEFAULT_STYLE,
        help="NAME, FILE.onnx (its first style), FILE.onnx#NAME, or a mix: a:0.5,b:0.5",
    )
    parser.add_argument(
        "--strength",
        type=_share,
        default=1.0,
        help="from the photograph (0) to the whole style (1)",
    )
    parser.add_argument(
        "--keep-colours",
        "--keep-colors",
        action="store_true",
        help="the painting's light and shade in the photograph's colours",
    )
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="what runs the network; auto takes cuda, else openvino if installed, else cpu",
    )
    parser.add_argument("--max-size", type=_positive, metavar="PX", help=max_size)
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def _add_steadiness(parser: argparse.ArgumentParser) -> None:
    """What every verb that paints moving pictures takes."""
    parser.add_argument(
        "--steadiness",
        type=_share,
        default=0.5,
        help="how still strokes are held from frame to frame, 0 to 1",
    )


def _add_webcam(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(verbs, "webcam", "show the camera's picture painted, live; h shows the keys")
    parser.add_argument(
        "--camera",
        default="0",
        help="number or device, a video file played in real time and looped, or pattern",
    )
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="frame size to ask the camera for"
    )
    parser.add_argument("--fps", type=_above_zero, help="frame rate to ask the camera for")
    parser.add_argument(
        "--fourcc", type=_fourcc, help="pixel format to ask the camera for, e.g. MJPG"
    )
    parser.add_argument(
        "--backend",
        choices=CAMERA_BACKENDS,
        default="auto",
        help="way into the camera; dshow where Windows opens it slowly",
    )
    _add_painting(
        parser,
        max_size="paint larger pictures at this long side, and enlarge what is painted again",
    )
    _add_steadiness(parser)
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="mirror the picture; default: that of a camera, not a clip's",
    )
    parser.add_argument(
        "--split", action="store_true", help="start with the photograph beside the painting"
    )
    parser.add_argument("--fullscreen", action="store_true", help="fill the screen")
    parser.add_argument(
        "--overlay",
        action="store_true",
        help="start with frame rate, latency and provider on screen",
    )
    parser.add_argument(
        "--no-window", dest="window", action="store_false", help="run without a window"
    )
    parser.add_argument("--seconds", type=_above_zero, help="stop after this time")
    parser.add_argument(
        "--mjpeg",
        type=_address,
        metavar="[ADDRESS:]PORT",
        help="show the picture in browsers, too: on this machine, or with 0.0.0.0:PORT in the whole network",
    )
    parser.add_argument(
        "--virtual-camera",
        nargs="?",
        const="",
        metavar="NAME",
        help="be a camera for other programs on this machine, the first virtual one there is, or NAME",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="record the painted picture to this .mp4 from the start, without sound",
    )
    parser.add_argument(
        "--snapshots",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="folder for snapshots and recordings made by key",
    )


def _add_video(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(verbs, "video", "paint every frame of a clip; sound and timing stay as they are")
    parser.add_argument("input", type=Path, metavar="IN", help="clip to paint")
    parser.add_argument("output", type=Path, metavar="OUT", help="clip to write, .mp4 or .mov")
    _add_painting(parser)
    _add_steadiness(parser)
    parser.add_argument(
        "--crf", type=_crf, default=18, help="quality of the H.264 picture, 1 best to 51"
    )
    parser.add_argument(
        "--preset",
        choices=_PRESETS,
        default="medium",
        help="speed of the H.264 encoder against file size",
    )


_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)


def _add_image(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(verbs, "image", "paint photographs")
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="IN", help="photographs or folders of photographs"
    )
    parser.add_argument(
        "output", type=Path, metavar="OUT", help="file for one photograph, folder for several"
    )
    _add_painting(parser)


def _add_styles(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(verbs, "styles", "list the styles that --style knows by name")
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def _add_bench(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(
        verbs, "bench", "measure how fast styles paint on this machine, several in turn in one run"
    )
    parser.add_argument(
        "--style",
        nargs="+",
        default=[DEFAULT_STYLE],
        metavar="STYLE[@DEVICE]",
        help="what to measure; the first is compared with",
    )
    parser.add_argument(
        "--device",
        nargs="+",
        choices=DEVICES,
        default=["auto"],
        help="devices for styles without @DEVICE",
    )
    parser.add_argument("--size", type=_size, default=(640, 480), metavar="WxH", help="frame size")
    parser.add_argument("--seconds", type=_above_zero, default=10.0, help="time to measure for")
    parser.add_argument("--stages", action="store_true", help="measure capturing and writing, too")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def _add_doctor(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(verbs, "doctor", "tell what works on this machine, and why the rest does not")
    parser.add_argument(
        "--require", choices=DEVICES[1:], help="exit with 1 unless this device can be used"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def _add_kiosk(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(
        verbs,
        "kiosk",
        "fill a touch screen for visitors who play, take a picture and take it home; runs alone",
    )
    parser.add_argument(
        "settings",
        type=Path,
        nargs="?",
        metavar="KIOSK.toml",
        help="settings, all of them optional",
    )
    parser.add_argument(
        "--camera",
        help="in place of the one in the settings: number or device, a video file, or pattern",
    )
    parser.add_argument("--seconds", type=_above_zero, help="stop after this time")
    parser.add_argument(
        "--watchdog",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="start it again when it dies or hangs; without, a restart ends with exit code 75",
    )
    parser.add_argument(
        "--secrets",
        action="store_true",
        help="ask for a PIN, print the lines of [host] for it, and end",
    )
    parser.add_argument("--json", action="store_true", help="print the counters at the end as JSON")


def _add_train(verbs: Verbs) -> None:  # type: ignore[valid-type]
    parser = _verb(verbs, "train", "make a style file from one or more paintings")
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
        "--device", choices=("auto", "cuda", "cpu"), default="auto", help="where to train"
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
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def _with_default(name: str, words: str) -> str:
    """The help text with the default that TrainConfig really has; the options themselves default to "not given"."""
    default = next(entry.default for entry in fields(TrainConfig) if entry.name == name)
    return words if default is None else f"{words} (default: {default})"


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[xX](\d+)", text)
    if match is None or 0 in (int(match[1]), int(match[2])):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 640x480")
    return int(match[1]), int(match[2])


def _address(text: str) -> str:
    try:
        parse_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


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


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be from 0 to 1")
    return value


def _crf(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 51:
        raise argparse.ArgumentTypeError(
            f"{text!r} must be a whole number from 1 to 51; 0 is lossless, which phones do not play"
        )
    return int(text)


def _fourcc(text: str) -> str:
    if len(text) != 4:
        raise argparse.ArgumentTypeError(f"{text!r} must have four letters, like MJPG")
    return text.upper()
