"""One step of training: the terms of its objective, and the update."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import EllipsisType

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_style.training.config import TrainConfig
from realtime_style.training.data.augment import inside, move, random_motion, sensor_noise
from realtime_style.training.data.photographs import plain_scene, to_image
from realtime_style.training.networks.transform_net import TransformNet
from realtime_style.training.objective.curriculum import Paintings, blended, lesson
from realtime_style.training.objective.losses import (
    border_loss,
    content_loss,
    contrast_of,
    lattice_loss,
    relative_style_loss,
    structure_loss,
    temporal_loss,
    total_variation_loss,
    weave_loss,
)
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from realtime_style.training.precision import bf16_where_native

_PLAIN = (
    480,
    640,
)  # px: networks see 150 px far, so a crop is border all over; only here is there a middle to compare it with
_WHOLE = 16  # px: VGG halves thrice and the Gram matrices once more; what leaves no rest saves a tenth of a step


def take_step(
    net: TransformNet,
    vgg: LossNetwork,
    optimizers: Mapping[str, torch.optim.Optimizer],
    content: Tensor,
    paintings: Paintings,
    config: TrainConfig,
    step: int,
) -> dict[str, float]:
    """One optimiser step on a batch (N, 3, S, S); returns those of loss_log.TERMS that it had.

    Weights stay as they are if the objective is NaN.
    """
    random = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    torch.manual_seed(config.seed * 1_000_003 + step)  # the grain of this step
    mix, strength = lesson(config, paintings.pairs, step, random)
    to_learn = blended(paintings.targets, mix)
    style = (mix * strength).to(content.device)
    with bf16_where_native(content.device):
        part = part_to_judge(config, random)
        faults: dict[str, Tensor] = {}
        if strength < 1:
            painted = match_tone(net(content, style), content, 1 - strength)
        else:
            painted, faults = _painted_with_changes(
                net, content, style, random, part, sigma=config.noise
            )
            if float(torch.rand((), generator=random)) < config.faults_share:
                plain = to_image(
                    plain_scene(*_PLAIN, np.random.default_rng([config.seed, 2, step]))
                )
                faults |= _plain_faults(net, plain[None].to(content), style)
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
        "structure": structure_loss(painted, content),
        "pixel": F.mse_loss(painted.float() * 255, content.float() * 255),
        **faults,
    }
    weights = {
        "content": config.content_weight,
        "style": float(mix @ torch.tensor(config.painting_weights, dtype=mix.dtype)) * strength**3,
        "tv": config.tv_weight,
        "lattice": config.lattice_weight,
        "weave": config.weave_weight * strength,
        "structure": config.structure_weight,
        "flicker": config.flicker_weight,
        "temporal": config.temporal_weight,
        "pixel": config.pixel_weight * (1 - strength) ** 3,
        "grid": config.grid_weight,
        "border": config.border_weight,
    }
    objective = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
    net.zero_grad(set_to_none=True)
    # Paintings differ tenfold in what their textures cost: of a sum, the loudest would take all. In logarithms a per cent
    # counts the same for each of them.
    objective.log().backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip_norm)
    values = torch.stack(
        [objective, norm, *terms.values()]
    ).tolist()  # once: each look at a number waits for a GPU
    if not math.isfinite(values[0]) or not math.isfinite(values[1]):
        return {"objective": math.nan, "strength": strength}
    for optimizer in optimizers.values():
        optimizer.step()
    return {
        "objective": values[0],
        "strength": strength,
        **dict(zip(terms, values[2:], strict=True)),
    }


Part = tuple[EllipsisType, slice, slice]


def part_to_judge(config: TrainConfig, random: torch.Generator) -> Part:
    """Which part of a picture (N, 3, crop, crop) is judged, as an index of it: next to each border every third time.

    Its side is `judged` of the crop's, to the nearest multiple of 16 that fits.

    By all terms: where only those for steadiness looked, at the border, pictures became pale and dim.
    """
    side = min(round(config.crop * config.judged / _WHOLE), config.crop // _WHOLE) * _WHOLE
    room = config.crop - side
    top, left = (torch.randint(-room, 2 * room + 1, (2,), generator=random).clamp(0, room)).tolist()
    return ..., slice(top, top + side), slice(left, left + side)


def _painted_with_changes(
    net: TransformNet,
    content: Tensor,
    style: Tensor,
    random: torch.Generator,
    part: Part,
    *,
    sigma: float,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The painting, and how far it changes when the scene has only gained sensor noise, and when it has moved as well.

    All in one pass, over one grain. Not asked of weakened styles: they lie between one that has learned it and the photograph.
    """
    grid = random_motion(len(content), content.shape[2], content.shape[3], random).to(
        content.device
    )
    noisy = sensor_noise(content, random, sigma=sigma)
    moved = sensor_noise(move(content, grid), random, sigma=sigma)
    painted, painted_noisy, painted_moved = net(torch.cat([content, noisy, moved]), style).split(
        len(content)
    )
    seen = inside(grid)
    contrast = contrast_of(painted[part])
    before, after = move(painted.float(), grid) * seen, painted_moved.float() * seen
    return painted, {
        "flicker": temporal_loss(painted_noisy[part], painted[part], contrast),
        "temporal": temporal_loss(after[part], before[part], contrast),
    }


def _plain_faults(net: TransformNet, plain: Tensor, style: Tensor) -> dict[str, Tensor]:
    """What a plain picture (1, 3, H, W) shows of the network itself: the grid of its upsampling, and its borders."""
    painted = net(plain, style)
    return {
        "grid": lattice_loss(painted, net.stride) + lattice_loss(painted, 2 * net.stride) / 10,
        "border": border_loss(painted),
    }


def match_tone(painted: Tensor, photograph: Tensor, share: float) -> Tensor:
    """As :func:`realtime_style.stylize.color.match_tone`, for images (N, 3, H, W): the player does it to a weakened style.

    Instance normalisation takes from a picture how bright it is, and no network can give that back.
    """
    painted = painted.float()
    mean, spread = painted.mean((2, 3), keepdim=True), painted.std((2, 3), keepdim=True)
    own_mean, own_spread = (
        photograph.mean((2, 3), keepdim=True),
        photograph.std((2, 3), keepdim=True),
    )
    gain = (spread + share * (own_spread - spread)) / spread.clamp(min=1 / 255)
    return (painted - mean) * gain + mean + share * (own_mean - mean)
