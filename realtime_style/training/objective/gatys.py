"""The slow baseline: the picture itself is optimised, one photograph and one painting at a time.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks" (CVPR 2016), with L-BFGS on the pixels.
A transformation network is taught by the same objective, so this is what it can be measured against: to how many
iterations of the slow method is its one pass equal?
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from realtime_style.training.objective.losses import (
    Features,
    content_loss,
    gram_matrix,
    relative_style_loss,
)
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS, LossNetwork
from realtime_style.training.precision import bf16_where_native

HISTORY = 20
"""Steps that L-BFGS remembers; more gave nothing in 100 iterations and cost memory."""


def painting_grams(vgg: LossNetwork, painting: Tensor) -> dict[str, Tensor]:
    """Gram matrices (1, C, C) of a painting (1, 3, H, W) at each of STYLE_LAYERS."""
    with torch.no_grad():
        features = vgg(painting, STYLE_LAYERS)
    return {layer: gram_matrix(values) for layer, values in features.items()}


def optimise(
    vgg: LossNetwork,
    photograph: Tensor,
    grams: Features,
    iterations: int = 100,
    *,
    style_weight: float,
    evenness: float,
    on_iteration: Callable[[int, float], None] = lambda done, objective: None,
) -> Tensor:
    """Optimise a picture for `iterations` of L-BFGS, starting from the photograph; returns (1, 3, H, W), inside 0..1.

    `photograph` is (1, 3, H, W) float RGB 0..1; `grams` are those of :func:`painting_grams`. The objective is what networks
    learn by, ``content + style_weight * style`` with the relative style loss of
    :mod:`realtime_style.training.objective.losses`, without their terms against lattices, weaves and
    flicker, which a single picture does not need. `on_iteration` gets the number of iterations done and the objective they
    led to, from 0 (the photograph's) to `iterations`. Steps have length one without a line search, as in the
    implementations that the field compares with; the first few may lead astray.

    After each step pixels are cut to 0..255, as Johnson et al. (ECCV 2016, section 4.1) do. Left free, the objective is that of
    a picture that nobody can look at: cut only at the end, four of ours were 4 to 26 % worse than it said.
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
        style_term = relative_style_loss(features, grams, evenness)
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
