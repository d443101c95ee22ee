"""The slow method as a yardstick: what L-BFGS on the pixels reaches after each iteration, kept in a file.

A curve takes two processor cores minutes and never changes, so the file is committed and only what is missing is computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.quality import scaled
from realtime_style.atomic import whole_file
from realtime_style.errors import TrainingError
from realtime_style.frames import Frame
from realtime_style.images import read_image
from realtime_style.training.data import load_painting, to_frame, to_image
from realtime_style.training.loss_network import LossNetwork
from realtime_style.training.optimise import optimise, painting_grams

ITERATIONS = 100
LONG_SIDE = 384
"""Photographs are judged at this many pixels on their longer side."""


@dataclass(frozen=True)
class Task:
    """One photograph in one style."""

    photograph: Path
    painting: Path
    style_size: int
    """Short side of the painting, px."""

    @property
    def name(self) -> str:
        """The task's name in the file: no folders, so that it is the same on every machine."""
        return f"{self.photograph.stem} {self.painting.stem} {self.style_size}"


def slow_picture(
    vgg: LossNetwork, task: Task, iterations: int = ITERATIONS, long_side: int = LONG_SIDE
) -> tuple[Frame, list[float]]:
    """The picture after `iterations` and the objective after 0, 1, ... `iterations` of them."""
    grams = painting_grams(vgg, load_painting(task.painting, task.style_size))
    photograph = to_image(scaled(read_image(task.photograph).bgr, long_side)).unsqueeze(0)
    curve: list[float] = []
    picture = optimise(vgg, photograph, grams, iterations, on_iteration=lambda done, objective: curve.append(objective))
    return to_frame(picture[0]), curve


def read_curves(file: Path) -> dict[str, list[float]]:
    """The curves kept in `file`, by task name; none when there is no file."""
    try:
        curves: dict[str, list[float]] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise TrainingError(f"{file} holds no curves ({error}); remove it, it will be computed again") from error
    return curves


def complete_curves(
    vgg: LossNetwork, tasks: Sequence[Task], file: Path, report: Callable[[int, str], None] = lambda done, name: None
) -> dict[str, list[float]]:
    """The curve of each task, computing and keeping those that `file` has not; interrupted, it goes on where it stopped."""
    curves = read_curves(file)
    for done, task in enumerate(tasks):
        report(done, task.name)
        if task.name not in curves:
            curves[task.name] = [round(value) for value in slow_picture(vgg, task)[1]]
            with whole_file(file) as part:
                part.write_text(json.dumps(curves, indent=0, sort_keys=True).replace(",\n", ", ") + "\n", encoding="utf-8")
    return {task.name: curves[task.name] for task in tasks}


def equivalent_iterations(curve: Sequence[float], objective: float) -> int | None:
    """The first iteration at which the slow method is as good as `objective`; None when it is not within the curve."""
    return next((done for done, value in enumerate(curve) if value <= objective), None)
