"""Measure every style of a style file: how good, how steady, how clean, against what the slow method reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.baseline import ITERATIONS, LONG_SIDE, Task, equivalent_iterations
from export.quality import (
    Paint,
    Peak,
    border_by_chance,
    border_contrast,
    grid_peaks,
    scaled,
    still_scene_flicker,
    warp_error,
)
from realtime_style.frames import Frame
from realtime_style.media.images import read_image
from realtime_style.sources.files import VideoSource
from realtime_style.styles.format import StyleInfo
from realtime_style.stylize.style_model import StyleModel
from realtime_style.stylize.temporal import DEFAULT_STEADINESS, TemporalSmoother
from realtime_style.training.config import TrainConfig
from realtime_style.training.data.photographs import find_photographs, load_painting, to_image
from realtime_style.training.objective.gatys import painting_grams
from realtime_style.training.objective.losses import (
    Features,
    blended_grams,
    content_loss,
    relative_style_loss,
    style_loss,
)
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from realtime_style.training.preview import held_out_photographs

Report = Callable[[str], None]
PUBLISHED_STYLE_SIZE = 256
"""Short side of the paintings in the figures of others, px."""
PLAIN = (64, 128, 192)
"""Grey levels of the plain pictures on which grids and borders are sought."""


@dataclass(frozen=True)
class Likeness:
    """How a picture stands to photograph and painting, in the units of :mod:`realtime_style.training.objective.losses`."""

    content: float
    style: float
    objective: float


@dataclass(frozen=True)
class Steadiness:
    """A figure without and with the player's help: steadiness 0 and its default."""

    alone: float
    helped: float


@dataclass(frozen=True)
class StyleFigures:
    """All figures of one style. Means are over the photographs."""

    info: StyleInfo
    likeness: tuple[Likeness, ...]
    """For each photograph."""
    slow: tuple[float, ...]
    """Objective of the slow method after 100 iterations, for each photograph; empty when it was not asked for."""
    equivalent: tuple[int | None, ...]
    """Iterations of the slow method that are as good, for each photograph; None when 100 are not."""
    flicker: Steadiness
    """Grey levels, still scene."""
    warp: Steadiness | None
    """0..1 units, on the clip; None without one."""
    grid: Peak
    """The peak that stands out most on plain pictures."""
    border: float
    """Contrast of border and centre on plain pictures, in grey levels."""
    border_by_chance: float
    """The same of pieces without a border, exceeded by one in twenty."""

    @property
    def mean(self) -> Likeness:
        """Mean of `likeness`."""
        rows = [(each.content, each.style, each.objective) for each in self.likeness]
        return Likeness(*(float(value) for value in np.mean(rows, axis=0)))

    @property
    def over_slow(self) -> float | None:
        """Mean objective over that of the slow method."""
        return self.mean.objective / float(np.mean(self.slow)) if self.slow else None


class Judge:
    """Tells how like a picture is to a photograph and a painting, or a blend of paintings."""

    def __init__(
        self,
        vgg: LossNetwork,
        paintings: Sequence[str],
        *,
        style_size: int,
        soften: float,
        style_weights: Sequence[float],
        style_term: Callable[[Features, Features], Tensor],
    ) -> None:
        """Paintings are taken `style_size` px on their short side, and softened; objective: content + a weight x style."""
        self._vgg = vgg
        self._style_weights = style_weights
        self._style_term = style_term
        self._grams = [
            painting_grams(vgg, load_painting(Path(painting), style_size, soften))
            for painting in paintings
        ]

    def likeness(self, painted: Frame, photograph: Frame, weights: Sequence[float]) -> Likeness:
        """For a blend, the target is the blend of the paintings' Gram matrices."""
        target = blended_grams(self._grams, weights)
        with torch.no_grad():
            features = self._vgg(to_image(painted).unsqueeze(0), STYLE_LAYERS)
            content = float(
                content_loss(
                    features,
                    self._vgg(to_image(photograph).unsqueeze(0), (CONTENT_LAYER,)),
                    CONTENT_LAYER,
                )
            )
            style = float(self._style_term(features, target))
        weight = sum(
            share * weight for share, weight in zip(weights, self._style_weights, strict=True)
        )
        return Likeness(content, style, content + weight * style)


def own_judge(vgg: LossNetwork, recipe: TrainConfig) -> Judge:
    """By what the networks of this recipe learn."""
    return Judge(
        vgg,
        recipe.paintings,
        style_size=recipe.style_size,
        soften=recipe.soften,
        style_weights=recipe.painting_weights,
        style_term=lambda features, target: relative_style_loss(features, target, recipe.evenness),
    )


def published_judge(vgg: LossNetwork, recipe: TrainConfig) -> Judge:
    """In the units that figures of others are given in: content + 5 x style of Johnson et al. 2016, paintings as they are."""
    weights = (5.0,) * len(recipe.paintings)
    return Judge(
        vgg,
        recipe.paintings,
        style_size=PUBLISHED_STYLE_SIZE,
        soften=0.0,
        style_weights=weights,
        style_term=style_loss,
    )


def one_style(count: int, index: int) -> tuple[float, ...]:
    """Style weights of a single style."""
    return tuple(float(index == other) for other in range(count))


def painter_of(stylizer: StyleModel, weights: Sequence[float]) -> Paint:
    """Paint with these style weights."""
    values = np.asarray(weights, np.float32)
    return lambda frame: stylizer(frame, values)


def held_out_frames(recipe: TrainConfig) -> list[Frame]:
    """The held-out photographs of a recipe, at the size they are judged at."""
    return [scaled(read_image(path).bgr, LONG_SIDE) for path in _held_out(recipe)]


def slow_tasks(recipe: TrainConfig) -> list[Task]:
    """What the slow method has to paint: each held-out photograph in each style, style by style."""
    return [
        Task(
            photograph,
            Path(painting),
            Path(recipe.loss_network).stem,
            recipe.style_size,
            recipe.soften,
            weight,
            recipe.evenness,
        )
        for painting, weight in zip(recipe.paintings, recipe.painting_weights, strict=True)
        for photograph in _held_out(recipe)
    ]


def _held_out(recipe: TrainConfig) -> list[Path]:
    """The files of the held-out photographs, in whatever sub-folder they are, in the recipe's order."""
    return held_out_photographs(find_photographs(Path(recipe.content)), recipe.held_out)


def measure(
    stylizer: StyleModel,
    judge: Judge,
    recipe: TrainConfig,
    curves: Mapping[str, Sequence[float]],
    clip: Path | None,
    report: Report,
) -> list[StyleFigures]:
    """The figures of each style of a file that was made from `recipe`."""
    photographs = held_out_frames(recipe)
    tasks = slow_tasks(recipe)
    figures = []
    for index, info in enumerate(recipe.styles):
        report(f"measuring {info.name}")
        weights = one_style(len(recipe.styles), index)
        paint = painter_of(stylizer, weights)
        likeness = tuple(
            judge.likeness(paint(photograph), photograph, weights) for photograph in photographs
        )
        own = tasks[index * len(photographs) : (index + 1) * len(photographs)]
        found = [curves[task.name] for task in own] if curves else []
        plain = [paint(np.full((480, 640, 3), level, np.uint8)) for level in PLAIN]
        large = paint(np.full((1440, 1920, 3), PLAIN[1], np.uint8))
        figures.append(
            StyleFigures(
                info=info,
                likeness=likeness,
                slow=tuple(curve[ITERATIONS] for curve in found),
                equivalent=tuple(
                    equivalent_iterations(curve, each.objective)
                    for curve, each in zip(found, likeness, strict=False)
                ),
                flicker=_both(
                    paint,
                    lambda paint: float(
                        np.mean([still_scene_flicker(paint(), p) for p in photographs])
                    ),
                ),
                warp=None
                if clip is None
                else _both(paint, lambda paint: _warp_error(paint(), clip)),
                grid=max(
                    (peak for picture in plain for peak in grid_peaks(picture)),
                    key=lambda peak: peak.over_neighbours,
                ),
                border=max(border_contrast(picture) for picture in plain),
                border_by_chance=border_by_chance(large, *plain[0].shape[:2]),
            )
        )
    return figures


def blend_ratios(
    stylizer: StyleModel, judge: Judge, recipe: TrainConfig, alone: Sequence[float], report: Report
) -> dict[tuple[str, str], float]:
    """For each two styles, the objective of their even blend over the mean of their own, over all held-out photographs.

    `alone` are the mean objectives of the styles by themselves.
    """
    photographs = held_out_frames(recipe)
    count = len(recipe.styles)

    def mean_objective(weights: Sequence[float]) -> float:
        paint = painter_of(stylizer, weights)
        return float(
            np.mean(
                [judge.likeness(paint(frame), frame, weights).objective for frame in photographs]
            )
        )

    ratios = {}
    for first, second in combinations(range(count), 2):
        names = recipe.styles[first].name, recipe.styles[second].name
        report(f"blending {names[0]} and {names[1]}")
        even = tuple(0.5 * (index in (first, second)) for index in range(count))
        ratios[names] = mean_objective(even) / ((alone[first] + alone[second]) / 2)
    return ratios


def helped(paint: Paint) -> Paint:
    """The same with the player's steadiness, at its default, for one stream of frames."""
    steadier = TemporalSmoother(DEFAULT_STEADINESS)
    return lambda frame: steadier(frame, paint(frame))


def _both(paint: Paint, figure: Callable[[Callable[[], Paint]], float]) -> Steadiness:
    """A figure without and with the player's steadiness; each stream of frames gets a painter of its own."""
    return Steadiness(figure(lambda: paint), figure(lambda: helped(paint)))


def _warp_error(paint: Paint, clip: Path) -> float:
    with VideoSource(clip) as source:
        return warp_error(paint, source)
