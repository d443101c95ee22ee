"""One training step: paint, evaluate the terms of the objective, update the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import EllipsisType

import numpy as np
import torch
from torch import Tensor

from realtime_style.training.config import TrainConfig
from realtime_style.training.data.augment import (
    inside,
    move,
    plain_scene,
    random_motion,
    sensor_noise,
)
from realtime_style.training.data.photographs import to_image
from realtime_style.training.device import bf16_where_native
from realtime_style.training.networks.transform_net import TransformNet
from realtime_style.training.objective.curriculum import sample_task
from realtime_style.training.objective.losses import (
    CropView,
    MotionView,
    PlainView,
    contrast_of,
    evaluate,
    weighted_sum,
)
from realtime_style.training.objective.target import StyleTargets, blend_targets
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS, LossNetwork

_PLAIN_HW = (480, 640)
"""px: networks see 150 px far, so a crop is border all over; a frame has a middle to compare."""
_MULTIPLE = 16
"""px: VGG halves three times and the quarters once more. Sides without a remainder save a tenth of
a step."""

Window = tuple[EllipsisType, slice, slice]


def take_step(
    net: TransformNet,
    vgg: LossNetwork,
    optimizers: Mapping[str, torch.optim.Optimizer],
    content: Tensor,
    targets: StyleTargets,
    config: TrainConfig,
    step: int,
) -> dict[str, float]:
    """Take one optimiser step on a batch (N, 3, S, S); returns columns of loss_log.COLUMNS.

    The weights do not change if the objective or its gradient is not finite; it is NaN then.
    """
    random = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    torch.manual_seed(config.seed * 1_000_003 + step)  # for the injected noise
    task = sample_task(config, targets.pairs, step, random)
    target = blend_targets(targets.targets, task.mix)
    style = (task.mix * task.strength).to(content.device)
    with bf16_where_native(content.device):
        window = loss_window(config, random)
        steadiness: dict[str, Tensor] = {}
        if task.strength < 1:
            painted = match_tone(net(content, style), content, 1 - task.strength)
        else:
            painted, motion = _paint_motion(net, content, style, random, window, config.noise)
            steadiness = evaluate(motion)
            if float(torch.rand((), generator=random)) < config.artifact_step_share:
                scene = plain_scene(*_PLAIN_HW, np.random.default_rng([config.seed, 2, step]))
                plain = net(to_image(scene)[None].to(content), style)
                steadiness |= evaluate(PlainView(plain, net.stride))
        painted, content = painted[window], content[window]
        features = vgg(painted, STYLE_LAYERS)
        with torch.no_grad():
            wanted = vgg(content, (CONTENT_LAYER,))
    crop = CropView(painted, content, features, wanted, target, net.stride, config.quarter_weight)
    terms = evaluate(crop) | steadiness
    objective = weighted_sum(terms, config, task)
    net.zero_grad(set_to_none=True)
    # The cost of a texture differs tenfold between paintings, and in a sum the largest would
    # dominate. In logarithms a per cent counts the same for each.
    objective.log().backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip_norm)
    # All numbers at once, because each transfer waits for the GPU.
    values = torch.stack([objective, norm, *terms.values()]).tolist()
    if not math.isfinite(values[0]) or not math.isfinite(values[1]):
        return {"objective": math.nan, "strength": task.strength}
    for optimizer in optimizers.values():
        optimizer.step()
    return {
        "objective": values[0],
        "strength": task.strength,
        **dict(zip(terms, values[2:], strict=True)),
    }


def loss_window(config: TrainConfig, random: torch.Generator) -> Window:
    """Part of a picture (N, 3, crop, crop) that the losses see, as an index of it.

    Its side is `loss_crop` of the crop's, to the nearest multiple of 16 that fits. Each border is
    part of it every third time, for all terms: where only the terms for steadiness saw the border,
    pictures became pale and dim there.
    """
    wanted = round(config.crop * config.loss_crop / _MULTIPLE)
    side = min(wanted, config.crop // _MULTIPLE) * _MULTIPLE
    room = config.crop - side
    top, left = (torch.randint(-room, 2 * room + 1, (2,), generator=random).clamp(0, room)).tolist()
    return ..., slice(top, top + side), slice(left, left + side)


def _paint_motion(
    net: TransformNet,
    content: Tensor,
    style: Tensor,
    random: torch.Generator,
    window: Window,
    sigma: float,
) -> tuple[Tensor, MotionView]:
    """Paint a batch, the same with other sensor noise, and the same moved, over the same noise.

    In one pass. Not for weakened styles, which lie between one trained for it and the photograph.
    """
    count, _, height, width = content.shape
    grid = random_motion(count, height, width, random).to(content.device)
    noisy = sensor_noise(content, random, sigma=sigma)
    moved = sensor_noise(move(content, grid), random, sigma=sigma)
    painted, painted_noisy, painted_moved = net(torch.cat([content, noisy, moved]), style).split(
        count
    )
    seen = inside(grid)
    contrast = contrast_of(painted[window])
    before, after = move(painted.float(), grid) * seen, painted_moved.float() * seen
    return painted, MotionView(
        noisy=painted_noisy[window],
        still=painted[window],
        moved_then_painted=after[window],
        painted_then_moved=before[window],
        contrast=contrast,
    )


def match_tone(painted: Tensor, photograph: Tensor, share: float) -> Tensor:
    """Move mean and spread of each colour towards the photograph's by `share`, (N, 3, H, W) each.

    The player does the same to a weakened style (:func:`realtime_style.stylize.color.match_tone`).
    Instance normalisation removes the brightness of a picture, and no network can restore it.
    """
    painted = painted.float()
    mean, spread = painted.mean((2, 3), keepdim=True), painted.std((2, 3), keepdim=True)
    own_mean, own_spread = (
        photograph.mean((2, 3), keepdim=True),
        photograph.std((2, 3), keepdim=True),
    )
    gain = (spread + share * (own_spread - spread)) / spread.clamp(min=1 / 255)
    return (painted - mean) * gain + mean + share * (own_mean - mean)
