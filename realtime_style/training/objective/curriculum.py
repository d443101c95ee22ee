"""What each step of training teaches: which paintings, at which strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import torch
from torch import Tensor

from realtime_style.training.config import TrainConfig
from realtime_style.training.data.photographs import load_painting
from realtime_style.training.objective.gatys import painting_grams
from realtime_style.training.objective.losses import Features, blended_grams, mean_texture
from realtime_style.training.objective.vgg import LossNetwork

_LEAST_ODDS = 0.01  # of ours, two paintings had 0.6 to 7.3


@dataclass(frozen=True)
class Target:
    """What is learned of a painting."""

    grams: dict[str, Tensor]
    """By layer, (1, C, C)."""
    texture: Tensor
    """See losses.mean_texture."""


def make_target(vgg: LossNetwork, path: Path, config: TrainConfig, device: torch.device) -> Target:
    """What is to be learned of a painting, at the size and softness that `config` says."""
    painting = load_painting(path, config.style_size, config.soften).to(device)
    return Target(painting_grams(vgg, painting), mean_texture(painting))


@dataclass(frozen=True)
class Paintings:
    """All that a run learns."""

    targets: tuple[Target, ...]
    pairs: Tensor
    """(S, S): how often two of them are taught together, in proportion; see :func:`pair_odds`."""


def make_paintings(vgg: LossNetwork, config: TrainConfig, device: torch.device) -> Paintings:
    """What is to be learned of the paintings of `config`."""
    targets = tuple(make_target(vgg, Path(path), config, device) for path in config.paintings)
    pairs = pair_odds([target.grams for target in targets])
    names = [style.name for style in config.styles]
    for pair in config.hard_blends:
        one, other = sorted(names.index(name) for name in pair)
        pairs[one, other] = pairs.max()
    return Paintings(targets, pairs)


def pair_odds(grams: Sequence[Features]) -> Tensor:
    """How often two paintings (S, S) should be taught together: the square of how unlike they are, in proportion.

    What lies between two paintings has to be learned the more the less they have in common: of 36 even blends, the objective
    over the mean of the two ends correlated with this distance of Gram matrices by 0.71. Never 0: two styles can be of
    one painting.
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


def lesson(
    config: TrainConfig, pairs: Tensor, step: int, random: torch.Generator
) -> tuple[Tensor, float]:
    """Weights (S,) of the paintings that this step teaches, which sum to 1, and at which strength, 0..1.

    Paintings take turns. Every `partial_every`-th step takes any of them at a lower strength: half of these at 0, the
    photograph itself, the others anywhere between. A painting pulls harder than a photograph; with the third power of the
    strength as weight of its style term, half the strength looks like half. Every `blend_every`-th of the other steps
    takes two of them in any proportion, most often by halves; `pairs` (S, S) says how often which.
    """
    count = len(config.paintings)
    paintings = torch.eye(count)
    step, partial = _without_every(config.partial_every, step)
    if partial:
        strength = max(0.0, float(torch.rand((), generator=random)) * 2 - 1)
        return paintings[torch.randint(count, (), generator=random)], strength
    step, blend = _without_every(config.blend_every if count > 1 else 0, step)
    if blend:
        one, other = divmod(int(torch.multinomial(pairs.flatten(), 1, generator=random)), count)
        return torch.lerp(
            paintings[one], paintings[other], float(torch.rand(2, generator=random).mean())
        ), 1.0
    return paintings[step % count], 1.0


def _without_every(period: int, step: int) -> tuple[int, bool]:
    """How many steps come before this one when every `period`-th is left out, and whether this is one to leave out."""
    return (step - step // period, step % period == period - 1) if period else (step, False)


def blended(targets: Sequence[Target], mix: Tensor) -> Target:
    """What is to be learned of several paintings at once: the means of all that is learned of each, weighted by `mix` (S,)."""
    weights = mix.tolist()
    textures = torch.stack(
        [weight * target.texture for target, weight in zip(targets, weights, strict=True)]
    )
    return Target(blended_grams([target.grams for target in targets], weights), textures.sum(0))
