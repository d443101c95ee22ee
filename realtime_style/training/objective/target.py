"""Targets of the style terms, computed once from the paintings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import torch
from torch import Tensor

from realtime_style.training.config import TrainConfig
from realtime_style.training.data.photographs import load_painting
from realtime_style.training.objective.perceptual import Features, blended_grams
from realtime_style.training.objective.texture import mean_texture
from realtime_style.training.objective.vgg import LossNetwork, painting_grams

_LEAST_ODDS = 0.01
"""Pairs of the bundled paintings have 0.6 to 7.3."""


@dataclass(frozen=True)
class StyleTarget:
    """Statistics of a painting, or of a blend of paintings."""

    grams: dict[str, Tensor]
    """By layer, (1, C, C)."""
    texture: Tensor
    """As :func:`~realtime_style.training.objective.texture.mean_texture` returns it."""


@dataclass(frozen=True)
class StyleTargets:
    """Targets of all paintings of a run."""

    targets: tuple[StyleTarget, ...]
    pairs: Tensor
    """(S, S): relative frequency of blends of two paintings, see :func:`pair_odds`."""


def make_targets(vgg: LossNetwork, config: TrainConfig, device: torch.device) -> StyleTargets:
    """Compute the targets of `config`'s paintings on `device`, where `vgg` is."""
    targets = []
    for path in config.paintings:
        painting = load_painting(Path(path), config.style_size, config.style_blur).to(device)
        targets.append(StyleTarget(painting_grams(vgg, painting), mean_texture(painting)))
    pairs = pair_odds([target.grams for target in targets])
    names = [style.name for style in config.styles]
    for pair in config.boost_blends:
        one, other = sorted(names.index(name) for name in pair)
        pairs[one, other] = pairs.max()
    return StyleTargets(tuple(targets), pairs)


def pair_odds(grams: Sequence[Features]) -> Tensor:
    """Relative frequency (S, S) of blends of two paintings: the square of how different they are.

    The less two paintings have in common, the more there is to learn between them: of 36 even
    blends, the objective over the mean of the two ends correlated with this distance of Gram
    matrices by 0.71. Never 0, because two styles can be of one painting. Only the upper triangle is
    used.
    """
    odds = torch.zeros(len(grams), len(grams))
    for (one, a), (other, b) in combinations(enumerate(grams), 2):
        apart = [
            (a[layer] - b[layer]).square().mean()
            / (a[layer].square().mean() + b[layer].square().mean())
            for layer in a
        ]
        odds[one, other] = max(float(torch.stack(apart).sum()) ** 2, _LEAST_ODDS)
    return odds


def blend_targets(targets: Sequence[StyleTarget], mix: Tensor) -> StyleTarget:
    """Mean of the targets, weighted by `mix` (S,)."""
    weights = mix.tolist()
    textures = torch.stack(
        [weight * target.texture for target, weight in zip(targets, weights, strict=True)]
    )
    return StyleTarget(
        blended_grams([target.grams for target in targets], weights), textures.sum(0)
    )
