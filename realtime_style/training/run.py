"""From paintings to a style file that plays: train, export, check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import OutputUnwritable, TrainingError
from realtime_style.styles.format import StyleInfo, StyleMetadata
from realtime_style.system.allocator import keep_freed
from realtime_style.system.atomic import require_writable
from realtime_style.system.progress import ProgressBar
from realtime_style.training.checkpoint import load_checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.export.to_onnx import export_checkpoint
from realtime_style.training.options import TrainOptions
from realtime_style.training.recipe import load_recipe
from realtime_style.training.train import CHECKPOINT, Report, TrainProgress, train


def train_and_export(
    config: TrainConfig,
    output: Path,
    run: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    report: Report = lambda progress: None,
) -> StyleMetadata:
    """Train in the folder `run`, then write the style file `output` and check that it plays.

    `device` is ``auto``, ``cuda`` or ``cpu``. What would fail at the end is refused at the start:
    an output that cannot be written, a run folder that holds another run, and a missing package.
    Tunes the memory allocator of the whole process. Raises TrainingError, OutputUnwritable,
    BadStyleFile, DeviceUnavailable.
    """
    _require_exporter()
    if output.suffix.lower() != ".onnx":
        raise OutputUnwritable(f"cannot write {output}: the name of a style file ends in .onnx")
    require_writable(output)
    _require_run_folder(run, resume=resume)
    keep_freed()
    checkpoint = train(config, run, device=device, resume=resume, report=report)
    return export_checkpoint(checkpoint, output)


@contextmanager
def progress_bar(config: TrainConfig, label: str) -> Iterator[Report]:
    """Progress of a run on stderr, with the recent losses, for the `report` of a training."""
    seconds = round(config.minutes * 60) if config.minutes is not None else None
    with ProgressBar(seconds or config.steps, "s" if seconds else "step", label) as bar:

        def report(progress: TrainProgress) -> None:
            losses = progress.losses
            bar.update(
                round(progress.fraction * seconds) if seconds else progress.step,
                f"step {progress.step}, objective {losses['objective'] / 1000:,.0f} k, "
                f"content {losses['content'] / 1000:,.0f} k, "
                f"style {losses['style'] / 1000:,.1f} k, temporal {losses['temporal']:,.0f}",
            )

        yield report


def make_config(options: TrainOptions, changes: Mapping[str, Any]) -> TrainConfig:
    """Settings of the resumed run, of the recipe or the defaults, with `changes`.

    `changes` are the settings given as options, by the names of TrainSettings. Raises TrainingError
    for options that exclude each other.
    """
    _check_options(options, changes)
    changes = {**changes, **({"content": str(options.content)} if options.content else {})}
    if options.resume:
        config = load_checkpoint(options.run_folder / CHECKPOINT).config
    elif options.recipe is not None:
        config = load_recipe(options.recipe, options.data or Path())
    else:
        return TrainConfig(**{**changes, **_paintings(options)})
    if options.paintings:
        changes |= _paintings(options)
        if options.recipe is not None:  # weights and pairs of the recipe's own paintings
            changes |= {"style_weights": (), "boost_blends": ()}
    return config.with_changes(**changes)


def style_name(painting: Path) -> str:
    """Style name from a file name: ``My Painting (1).jpg`` becomes ``my-painting-1``."""
    name = re.sub(r"[^a-z0-9]+", "-", painting.stem.lower()).strip("-")
    return name or "style"


def _check_options(options: TrainOptions, changes: Mapping[str, Any]) -> None:
    if options.data is not None and options.recipe is None:
        raise TrainingError(
            "--data is where the paths of a --recipe start; give one, or leave --data out"
        )
    if options.resume:
        for flag, given in (
            ("--recipe", options.recipe),
            ("--start-from", "start_from" in changes),
        ):
            if given:
                raise TrainingError(f"{flag} begins a new run; leave out {flag} or --resume")
    elif options.recipe is None:
        if not options.paintings:
            raise TrainingError("no painting given; name one or more pictures, or a --recipe")
        if options.content is None:
            raise TrainingError("no photographs given; name a folder of them with --content DIR")
    if options.about and not options.paintings:
        raise TrainingError(
            "--name, --title and the like describe a painting on the command line; give one"
        )
    if options.about and len(options.paintings) > 1:
        raise TrainingError(
            "--name, --title and the like are for a single painting; use a --recipe for several"
        )


def _paintings(options: TrainOptions) -> dict[str, Any]:
    """Settings of the paintings on the command line."""
    try:
        styles = tuple(
            StyleInfo(
                **{
                    "name": style_name(path),
                    "title": re.sub("[-_]", " ", path.stem).title(),
                    **options.about,
                }
            )
            for path in options.paintings
        )
    except ValueError as error:
        raise TrainingError(f"{error}; choose another --name") from error
    return {"paintings": tuple(map(str, options.paintings)), "styles": styles}


def _require_run_folder(run: Path, *, resume: bool) -> None:
    if run.exists() and not run.is_dir():
        raise OutputUnwritable(f"{run} is a file; give --run a folder")
    if resume or not (run / CHECKPOINT).exists():
        return
    remedy = "remove the folder or choose another one with --run"
    try:
        step = load_checkpoint(run / CHECKPOINT).step
    except TrainingError as error:
        raise TrainingError(
            f"{run} holds a run that this version cannot continue; {remedy}"
        ) from error
    raise TrainingError(f"{run} holds a run at step {step}; --resume continues it, or {remedy}")


def _require_exporter() -> None:
    """Check for the packages that write and check the style file, as PyTorch alone trains."""
    require_onnxruntime()
    try:
        import onnx  # noqa: F401  (only to see whether it is there)
        import onnx_ir  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise TrainingError(
            f"writing style files needs another package ({error}); pip install "
            '"realtime-style[train]"'
        ) from error
