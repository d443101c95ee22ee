"""Slow baseline: the picture itself is optimised, one photograph and one painting at a time.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (CVPR 2016),
with L-BFGS on the pixels. A transformation network is trained on the same objective, so it can be
measured against this: how many iterations of the slow baseline is its one pass worth?
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from realtime_style.training.device import bf16_where_native
from realtime_style.training.objective.perceptual import (
    Features,
    content_loss,
    relative_style_loss,
)
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS, LossNetwork

HISTORY = 20
"""Steps that L-BFGS remembers; more gained nothing in 100 iterations and cost memory."""


def optimise(
    vgg: LossNetwork,
    photograph: Tensor,
    grams: Features,
    iterations: int = 100,
    *,
    style_weight: float,
    quarter_weight: float,
    on_iteration: Callable[[int, float], None] = lambda done, objective: None,
) -> Tensor:
    """Optimise a picture for `iterations` of L-BFGS from the photograph; returns (1, 3, H, W) 0..1.

    `photograph` is (1, 3, H, W) float RGB 0..1; `grams` are those of
    :func:`~realtime_style.training.objective.vgg.painting_grams`. The objective is ``content +
    style_weight * style`` as in training, with the relative style loss, without the terms against
    lattices, weaves and flicker, which a single picture does not need. `on_iteration` gets the
    number of iterations done and the objective they led to, from 0 (the photograph's) to
    `iterations`. Steps have length one without a line search, as in the implementations that the
    field compares with; the first few may raise the objective.

    After each step pixels are clipped to 0..255, as in Johnson et al. (ECCV 2016, section 4.1).
    Without that, the objective is that of a picture that cannot be shown: clipped only at the end,
    four pictures were 4 to 26 % worse than it said.
    """
    with torch.no_grad():
        content = vgg(photograph, (CONTENT_LAYER,))
    pixels = (photograph * 255).clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [pixels], max_iter=1, history_size=HISTORY, tolerance_grad=0, tolerance_change=0
    )

    def objective() -> Tensor:
        with bf16_where_native(pixels.device):
            features = vgg(pixels / 255, STYLE_LAYERS)
        style_term = relative_style_loss(features, grams, quarter_weight)
        return content_loss(features, content, CONTENT_LAYER) + style_weight * style_term

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = objective()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    for done in range(iterations):
        loss = optimizer.step(closure)  # type: ignore[no-untyped-call]
        on_iteration(done, float(loss))
        with torch.no_grad():
            pixels.clamp_(0, 255)
    with torch.no_grad():
        on_iteration(iterations, float(objective()))
    return pixels.detach() / 255
