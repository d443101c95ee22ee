"""Curves of the slow baseline: its objective after each iteration, kept in a folder.

A curve takes two CPU cores a minute or two and never changes, so the file of curves is committed
and only missing ones are computed. The pictures lie beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.gatys_baseline import optimise
from export.quality import scaled
from realtime_style.errors import TrainingError
from realtime_style.frames import Frame
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.system.atomic import atomic_write
from realtime_style.training.data.photographs import load_painting, to_frame, to_image
from realtime_style.training.objective.vgg import LossNetwork, painting_grams

ITERATIONS = 100
CURVES = "curves.json"
LONG_SIDE = 384
"""Longer side of the photographs, px."""


@dataclass(frozen=True)
class Task:
    """One photograph in one style."""

    photograph: Path
    painting: Path
    loss_network: str
    """Its name, because different weights give different objectives."""
    style_size: int
    """Short side of the painting, px."""
    style_blur: float
    """Blur of the painting at that size, px."""
    style_weight: float
    quarter_weight: float
    """Those of the objective, as in TrainConfig."""

    @property
    def name(self) -> str:
        """Name in the folder, without paths, so that it is the same on every machine.

        It ends with how pixels and edges are treated: earlier curves were computed otherwise.
        """
        settings = (
            f"{self.loss_network} {self.style_size} {self.style_blur:g} {self.style_weight:g} "
            f"{self.quarter_weight:g}"
        )
        return f"{self.photograph.stem} {self.painting.stem} {settings} cut continued"


def read_curves(folder: Path) -> dict[str, list[float]]:
    """The curves kept in `folder`, by task name."""
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
    """The slow baseline's picture; computed and kept in `folder` if it or its curve is missing."""
    file = folder / f"{task.name}.jpg"
    if not file.exists() or task.name not in read_curves(folder):
        picture, curve = slow_picture(vgg, task)
        write_image(file, Picture(picture))
        curves = {**read_curves(folder), task.name: [round(value) for value in curve]}
        text = json.dumps(curves, indent=0, sort_keys=True).replace(",\n", ", ")
        with atomic_write(folder / CURVES) as part:
            part.write_text(f"{text}\n", encoding="utf-8")
    return read_image(file).bgr


def complete_curves(
    vgg: LossNetwork,
    tasks: Sequence[Task],
    folder: Path,
    report: Callable[[int, str], None] = lambda done, name: None,
) -> dict[str, list[float]]:
    """The curve of each task; missing ones are computed and kept one by one."""
    for done, task in enumerate(tasks):
        report(done, task.name)
        if task.name not in read_curves(folder):
            kept_picture(vgg, task, folder)
    curves = read_curves(folder)
    return {task.name: curves[task.name] for task in tasks}


def slow_picture(
    vgg: LossNetwork, task: Task, iterations: int = ITERATIONS, long_side: int = LONG_SIDE
) -> tuple[Frame, list[float]]:
    """The picture after `iterations`, and the objective after 0, 1, ... `iterations` of them."""
    grams = painting_grams(vgg, load_painting(task.painting, task.style_size, task.style_blur))
    photograph = to_image(scaled(read_image(task.photograph).bgr, long_side)).unsqueeze(0)
    curve: list[float] = []
    picture = optimise(
        vgg,
        photograph,
        grams,
        iterations,
        style_weight=task.style_weight,
        quarter_weight=task.quarter_weight,
        on_iteration=lambda done, objective: curve.append(objective),
    )
    return to_frame(picture[0]), curve


def equivalent_iterations(curve: Sequence[float], objective: float) -> int | None:
    """First iteration at which the slow baseline reaches `objective`; None if it never does."""
    return next((done for done, value in enumerate(curve) if value <= objective), None)
