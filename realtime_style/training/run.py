"""From paintings to a style file that plays: train, export, check."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import OutputUnwritable, TrainingError
from realtime_style.styles.format import StyleMetadata
from realtime_style.system.atomic import require_writable
from realtime_style.training.checkpoint import load_checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.export.to_onnx import export_checkpoint
from realtime_style.training.train import CHECKPOINT, Progress, train


def make_style(
    config: TrainConfig,
    output: Path,
    run: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> StyleMetadata:
    """Train with `config` on `device` (``auto``, ``cuda`` or ``cpu``) in the folder `run`, then write the style file `output`
    and check that it plays.

    What would fail at the end is refused at the start: an output that cannot be written, a run folder that holds
    another run, and a missing package. Raises TrainingError, OutputUnwritable, BadStyleFile, DeviceUnavailable.
    """
    _require_exporter()
    if output.suffix.lower() != ".onnx":
        raise OutputUnwritable(f"cannot write {output}: a style file's name ends in .onnx")
    require_writable(output)
    _require_run_folder(run, resume=resume)
    checkpoint = train(config, run, device=device, resume=resume, report=report)
    return export_checkpoint(checkpoint, output)


def _require_run_folder(run: Path, *, resume: bool) -> None:
    if run.exists() and not run.is_dir():
        raise OutputUnwritable(f"{run} is a file; give --run a folder")
    if resume or not (run / CHECKPOINT).exists():
        return
    another = "remove the folder or choose another one with --run"
    try:
        step = load_checkpoint(run / CHECKPOINT).step
    except TrainingError as error:
        raise TrainingError(
            f"{run} holds a run that this version cannot go on with; {another}"
        ) from error
    raise TrainingError(f"{run} holds a run at step {step}; --resume goes on with it, or {another}")


def _require_exporter() -> None:
    """What writes and checks the style file is needed after hours, and is easily forgotten: PyTorch alone trains."""
    require_onnxruntime()
    try:
        import onnx  # noqa: F401  (only to see whether it is there)
        import onnx_ir  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise TrainingError(
            f'writing style files needs a package more ({error}); pip install "realtime-style[train]"'
        ) from error


def resumed_config(run: Path) -> TrainConfig:
    """The settings of the run in this folder."""
    return load_checkpoint(run / CHECKPOINT).config


def style_name(painting: Path) -> str:
    """A style name made from a file name: ``My Painting (1).jpg`` becomes ``my-painting-1``."""
    name = re.sub(r"[^a-z0-9]+", "-", painting.stem.lower()).strip("-")
    return name or "style"
