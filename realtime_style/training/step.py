"""One step of training: what it teaches, the terms of its objective, and the update."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import EllipsisType

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_style.training.config import TrainConfig
from realtime_style.training.data import load_painting
from realtime_style.training.loss_log import TERMS
from realtime_style.training.loss_network import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from realtime_style.training.losses import (
    blended_grams,
    content_loss,
    contrast_of,
    lattice_loss,
    mean_texture,
    relative_style_loss,
    temporal_loss,
    total_variation_loss,
    weave_loss,
)
from realtime_style.training.motion import inside, move, random_motion, sensor_noise
from realtime_style.training.optimise import painting_grams
from realtime_style.training.precision import bf16_where_native
from realtime_style.training.transform_net import TransformNet


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


def lesson(config: TrainConfig, step: int, random: torch.Generator) -> tuple[Tensor, float]:
    """Weights (S,) of the paintings that this step teaches, which sum to 1, and at which strength, 0..1.

    Paintings take turns. Every `partial_every`-th step takes any of them at a lower strength: half of these at 0, the
    photograph itself, the others anywhere between. A painting pulls harder than a photograph; with the third power of the
    strength as weight of its style term, half the strength looks like half. Every `blend_every`-th of the other steps
    takes any two of them in any proportion.
    """
    count = len(config.paintings)
    paintings = torch.eye(count)
    step, partial = _without_every(config.partial_every, step)
    if partial:
        strength = max(0.0, float(torch.rand((), generator=random)) * 2 - 1)
        return paintings[torch.randint(count, (), generator=random)], strength
    step, blend = _without_every(config.blend_every if count > 1 else 0, step)
    if blend:
        one, other = paintings[torch.randperm(count, generator=random)[:2]]
        return torch.lerp(one, other, float(torch.rand((), generator=random))), 1.0
    return paintings[step % count], 1.0


def _without_every(period: int, step: int) -> tuple[int, bool]:
    """How many steps come before this one when every `period`-th is left out, and whether this is one to leave out."""
    return (step - step // period, step % period == period - 1) if period else (step, False)


def blended(targets: Sequence[Target], mix: Tensor) -> Target:
    """What is to be learned of several paintings at once: the means of all that is learned of each, weighted by `mix` (S,)."""
    weights = mix.tolist()
    textures = torch.stack([weight * target.texture for target, weight in zip(targets, weights, strict=True)])
    return Target(blended_grams([target.grams for target in targets], weights), textures.sum(0))


def take_step(
    net: TransformNet,
    vgg: LossNetwork,
    optimizers: Mapping[str, torch.optim.Optimizer],
    content: Tensor,
    targets: Sequence[Target],
    config: TrainConfig,
    step: int,
) -> dict[str, float]:
    """One optimiser step on a batch (N, 3, S, S); returns the terms of the objective. Weights stay as they are if it is NaN."""
    random = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    torch.manual_seed(config.seed * 1_000_003 + step)  # the grain of this step
    mix, strength = lesson(config, step, random)
    to_learn = blended(targets, mix)
    style = (mix * strength).to(content.device)
    with bf16_where_native(content.device):
        part = part_to_judge(config, random)
        unsteadiness: dict[str, Tensor] = {}
        if strength < 1:
            painted = toned(net(content, style), content, 1 - strength)
        else:
            painted, unsteadiness = _painted_thrice(net, content, style, random, part, sigma=config.noise)
        painted, content = painted[part], content[part]
        features = vgg(painted, STYLE_LAYERS)
        with torch.no_grad():
            target = vgg(content, (CONTENT_LAYER,))
    terms = {
        "content": content_loss(features, target, CONTENT_LAYER),
        "style": relative_style_loss(features, to_learn.grams, config.evenness),
        "tv": total_variation_loss(painted),
        "lattice": lattice_loss(painted, net.stride),
        "weave": weave_loss(painted, to_learn.texture),
        "pixel": F.mse_loss(painted.float() * 255, content.float() * 255),
        **unsteadiness,
    }
    weights = {
        "content": config.content_weight,
        "style": float(mix @ torch.tensor(config.painting_weights)) * strength**3,
        "tv": config.tv_weight,
        "lattice": config.lattice_weight,
        "weave": config.weave_weight * strength,
        "flicker": config.flicker_weight,
        "temporal": config.temporal_weight,
        "pixel": config.pixel_weight * (1 - strength) ** 3,
    }
    objective = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
    net.zero_grad(set_to_none=True)
    # Paintings differ tenfold in what their textures cost: of a sum, the loudest would take all. In logarithms a per cent
    # counts the same for each of them.
    objective.log().backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip_norm)
    if torch.isfinite(objective) and torch.isfinite(norm):
        for optimizer in optimizers.values():
            optimizer.step()
    else:
        return {"objective": math.nan, "strength": strength}
    values = {name: term.item() for name, term in terms.items()}
    return {"objective": objective.item(), "strength": strength, **{name: values.get(name, 0.0) for name in TERMS[2:]}}


Part = tuple[EllipsisType, slice, slice]


def part_to_judge(config: TrainConfig, random: torch.Generator) -> Part:
    """Which part of a picture (N, 3, crop, crop) is judged, as an index of it: next to each border every third time.

    By all terms: where only those for steadiness looked, at the border, pictures became pale and dim.
    """
    side = round(config.crop * config.judged)
    room = config.crop - side
    top, left = (torch.randint(-room, 2 * room + 1, (2,), generator=random).clamp(0, room)).tolist()
    return ..., slice(top, top + side), slice(left, left + side)


def _painted_thrice(
    net: TransformNet, content: Tensor, style: Tensor, random: torch.Generator, part: Part, *, sigma: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """The painting, and how far it changes when the scene has only gained sensor noise, and when it has moved as well.

    Not asked of weakened styles: they lie between one that is steady and the photograph. All in one pass, over one grain.
    """
    grid = random_motion(len(content), content.shape[2], content.shape[3], random).to(content.device)
    noisy = sensor_noise(content, random, sigma=sigma)
    moved = sensor_noise(move(content, grid), random, sigma=sigma)
    painted, painted_noisy, painted_moved = net(torch.cat([content, noisy, moved]), style).chunk(3)
    seen = inside(grid)
    contrast = contrast_of(painted[part])
    before, after = move(painted.float(), grid) * seen, painted_moved.float() * seen
    return painted, {
        "flicker": temporal_loss(painted_noisy[part], painted[part], contrast),
        "temporal": temporal_loss(after[part], before[part], contrast),
    }


def toned(painted: Tensor, photograph: Tensor, share: float) -> Tensor:
    """As :func:`realtime_style.frames.toned`, for images (N, 3, H, W): the player does it to a weakened style.

    Instance normalisation takes from a picture how bright it is, and no network can give that back.
    """
    painted = painted.float()
    mean, spread = painted.mean((2, 3), keepdim=True), painted.std((2, 3), keepdim=True)
    own_mean, own_spread = photograph.mean((2, 3), keepdim=True), photograph.std((2, 3), keepdim=True)
    gain = (spread + share * (own_spread - spread)) / spread.clamp(min=1 / 255)
    return (painted - mean) * gain + mean + share * (own_mean - mean)
