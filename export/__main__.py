"""``python -m export ACT``: from checkpoints and recipes to style files, what they are worth, and pictures for the docs.

Exit codes are those of ``realtime-style``: 0 done, 1 expected failure, 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from realtime_style.errors import RealtimeStyleError, TrainingError
from realtime_style.system.signals import sigterm_as_interrupt

RECIPES = Path(__file__).parent / "recipes"
SLOW = Path(__file__).parent / "slow"


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``python -m export``."""
    parser = argparse.ArgumentParser(
        prog="python -m export", description="Make and check style files."
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")

    onnx = acts.add_parser(
        "onnx",
        help="write the style file of a checkpoint, or of an untrained network for speed tests",
    )
    source = onnx.add_mutually_exclusive_group(required=True)
    source.add_argument("checkpoint", type=Path, nargs="?", help="checkpoint of a training run")
    source.add_argument(
        "--untrained",
        metavar="NETWORK",
        help="fast, fine, johnson or an architecture string, with random weights",
    )
    onnx.add_argument("-o", "--output", type=Path, required=True, metavar="STYLE.onnx")

    check = acts.add_parser(
        "check", help="judge a style file: contract, size, figures; with a checkpoint, parity too"
    )
    check.add_argument("file", type=Path)
    check.add_argument(
        "--checkpoint", type=Path, help="compare with the network of this checkpoint"
    )

    pack = acts.add_parser("pack", help="train a recipe and put its style file into a folder")
    pack.add_argument("recipe", help=f"a .toml file, or the name of one in {RECIPES.name}/")
    pack.add_argument(
        "--data", type=Path, required=True, help="folder that the recipe's paths start from"
    )
    pack.add_argument("-o", "--output", type=Path, required=True, metavar="STYLE.onnx")
    pack.add_argument("--run", type=Path, help="folder of the training run; default: STYLE.run")
    pack.add_argument("--resume", action="store_true", help="go on with the run in that folder")

    slow = acts.add_parser(
        "optimise",
        help="paint one photograph by the slow method, to see what a network could reach",
    )
    slow.add_argument("photograph", type=Path)
    slow.add_argument("painting", type=Path)
    slow.add_argument("-o", "--output", type=Path, required=True, metavar="PICTURE")
    slow.add_argument(
        "--iterations",
        type=int,
        default=100,
        help="steps of L-BFGS, default 100: a minute or two at 384 px",
    )
    slow.add_argument(
        "--long-side",
        type=int,
        default=384,
        help="pixels on the photograph's longer side, default 384",
    )
    slow.add_argument(
        "--style-size",
        type=int,
        default=256,
        help="pixels on the painting's shorter side, default 256",
    )
    slow.add_argument(
        "--soften", type=float, default=0.0, help="blur of the painting in px, default none"
    )
    slow.add_argument("--style-weight", type=float, default=6.0, help="of the objective, default 6")
    slow.add_argument("--evenness", type=float, default=0.2, help="of the objective, default 0.2")
    slow.add_argument(
        "--loss-network", default="vgg19", help="vgg19, vgg16 or a file of weights; default vgg19"
    )

    report = acts.add_parser(
        "report", help="measure a style file and write a page with figures and pictures"
    )
    report.add_argument("file", type=Path)
    report.add_argument(
        "--recipe",
        required=True,
        help=f"what it was made from: a .toml file, or the name of one in {RECIPES.name}/",
    )
    report.add_argument(
        "--data", type=Path, required=True, help="folder that the recipe's paths start from"
    )
    report.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("docs/gallery"),
        metavar="DIR",
        help="default docs/gallery",
    )
    report.add_argument(
        "--slow",
        type=Path,
        default=SLOW,
        metavar="DIR",
        help="where the slow method's curves are kept",
    )
    report.add_argument(
        "--no-slow",
        action="store_true",
        help="leave the slow method out: a picture of it takes minutes",
    )
    report.add_argument("--clip", type=Path, help="moving clip for the warp error")
    report.add_argument(
        "--rival",
        type=Path,
        nargs=3,
        action="append",
        default=[],
        metavar=("STYLE", "PICTURE", "PHOTOGRAPH"),
        help="compare with somebody else's picture of a photograph",
    )
    report.add_argument(
        "--show-originals",
        action="store_true",
        help="show photographs and rivals, too: not for publishing",
    )
    report.add_argument(
        "--seconds", type=float, default=20.0, help="how long to time it, default 20"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one act; returns the exit code."""
    args = build_parser().parse_args(argv)
    act = {
        "onnx": write_onnx,
        "check": check_file,
        "pack": make_pack,
        "optimise": optimise_picture,
        "report": report_on,
    }[args.act]
    try:
        with sigterm_as_interrupt():
            return act(args)
    except KeyboardInterrupt:
        print("export: interrupted", file=sys.stderr)
        return 130
    except (RealtimeStyleError, OSError) as error:
        print(f"export: error: {error}", file=sys.stderr)
        return 1


def write_onnx(args: argparse.Namespace) -> int:
    """A checkpoint, or an untrained network, as a style file."""
    import torch

    from realtime_style.styles.format import StyleInfo
    from realtime_style.training.checkpoint import load_checkpoint
    from realtime_style.training.export.to_onnx import export_checkpoint, export_network
    from realtime_style.training.networks.transform_net import TransformNet

    if args.untrained:
        torch.manual_seed(0)
        try:
            net = TransformNet(args.untrained)
        except ValueError as error:
            raise TrainingError(str(error)) from error
        metadata = export_network(
            net, [StyleInfo("untrained", title="Untrained network")], args.output
        )
    else:
        metadata = export_checkpoint(load_checkpoint(args.checkpoint), args.output)
    print(
        f"{args.output}: {metadata.parity_grey_levels} grey levels from torch, {args.output.stat().st_size / 1000:.0f} kB"
    )
    return 0


def check_file(args: argparse.Namespace) -> int:
    """Print what a style file holds; exit 1 when it breaks the contract or the parity."""
    from realtime_style.styles.catalog import read_metadata

    metadata = read_metadata(args.file)
    print(f"styles     {', '.join(style.name for style in metadata.styles)}")
    print(f"network    {metadata.network} (stride {metadata.stride}, opset {metadata.opset})")
    print(f"size       {args.file.stat().st_size / 1000:.0f} kB")
    for name, value in metadata.training.items():
        print(f"{name:10} {value}")
    if args.checkpoint:
        from realtime_style.training.checkpoint import load_checkpoint
        from realtime_style.training.export.to_onnx import check_parity
        from realtime_style.training.networks.transform_net import multiply_accumulates

        checkpoint = load_checkpoint(args.checkpoint)
        net = checkpoint.network()
        names = [style.name for style in checkpoint.config.styles]
        if (metadata.network, [style.name for style in metadata.styles]) != (
            net.architecture,
            names,
        ):
            raise TrainingError(
                f"{args.file} was not made from {args.checkpoint}: other styles or another network; give its own"
            )
        made_at = metadata.training.get("steps", checkpoint.step)
        if made_at != checkpoint.step:
            raise TrainingError(
                f"{args.file} was made at step {made_at}, and {args.checkpoint} is at step {checkpoint.step}; export it anew"
            )
        print(f"cost       {multiply_accumulates(net) / 1e9:.2f} GMAC for a 640x480 frame")
        print(f"parity     {check_parity(net, args.file)} grey levels")
    return 0


def make_pack(args: argparse.Namespace) -> int:
    """Train what a recipe says and write its style file."""
    from realtime_style.training.command import make_style_with_bar
    from realtime_style.training.config import load_recipe

    recipe = _recipe(args.recipe)
    run = args.run or args.output.with_suffix(".run")
    metadata = make_style_with_bar(
        load_recipe(recipe, args.data), args.output, run, resume=args.resume
    )
    print(f"{args.output}: {', '.join(style.name for style in metadata.styles)}")
    return 0


def report_on(args: argparse.Namespace) -> int:
    """Measure a style file and write the page."""
    from export.report import Rival, write_report
    from realtime_style.training.config import load_recipe

    page = write_report(
        args.file,
        load_recipe(_recipe(args.recipe), args.data),
        args.output,
        slow=None if args.no_slow else args.slow,
        clip=args.clip,
        rivals=[
            Rival(str(style), picture, photograph) for style, picture, photograph in args.rival
        ],
        show_originals=args.show_originals,
        bench_seconds=args.seconds,
        report=lambda words: print(words, file=sys.stderr, flush=True),
    )
    print(page)
    return 0


def _recipe(name: str) -> Path:
    return Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"


def optimise_picture(args: argparse.Namespace) -> int:
    """Paint by the slow method; print the objective on the way."""
    from export.baseline import Task, slow_picture
    from realtime_style.media.images import Picture, require_image_name, write_image
    from realtime_style.system.atomic import require_writable
    from realtime_style.training.objective.vgg import load_loss_network

    if args.iterations < 1:
        raise TrainingError(
            f"{args.iterations} iterations are no picture; give --iterations 1 or more"
        )
    if min(args.long_side, args.style_size) < 32:
        raise TrainingError(
            "the loss network sees nothing in less than 32 px; give a larger --long-side or --style-size"
        )
    require_image_name(args.output)
    require_writable(args.output)
    network = Path(args.loss_network).stem
    task = Task(
        args.photograph,
        args.painting,
        network,
        args.style_size,
        args.soften,
        args.style_weight,
        args.evenness,
    )
    picture, curve = slow_picture(
        load_loss_network(args.loss_network), task, args.iterations, args.long_side
    )
    write_image(args.output, Picture(picture))
    shown = sorted({0, 10, 25, 50, 75, 100, args.iterations} & set(range(args.iterations + 1)))
    print(
        "objective after iterations: "
        + ", ".join(f"{done}: {curve[done] / 1000:,.0f} k" for done in shown)
    )
    print(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
