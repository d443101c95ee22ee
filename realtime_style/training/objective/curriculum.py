"""Task of each step: which paintings, at which strength."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from realtime_style.training.config import TrainConfig


class Task(NamedTuple):
    """Blend of paintings and strength that one step trains."""

    mix: Tensor
    """Weights (S,) of the paintings, which sum to 1."""
    strength: float
    """0..1, from the photograph to the full style."""


def sample_task(config: TrainConfig, pairs: Tensor, step: int, random: torch.Generator) -> Task:
    """Draw the task of a step.

    Paintings take turns. Every `strength_every`-th step takes any of them at a lower strength: half
    of these steps at 0, the photograph itself, the others anywhere between. The style term pulls
    harder than the content term; weighted by the third power of the strength, half the strength
    looks like half. Every `blend_every`-th of the other steps blends two paintings in any
    proportion, most often by halves; `pairs` (S, S) holds the relative frequency of each pair.
    """
    count = len(config.paintings)
    paintings = torch.eye(count)
    step, weaker = _without_every(config.strength_every, step)
    if weaker:
        strength = max(0.0, float(torch.rand((), generator=random)) * 2 - 1)
        return Task(paintings[torch.randint(count, (), generator=random)], strength)
    step, blend = _without_every(config.blend_every if count > 1 else 0, step)
    if blend:
        one, other = divmod(int(torch.multinomial(pairs.flatten(), 1, generator=random)), count)
        share = float(torch.rand(2, generator=random).mean())
        return Task(torch.lerp(paintings[one], paintings[other], share), 1.0)
    return Task(paintings[step % count], 1.0)


def _without_every(period: int, step: int) -> tuple[int, bool]:
    """Number of this step when every `period`-th is left out, and whether this is such a one."""
    return (step - step // period, step % period == period - 1) if period else (step, False)
