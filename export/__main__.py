"""``python -m export ACT``: make, check and measure style files.

Exit codes are those of ``realtime-style``: 0 done, 1 expected failure, 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from realtime_style.cli.parser import add_options, options_from
from realtime_style.errors import RealtimeStyleError, TrainingError
from realtime_style.system.declare import (
    MISSING,
    Options,
    Positive,
    Seconds,
    Share,
    Weight,
    at_least,
    option,
)
from realtime_style.system.signals import sigterm_as_interrupt

RECIPES = Path(__file__).parent / "recipes"
SLOW = Path(__file__).parent / "slow"

VisiblePixels = Annotated[int, at_least(32)]
"""Smaller pictures have no features at the last layer of the loss network."""


@dataclass(frozen=True, kw_only=True)
class OnnxOptions(Options):
    """Network to export."""

    checkpoint: Path | None = option(
        None, "checkpoint of a training run", positional=True, exclusive="source"
    )
    untrained: str | None = option(
        None,
        "fast, fine, johnson or an architecture string, with random weights",
        metavar="NETWORK",
        exclusive="source",
    )
    output: Path = option(MISSING, "style file to write", metavar="STYLE.onnx", aliases=("-o",))


@dataclass(frozen=True, kw_only=True)
class CheckOptions(Options):
    """Style file to check."""

    file: Path = option(MISSING, "style file", positional=True)
    checkpoint: Path | None = option(None, "compare with the network of this checkpoint")


@dataclass(frozen=True, kw_only=True)
class RecipeOptions(Options):
    """Folder of a recipe's pictures."""

    data: Path = option(MISSING, "folder that the recipe's paths start from")


@dataclass(frozen=True, kw_only=True)
class PackOptions(RecipeOptions):
    """Recipe to train."""

    recipe: str = option(MISSING, "a .toml file, or the name of one in recipes/", positional=True)
    output: Path = option(MISSING, "style file to write", metavar="STYLE.onnx", aliases=("-o",))
    run: Path | None = option(None, "folder of the training run; default: STYLE.run")
    resume: bool = option(False, "continue the run in that folder")


@dataclass(frozen=True, kw_only=True)
class OptimiseOptions(Options):
    """Photograph to paint by the slow baseline."""

    photograph: Path = option(MISSING, "photograph", positional=True)
    painting: Path = option(MISSING, "painting", positional=True)
    output: Path = option(MISSING, "picture to write", metavar="PICTURE", aliases=("-o",))
    iterations: Positive = option(100, "steps of L-BFGS: 100 take a minute or two at 384 px")
    long_side: VisiblePixels = option(384, "longer side of the photograph, px")
    style_size: VisiblePixels = option(256, "shorter side of the painting, px")
    style_blur: Weight = option(0.0, "blur of the painting, px")
    style_weight: Weight = option(6.0, "weight of the style term")
    quarter_weight: Share = option(0.2, "weight of each quarter's style")
    loss_network: str = option("vgg19", "vgg19, vgg16 or a file of weights")


@dataclass(frozen=True, kw_only=True)
class ReportOptions(RecipeOptions):
    """Style file to measure."""

    file: Path = option(MISSING, "style file", positional=True)
    recipe: str = option(MISSING, "recipe it was made from: a .toml file, or a name in recipes/")
    output: Path = option(
        Path("docs/gallery"), "folder of the page", metavar="DIR", aliases=("-o",)
    )
    slow: Path = option(SLOW, "folder of the slow baseline's curves", metavar="DIR")
    no_slow: bool = option(False, "leave the slow baseline out: each of its pictures takes minutes")
    clip: Path | None = option(None, "moving clip for the warp error")
    show_originals: bool = option(False, "show photographs and rivals too: not for publishing")
    seconds: Seconds = option(20.0, "time to measure the speed for")


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m export``."""
    parser = argparse.ArgumentParser(
        prog="python -m export", description="Make and check style files."
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    for name, (_, options, text) in ACTS.items():
        act = acts.add_parser(name, help=text)
        add_options(act, options)
        if name == "report":
            act.add_argument(
                "--rival",
                nargs=3,
                action="append",
                default=[],
                metavar=("STYLE", "PICTURE", "PHOTOGRAPH"),
                help="compare with somebody else's picture of a photograph",
            )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one act; returns the exit code."""
    args = build_parser().parse_args(argv)
    act = ACTS[args.act][0]
    try:
        with sigterm_as_interrupt():
            act(args)
    except KeyboardInterrupt:
        print("export: interrupted", file=sys.stderr)
        return 130
    except (RealtimeStyleError, OSError) as error:
        print(f"export: error: {error}", file=sys.stderr)
        return 1
    return 0


def write_onnx(args: argparse.Namespace) -> None:
    """Write the style file of a checkpoint or of an untrained network."""
    import torch

    from realtime_style.styles.format import StyleInfo
    from realtime_style.training.checkpoint import load_checkpoint
    from realtime_style.training.export.to_onnx import export_checkpoint, export_network
    from realtime_style.training.networks.transform_net import TransformNet

    options = options_from(OnnxOptions, args)
    if options.untrained is not None:
        torch.manual_seed(0)
        try:
            net = TransformNet(options.untrained)
        except ValueError as error:
            raise TrainingError(str(error)) from error
        info = StyleInfo("untrained", title="Untrained network")
        metadata = export_network(net, [info], options.output)
    elif options.checkpoint is not None:
        metadata = export_checkpoint(load_checkpoint(options.checkpoint), options.output)
    else:
        raise TrainingError("nothing to export; name a checkpoint, or --untrained NETWORK")
    print(
        f"{options.output}: {metadata.parity_grey_levels} grey levels from torch, "
        f"{options.output.stat().st_size / 1000:.0f} kB"
    )


def check_file(args: argparse.Namespace) -> None:
    """Print the metadata of a style file; raises BadStyleFile for a broken contract or parity."""
    from realtime_style.styles.catalog import read_metadata

    options = options_from(CheckOptions, args)
    metadata = read_metadata(options.file)
    print(f"styles     {', '.join(style.name for style in metadata.styles)}")
    print(f"network    {metadata.network} (stride {metadata.stride}, opset {metadata.opset})")
    print(f"size       {options.file.stat().st_size / 1000:.0f} kB")
    for name, value in metadata.training.items():
        print(f"{name:10} {value}")
    if options.checkpoint is not None:
        _compare(options.file, options.checkpoint)


def _compare(file: Path, path: Path) -> None:
    """Print the parity of a style file with the network of its checkpoint."""
    from realtime_style.styles.catalog import read_metadata
    from realtime_style.training.checkpoint import load_checkpoint
    from realtime_style.training.export.to_onnx import check_parity
    from realtime_style.training.networks.transform_net import multiply_accumulates

    metadata, checkpoint = read_metadata(file), load_checkpoint(path)
    net = checkpoint.network()
    names = [style.name for style in checkpoint.config.styles]
    if (metadata.network, [style.name for style in metadata.styles]) != (net.architecture, names):
        raise TrainingError(
            f"{file} was not made from {path}: other styles or another network; give its own"
        )
    made_at = metadata.training.get("steps", checkpoint.step)
    if made_at != checkpoint.step:
        raise TrainingError(
            f"{file} was made at step {made_at}, and {path} is at step {checkpoint.step}; "
            "export it anew"
        )
    print(f"cost       {multiply_accumulates(net) / 1e9:.2f} GMAC for a 640x480 frame")
    print(f"parity     {check_parity(net, file)} grey levels")


def make_pack(args: argparse.Namespace) -> None:
    """Train a recipe and write its style file."""
    from realtime_style.training.recipe import load_recipe
    from realtime_style.training.run import progress_bar, train_and_export

    options = options_from(PackOptions, args)
    config = load_recipe(_recipe_file(options.recipe), options.data)
    run = options.run or options.output.with_suffix(".run")
    with progress_bar(config, options.output.name) as report:
        metadata = train_and_export(
            config, options.output, run, resume=options.resume, report=report
        )
    print(f"{options.output}: {', '.join(style.name for style in metadata.styles)}")


def optimise_picture(args: argparse.Namespace) -> None:
    """Paint by the slow baseline; print the objective on the way."""
    from export.curves import Task, slow_picture
    from realtime_style.media.images import Picture, require_image_name, write_image
    from realtime_style.system.atomic import require_writable
    from realtime_style.training.objective.vgg import load_loss_network

    options = options_from(OptimiseOptions, args)
    require_image_name(options.output)
    require_writable(options.output)
    task = Task(
        options.photograph,
        options.painting,
        Path(options.loss_network).stem,
        options.style_size,
        options.style_blur,
        options.style_weight,
        options.quarter_weight,
    )
    vgg = load_loss_network(options.loss_network)
    picture, curve = slow_picture(vgg, task, options.iterations, options.long_side)
    write_image(options.output, Picture(picture))
    shown = sorted({*(0, 10, 25, 50, 75, 100, options.iterations)} & {*range(len(curve))})
    values = ", ".join(f"{done}: {curve[done] / 1000:,.0f} k" for done in shown)
    print(f"objective after iterations: {values}\n{options.output}")


def report_on(args: argparse.Namespace) -> None:
    """Measure a style file and write the page."""
    from export.report import Rival, write_report
    from realtime_style.training.recipe import load_recipe

    options = options_from(ReportOptions, args)
    page = write_report(
        options.file,
        load_recipe(_recipe_file(options.recipe), options.data),
        options.output,
        slow=None if options.no_slow else options.slow,
        clip=options.clip,
        rivals=[
            Rival(style, Path(picture), Path(photograph))
            for style, picture, photograph in args.rival
        ],
        show_originals=options.show_originals,
        bench_seconds=options.seconds,
        report=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(page)


def _recipe_file(name: str) -> Path:
    return Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"


ACTS: dict[str, tuple[Callable[[argparse.Namespace], None], type[Options], str]] = {
    "onnx": (
        write_onnx,
        OnnxOptions,
        "write the style file of a checkpoint, or of an untrained network for speed tests",
    ),
    "check": (
        check_file,
        CheckOptions,
        "check a style file: contract, size, figures; with a checkpoint, parity as well",
    ),
    "pack": (make_pack, PackOptions, "train a recipe and write its style file"),
    "optimise": (
        optimise_picture,
        OptimiseOptions,
        "paint one photograph by the slow baseline, the best that a network could reach",
    ),
    "report": (
        report_on,
        ReportOptions,
        "measure a style file and write a page with figures and pictures",
    ),
}
"""Function, options and help of each act."""

if __name__ == "__main__":
    sys.exit(main())
