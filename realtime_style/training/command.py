"""The verb ``train``: from parsed options to a style file."""

from __future__ import annotations

import argparse
from pathlib import Path

from realtime_style.errors import TrainingError
from realtime_style.styles.format import StyleInfo, StyleMetadata
from realtime_style.system.allocator import keep_freed
from realtime_style.system.progress import ProgressBar
from realtime_style.training.config import TrainConfig, load_recipe
from realtime_style.training.run import make_style, resumed_config, style_name
from realtime_style.training.train import Progress

_SETTINGS = (
    "steps",
    "minutes",
    "network",
    "loss_network",
    "batch",
    "crop",
    "style_size",
    "soften",
    "content_weight",
    "style_weight",
    "tv_weight",
    "lattice_weight",
    "grid_weight",
    "border_weight",
    "weave_weight",
    "structure_weight",
    "flicker_weight",
    "temporal_weight",
    "partial_every",
    "pixel_weight",
    "learning_rate",
    "seed",
)
_ABOUT = ("name", "title", "artist", "year", "source", "licence")


def run_training(args: argparse.Namespace) -> tuple[StyleMetadata, Path]:
    """Train and export as the options say; returns what was written into the style file, and the run's folder."""
    run: Path = args.run or args.output.with_suffix(".run")
    return make_style_with_bar(
        config_from(args, run), args.output, run, device=args.device, resume=args.resume
    ), run


def make_style_with_bar(
    config: TrainConfig, output: Path, run: Path, *, device: str = "auto", resume: bool
) -> StyleMetadata:
    """Train and export, with a progress bar on stderr, in a process that is there for nothing else."""
    keep_freed()
    seconds = round(config.minutes * 60) if config.minutes is not None else None
    with ProgressBar(seconds or config.steps, "s" if seconds else "step", output.name) as bar:

        def report(progress: Progress) -> None:
            losses = progress.losses
            bar.update(
                round(progress.fraction * seconds) if seconds else progress.step,
                f"step {progress.step}, objective {losses['objective'] / 1000:,.0f} k, "
                f"content {losses['content'] / 1000:,.0f} k, style {losses['style'] / 1000:,.1f} k, "
                f"temporal {losses['temporal']:,.0f}",
            )

        return make_style(config, output, run, device=device, resume=resume, report=report)


def config_from(args: argparse.Namespace, run: Path) -> TrainConfig:
    """The settings: those of the resumed run or of the recipe or the defaults, changed by the options that were given."""
    if args.data is not None and args.recipe is None:
        raise TrainingError(
            "--data says where the paths of a --recipe start; give one, or leave --data out"
        )
    changes = {name: getattr(args, name) for name in _SETTINGS}
    changes |= {
        name: str(getattr(args, name))
        for name in ("content", "start_from")
        if getattr(args, name) is not None
    }
    if args.resume:
        for option in ("recipe", "start_from"):
            if getattr(args, option) is not None:
                raise TrainingError(
                    f"--{option.replace('_', '-')} begins a new run; leave it out, or --resume"
                )
        config = resumed_config(run)
    elif args.recipe is not None:
        config = load_recipe(args.recipe, args.data or Path())
    else:
        if not args.paintings:
            raise TrainingError("no painting given; name one or more pictures, or a --recipe")
        if args.content is None:
            raise TrainingError("no photographs given; name a folder of them with --content DIR")
        config = TrainConfig((str(args.paintings[0]),), (StyleInfo("style"),), str(args.content))
    if args.paintings:
        if args.recipe is not None:
            changes |= {
                "style_weights": (),
                "hard_blends": (),
            }  # which are for the recipe's own paintings
        changes["paintings"] = tuple(str(path) for path in args.paintings)
        changes["styles"] = _styles(args)
    elif any(getattr(args, name) is not None for name in _ABOUT):
        raise TrainingError(
            "--name, --title and the like describe a painting given on the command line; give one"
        )
    if args.steps is not None:
        config = TrainConfig.from_dict({**config.to_dict(), "minutes": None})
    return config.with_changes(**changes)


def _styles(args: argparse.Namespace) -> tuple[StyleInfo, ...]:
    given = {name: getattr(args, name) for name in _ABOUT if getattr(args, name) is not None}
    if given and len(args.paintings) > 1:
        raise TrainingError(
            "--name, --title and the like are for a single painting; use a --recipe for several"
        )
    try:
        return tuple(
            StyleInfo(
                **{
                    "name": style_name(path),
                    "title": path.stem.replace("-", " ").replace("_", " ").title(),
                    **given,
                }
            )
            for path in args.paintings
        )
    except ValueError as error:
        raise TrainingError(f"{error}; choose another --name") from error
