"""Terms of the objective: one entry of TERMS each, with its name, its loss and its weight.

Steps, the columns of losses.csv and reports read TERMS. To add a term, add its entry here and the
setting that its weight reads to :class:`~realtime_style.training.config.TrainConfig`.

Images are (N, 3, H, W) float RGB 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_style.training.config import TrainConfig
from realtime_style.training.objective.curriculum import Task
from realtime_style.training.objective.perceptual import (
    Features,
    content_loss,
    relative_style_loss,
)
from realtime_style.training.objective.target import StyleTarget
from realtime_style.training.objective.texture import lattice_loss, luma, weave_loss
from realtime_style.training.objective.vgg import CONTENT_LAYER

_USUAL_VARIANCE = 35.0**2
"""Of a painted crop, grey levels squared."""
_STRUCTURE_WINDOW = 9
"""Steps of 2 px: an eye and what is around it."""
_FAINT_VARIANCE = 15.0**2
"""Of a window that counts half, grey levels squared: less is sky or wall."""


@dataclass(frozen=True)
class CropView:
    """The part of a painted batch that the loss network sees, and what it is compared with."""

    painted: Tensor
    photograph: Tensor
    features: Features
    photograph_features: Features
    target: StyleTarget
    stride: int
    """Stride of the network."""
    quarter_weight: float
    """See :func:`~realtime_style.training.objective.perceptual.relative_style_loss`."""


@dataclass(frozen=True)
class MotionView:
    """Paintings of one batch that should be equal; only at full strength."""

    still: Tensor
    noisy: Tensor
    """The same scene painted with other sensor noise."""
    painted_then_moved: Tensor
    moved_then_painted: Tensor
    contrast: Tensor
    """Of `still`, see :func:`contrast_of`."""


@dataclass(frozen=True)
class PlainView:
    """A painted plain scene of the size of a frame (1, 3, H, W); only in some steps."""

    painted: Tensor
    stride: int
    """Stride of the network."""


@dataclass(frozen=True)
class Term:
    """One term of the objective."""

    name: str
    view: type[CropView | MotionView | PlainView]
    """Kind of view it looks at."""
    loss: Callable[[Any], Tensor]
    """Unweighted value, given such a view."""
    weight: Callable[[TrainConfig, Task], float]
    """Factor in the objective."""


def total_variation_loss(image: Tensor) -> Tensor:
    """Mean square difference between neighbouring pixels, in grey levels squared."""
    image = image.float() * 255
    vertical = image[..., 1:, :] - image[..., :-1, :]
    horizontal = image[..., :, 1:] - image[..., :, :-1]
    return vertical.square().mean() + horizontal.square().mean()


def structure_loss(image: Tensor, photograph: Tensor) -> Tensor:
    """Lack of the photograph's light and dark in the painting: 0 (all of it is there) to 2.

    The content term is a mean over the picture, in which the eyes of a face are a hundredth: bold
    styles left them out. So the luma of both is compared in windows of 20 px, each with the same
    influence whatever its contrast: one minus their correlation, the structure comparison of Wang
    et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004).
    Strokes finer than 4 px are averaged out, and windows in which the photograph is plain do not
    count: the painting is free there.
    """
    painted, seen = (F.avg_pool2d(luma(each), 4, stride=2) for each in (image, photograph))
    mean, mean_seen = _window_means(painted), _window_means(seen)
    variance, variance_seen = (
        _window_means(painted.square()) - mean.square(),
        _window_means(seen.square()) - mean_seen.square(),
    )
    covariance = _window_means(painted * seen) - mean * mean_seen
    correlation = covariance / (variance * variance_seen).clamp(min=1).sqrt()
    weight = variance_seen / (variance_seen + _FAINT_VARIANCE)
    return ((1 - correlation) * weight).mean()


def _window_means(plane: Tensor) -> Tensor:
    return F.avg_pool2d(plane, _STRUCTURE_WINDOW, stride=2)


def temporal_loss(first: Tensor, second: Tensor, contrast: Tensor) -> Tensor:
    """Mean square difference of two paintings that should be equal, over their contrast.

    In grey levels squared. For motion: a moved picture painted, and a painted picture moved. The
    motion is synthetic and known exactly (:mod:`realtime_style.training.data.augment`), so no flow
    has to be estimated; after "Consistent Video Style Transfer via Compound Regularization" (AAAI
    2020). Divided by :func:`contrast_of` the painting, because a pale picture is a steady one: half
    the contrast would be a quarter of the loss.
    """
    return F.mse_loss(first.float() * 255, second.float() * 255) / contrast


def contrast_of(image: Tensor) -> Tensor:
    """Variance of pixels relative to a usual painting's, mean of pictures and colours.

    At least 0.3: below, the noise of a plain wall would be all that counts.
    """
    variance = (image.float() * 255).var((2, 3)).mean()
    return (variance / _USUAL_VARIANCE).clamp(min=0.3)


def border_loss(image: Tensor) -> Tensor:
    """Difference between border and centre of painted plain scenes, in grey levels squared.

    Of the means and of the standard deviations of each colour, added; the border is an eighth of
    the shorter side wide. At a border there is only one side to look at: untrained for it, networks
    smear it or draw a frame. Measured on the luma alone, the border became grey.
    """
    wide = min(image.shape[2:]) // 8
    inner = image.float()[..., wide:-wide, wide:-wide].flatten(2) * 255
    at_border = torch.ones(image.shape[2:], dtype=torch.bool, device=image.device)
    at_border[wide:-wide, wide:-wide] = False
    outer = image.float()[..., at_border] * 255
    means, spreads = outer.mean(2) - inner.mean(2), outer.std(2) - inner.std(2)
    return (means.square() + spreads.square()).mean()


def _grid_loss(plain: PlainView) -> Tensor:
    """Lattice on a plain scene; twice the period counts a tenth, as strokes have power there."""
    return (
        lattice_loss(plain.painted, plain.stride)
        + lattice_loss(plain.painted, 2 * plain.stride) / 10
    )


def _style_weight(config: TrainConfig, mix: Tensor) -> float:
    """Mean of the paintings' style weights, weighted by `mix` (S,)."""
    return float(mix @ torch.tensor(config.painting_weights, dtype=mix.dtype))


TERMS = (
    Term(
        "content",
        CropView,
        lambda crop: content_loss(crop.features, crop.photograph_features, CONTENT_LAYER),
        lambda config, task: config.content_weight,
    ),
    Term(
        "style",
        CropView,
        lambda crop: relative_style_loss(crop.features, crop.target.grams, crop.quarter_weight),
        lambda config, task: _style_weight(config, task.mix) * task.strength**3,
    ),
    Term(
        "tv",
        CropView,
        lambda crop: total_variation_loss(crop.painted),
        lambda config, task: config.tv_weight,
    ),
    Term(
        "lattice",
        CropView,
        lambda crop: lattice_loss(crop.painted, crop.stride),
        lambda config, task: config.lattice_weight,
    ),
    Term(
        "weave",
        CropView,
        lambda crop: weave_loss(crop.painted, crop.target.texture),
        lambda config, task: config.weave_weight * task.strength,
    ),
    Term(
        "structure",
        CropView,
        lambda crop: structure_loss(crop.painted, crop.photograph),
        lambda config, task: config.structure_weight,
    ),
    Term(
        "pixel",
        CropView,
        lambda crop: F.mse_loss(crop.painted.float() * 255, crop.photograph.float() * 255),
        lambda config, task: config.pixel_weight * (1 - task.strength) ** 3,
    ),
    Term(
        "flicker",
        MotionView,
        lambda motion: temporal_loss(motion.noisy, motion.still, motion.contrast),
        lambda config, task: config.flicker_weight,
    ),
    Term(
        "temporal",
        MotionView,
        lambda motion: temporal_loss(
            motion.moved_then_painted, motion.painted_then_moved, motion.contrast
        ),
        lambda config, task: config.temporal_weight,
    ),
    Term(
        "grid",
        PlainView,
        _grid_loss,
        lambda config, task: config.grid_weight,
    ),
    Term(
        "border",
        PlainView,
        lambda plain: border_loss(plain.painted),
        lambda config, task: config.border_weight,
    ),
)
"""All terms, in the order in which they are summed."""


def evaluate(view: CropView | MotionView | PlainView) -> dict[str, Tensor]:
    """Unweighted values, by name, of the terms that look at this kind of view."""
    return {term.name: term.loss(view) for term in TERMS if isinstance(view, term.view)}


def weighted_sum(values: dict[str, Tensor], config: TrainConfig, task: Task) -> Tensor:
    """Objective of a step: the sum of the terms that it had."""
    return torch.stack(
        [term.weight(config, task) * values[term.name] for term in TERMS if term.name in values]
    ).sum()
