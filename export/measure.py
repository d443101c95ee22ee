"""Measure every style of a style file: quality, steadiness, artefacts, and the slow baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from export.curves import ITERATIONS, LONG_SIDE, Task, equivalent_iterations
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
from realtime_style.training.objective.perceptual import (
    Features,
    blended_grams,
    content_loss,
    relative_style_loss,
    style_loss,
)
from realtime_style.training.objective.vgg import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    LossNetwork,
    painting_grams,
)
from realtime_style.training.preview import held_out_photographs

Report = Callable[[str], None]
PUBLISHED_STYLE_SIZE = 256
"""Short side of the paintings in published figures, px."""
PLAIN = (64, 128, 192)
"""Grey levels of the plain pictures in which grids and borders are measured."""


@dataclass(frozen=True)
class Score:
    """Distance of a picture from photograph and painting, in the units of training."""

    content: float
    style: float
    objective: float


@dataclass(frozen=True)
class Steadiness:
    """A figure without and with the player's temporal smoothing."""

    alone: float
    """At steadiness 0."""
    smoothed: float
    """At the default steadiness."""


@dataclass(frozen=True)
class StyleFigures:
    """All figures of one style. Means are over the photographs."""

    info: StyleInfo
    scores: tuple[Score, ...]
    """For each photograph."""
    slow: tuple[float, ...]
    """Objective of the slow baseline after 100 iterations, for each photograph; or empty."""
    equivalent: tuple[int | None, ...]
    """Iterations of the slow baseline with the same objective, for each photograph; None: over 100.
    """
    flicker: Steadiness
    """Grey levels, still scene."""
    warp: Steadiness | None
    """0..1 units, on the clip; None without one."""
    grid: Peak
    """The most prominent peak on plain pictures."""
    border: float
    """Contrast of border and centre on plain pictures, in grey levels."""
    border_by_chance: float
    """The same for pieces without a border, exceeded by one in twenty."""

    @property
    def mean(self) -> Score:
        """Mean of `scores`."""
        rows = [(each.content, each.style, each.objective) for each in self.scores]
        return Score(*(float(value) for value in np.mean(rows, axis=0)))

    @property
    def over_slow(self) -> float | None:
        """Mean objective over that of the slow baseline."""
        return self.mean.objective / float(np.mean(self.slow)) if self.slow else None


class Judge:
    """Scores pictures against a photograph and a painting, or a blend of paintings."""

    def __init__(
        self,
        vgg: LossNetwork,
        paintings: Sequence[str],
        *,
        style_size: int,
        style_blur: float,
        style_weights: Sequence[float],
        style_term: Callable[[Features, Features], Tensor],
    ) -> None:
        """Paintings have `style_size` px on their short side, blurred by `style_blur` px.

        The objective is content + a style weight per painting x the style term.
        """
        self._vgg = vgg
        self._style_weights = style_weights
        self._style_term = style_term
        self._grams = [
            painting_grams(vgg, load_painting(Path(painting), style_size, style_blur))
            for painting in paintings
        ]

    def score(self, painted: Frame, photograph: Frame, weights: Sequence[float]) -> Score:
        """Score of a picture; the target of a blend is the blend of Gram matrices."""
        target = blended_grams(self._grams, weights)
        with torch.no_grad():
            features = self._vgg(to_image(painted).unsqueeze(0), STYLE_LAYERS)
            wanted = self._vgg(to_image(photograph).unsqueeze(0), (CONTENT_LAYER,))
            content = float(content_loss(features, wanted, CONTENT_LAYER))
            style = float(self._style_term(features, target))
        weight = sum(
            share * weight for share, weight in zip(weights, self._style_weights, strict=True)
        )
        return Score(content, style, content + weight * style)


def training_judge(vgg: LossNetwork, recipe: TrainConfig) -> Judge:
    """Judge by the objective that the networks of this recipe are trained on."""
    return Judge(
        vgg,
        recipe.paintings,
        style_size=recipe.style_size,
        style_blur=recipe.style_blur,
        style_weights=recipe.painting_weights,
        style_term=lambda features, target: relative_style_loss(
            features, target, recipe.quarter_weight
        ),
    )


def published_judge(vgg: LossNetwork, recipe: TrainConfig) -> Judge:
    """Judge in the units of published figures: content + 5 x style of Johnson et al. 2016.

    Paintings are not blurred.
    """
    return Judge(
        vgg,
        recipe.paintings,
        style_size=PUBLISHED_STYLE_SIZE,
        style_blur=0.0,
        style_weights=(5.0,) * len(recipe.paintings),
        style_term=style_loss,
    )


def one_style(count: int, index: int) -> tuple[float, ...]:
    """Style weights of a single style."""
    return tuple(float(index == other) for other in range(count))


def paint_with(model: StyleModel, weights: Sequence[float]) -> Paint:
    """The model with fixed style weights."""
    values = np.asarray(weights, np.float32)
    return lambda frame: model(frame, values)


def held_out_frames(recipe: TrainConfig) -> list[Frame]:
    """Held-out photographs of a recipe, at the size they are judged at."""
    return [scaled(read_image(path).bgr, LONG_SIDE) for path in _held_out(recipe)]


def slow_tasks(recipe: TrainConfig) -> list[Task]:
    """Tasks of the slow baseline: each held-out photograph in each style, style by style."""
    return [
        Task(
            photograph,
            Path(painting),
            Path(recipe.loss_network).stem,
            recipe.style_size,
            recipe.style_blur,
            weight,
            recipe.quarter_weight,
        )
        for painting, weight in zip(recipe.paintings, recipe.painting_weights, strict=True)
        for photograph in _held_out(recipe)
    ]


def _held_out(recipe: TrainConfig) -> list[Path]:
    """Files of the held-out photographs, in whatever sub-folder, in the recipe's order."""
    return held_out_photographs(find_photographs(Path(recipe.content)), recipe.held_out)


def measure(
    model: StyleModel,
    judge: Judge,
    recipe: TrainConfig,
    curves: Mapping[str, Sequence[float]],
    clip: Path | None,
    report: Report,
) -> list[StyleFigures]:
    """Figures of each style of a file that was made from `recipe`."""
    photographs = held_out_frames(recipe)
    tasks = slow_tasks(recipe)
    figures = []
    for index, info in enumerate(recipe.styles):
        report(f"measuring {info.name}")
        weights = one_style(len(recipe.styles), index)
        own = tasks[index * len(photographs) : (index + 1) * len(photographs)]
        slow = [curves[task.name] for task in own] if curves else []
        paint = paint_with(model, weights)
        scores = [judge.score(paint(photo), photo, weights) for photo in photographs]
        figures.append(_figures(info, paint, photographs, scores, slow, clip))
    return figures


def _figures(
    info: StyleInfo,
    paint: Paint,
    photographs: Sequence[Frame],
    scores: Sequence[Score],
    slow: Sequence[Sequence[float]],
    clip: Path | None,
) -> StyleFigures:
    """Figures of one style; `slow` are its curves, one for each photograph, or empty."""
    plain = [paint(np.full((480, 640, 3), level, np.uint8)) for level in PLAIN]
    large = paint(np.full((1440, 1920, 3), PLAIN[1], np.uint8))

    def flicker(paint: Callable[[], Paint]) -> float:
        return float(np.mean([still_scene_flicker(paint(), photo) for photo in photographs]))

    return StyleFigures(
        info=info,
        scores=tuple(scores),
        slow=tuple(curve[ITERATIONS] for curve in slow),
        equivalent=tuple(
            equivalent_iterations(curve, each.objective)
            for curve, each in zip(slow, scores, strict=False)
        ),
        flicker=_steadiness(paint, flicker),
        warp=_steadiness(paint, lambda paint: _warp_error(paint(), clip)) if clip else None,
        grid=max(
            (peak for picture in plain for peak in grid_peaks(picture)),
            key=lambda peak: peak.over_neighbours,
        ),
        border=max(border_contrast(picture) for picture in plain),
        border_by_chance=border_by_chance(large, *plain[0].shape[:2]),
    )


def blend_ratios(
    model: StyleModel, judge: Judge, recipe: TrainConfig, alone: Sequence[float], report: Report
) -> dict[tuple[str, str], float]:
    """Objective of the even blend of each two styles over the mean of their own.

    Over all held-out photographs. `alone` are the mean objectives of the styles by themselves.
    """
    photographs = held_out_frames(recipe)
    count = len(recipe.styles)

    def mean_objective(weights: Sequence[float]) -> float:
        paint = paint_with(model, weights)
        scores = [judge.score(paint(photo), photo, weights) for photo in photographs]
        return float(np.mean([score.objective for score in scores]))

    ratios = {}
    for first, second in combinations(range(count), 2):
        names = recipe.styles[first].name, recipe.styles[second].name
        report(f"blending {names[0]} and {names[1]}")
        even = tuple(0.5 * (index in (first, second)) for index in range(count))
        ratios[names] = mean_objective(even) / ((alone[first] + alone[second]) / 2)
    return ratios


def smoothed(paint: Paint) -> Paint:
    """The same with the player's temporal smoothing at its default, for one stream of frames."""
    smoother = TemporalSmoother(DEFAULT_STEADINESS)
    return lambda frame: smoother(frame, paint(frame))


def _steadiness(paint: Paint, figure: Callable[[Callable[[], Paint]], float]) -> Steadiness:
    """A figure without and with smoothing; `figure` makes one `Paint` per stream of frames."""
    return Steadiness(figure(lambda: paint), figure(lambda: smoothed(paint)))


def _warp_error(paint: Paint, clip: Path) -> float:
    with VideoSource(clip) as source:
        return warp_error(paint, source)
