"""The slow method as a yardstick: what L-BFGS on the pixels reaches after each iteration, kept in a folder.

A curve takes two processor cores a minute or two and never changes, so the file of curves is committed and only what is
missing is computed. The pictures lie beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.quality import scaled
from realtime_style.errors import TrainingError
from realtime_style.frames import Frame
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.system.atomic import atomic_write
from realtime_style.training.data.photographs import load_painting, to_frame, to_image
from realtime_style.training.objective.gatys import optimise, painting_grams
from realtime_style.training.objective.vgg import LossNetwork

ITERATIONS = 100
CURVES = "curves.json"
LONG_SIDE = 384
"""Photographs are judged at this many pixels on their longer side."""


@dataclass(frozen=True)
class Task:
    """One photograph in one style."""

    photograph: Path
    painting: Path
    loss_network: str
    """Its name: weights differ in what they see."""
    style_size: int
    """Short side of the painting, px."""
    soften: float
    """Blur of the painting at that size, px."""
    style_weight: float
    evenness: float
    """Those of the objective, as in TrainConfig."""

    @property
    def name(self) -> str:
        """The task's name in the folder: without paths, so that it is the same on every machine.

        It ends with what is done to pixels and edges: curves from before that are others.
        """
        settings = f"{self.loss_network} {self.style_size} {self.soften:g} {self.style_weight:g} {self.evenness:g}"
        return f"{self.photograph.stem} {self.painting.stem} {settings} cut continued"


def read_curves(folder: Path) -> dict[str, list[float]]:
    """The curves kept in `folder`, by task name; none when there are none."""
    file = folder / CURVES
    try:
        curves: dict[str, list[float]] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise TrainingError(
            f"{file} holds no curves ({error}); remove it, it will be computed again"
        ) from error
    return curves


def kept_picture(vgg: LossNetwork, task: Task, folder: Path) -> Frame:
    """The slow method's picture, computed if it or its curve is not in `folder` yet; both are kept."""
    file = folder / f"{task.name}.jpg"
    if not file.exists() or task.name not in read_curves(folder):
        picture, curve = slow_picture(vgg, task)
        write_image(file, Picture(picture))
        curves = {**read_curves(folder), task.name: [round(value) for value in curve]}
        with atomic_write(folder / CURVES) as part:
            part.write_text(
                json.dumps(curves, indent=0, sort_keys=True).replace(",\n", ", ") + "\n",
                encoding="utf-8",
            )
    return read_image(file).bgr


def complete_curves(
    vgg: LossNetwork,
    tasks: Sequence[Task],
    folder: Path,
    report: Callable[[int, str], None] = lambda done, name: None,
) -> dict[str, list[float]]:
    """The curve of each task, computing and keeping those that `folder` has not; interrupted, it goes on where it stopped."""
    for done, task in enumerate(tasks):
        report(done, task.name)
        if task.name not in read_curves(folder):
            kept_picture(vgg, task, folder)
    curves = read_curves(folder)
    return {task.name: curves[task.name] for task in tasks}


def slow_picture(
    vgg: LossNetwork, task: Task, iterations: int = ITERATIONS, long_side: int = LONG_SIDE
) -> tuple[Frame, list[float]]:
    """The picture after `iterations` and the objective after 0, 1, ... `iterations` of them."""
    grams = painting_grams(vgg, load_painting(task.painting, task.style_size, task.soften))
    photograph = to_image(scaled(read_image(task.photograph).bgr, long_side)).unsqueeze(0)
    curve: list[float] = []
    picture = optimise(
        vgg,
        photograph,
        grams,
        iterations,
        style_weight=task.style_weight,
        evenness=task.evenness,
        on_iteration=lambda done, objective: curve.append(objective),
    )
    return to_frame(picture[0]), curve


def equivalent_iterations(curve: Sequence[float], objective: float) -> int | None:
    """The first iteration at which the slow method is as good as `objective`; None when it is not within the curve."""
    return next((done for done, value in enumerate(curve) if value <= objective), None)
