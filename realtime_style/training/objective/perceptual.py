"""Losses on features of the loss network: content, and style as Gram matrices.

Feature tensors are those of :class:`~realtime_style.training.objective.vgg.LossNetwork`:
(N, C, H, W), computed from pixels 0..255 minus the mean. All losses are means, so they do not grow
with the size of the picture. In these units the objective of a good picture is some hundred
thousands, which is why logs print thousands ("k").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx

Features = Mapping[str, Tensor]
"""A tensor per layer name: features, or their Gram matrices."""


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrices of (N, C, H, W) features, divided by C*H*W: (N, C, C) float32.

    As in Johnson et al. 2016, section 3.2.
    """
    count, channels, height, width = features.shape
    flat = features.float().reshape(count, channels, height * width)
    # Scaling before the product keeps sums of squares inside float32's accurate range.
    flat = flat / float(channels * height * width) ** 0.5
    with torch.autocast(features.device.type, enabled=False):  # else the product is in bf16
        return torch.bmm(flat, flat.transpose(1, 2))


def content_loss(features: Features, target: Features, layer: str = "relu3_3") -> Tensor:
    """Mean square difference of one layer: the feature loss of Johnson et al. 2016."""
    return F.mse_loss(features[layer].float(), target[layer].float())


def style_loss(features: Features, target_grams: Features) -> Tensor:
    """Sum over layers of the mean square difference of Gram matrices.

    Targets are (1, C, C) or (N, C, C). The style loss of Johnson et al. 2016, which published
    figures use. Networks train on :func:`relative_style_loss`.
    """
    losses = []
    for layer, target in target_grams.items():
        grams = gram_matrix(features[layer])
        losses.append(F.mse_loss(grams, target.expand_as(grams)))
    return torch.stack(losses).sum()


def blended_grams(grams: Sequence[Features], weights: Sequence[float]) -> dict[str, Tensor]:
    """Target of a blend of paintings: the weighted mean of their Gram matrices, layer by layer.

    The weights sum to 1.
    """
    used = [(each, weight) for each, weight in zip(grams, weights, strict=True) if weight > 0]
    return {
        layer: torch.stack([weight * each[layer] for each, weight in used]).sum(0)
        for layer in grams[0]
    }


def relative_style_loss(
    features: Features, target_grams: Features, quarter_weight: float
) -> Tensor:
    """Sum over layers of the Gram matrices' error relative to the painting's own norm; x 100 k.

    Without normalisation, high-magnitude layers dominate (relu4_3, which sees long strokes, has no
    influence) and low-contrast paintings get a weak gradient. Relative to its own norm, each layer
    and each painting has the same influence.

    A Gram matrix is a mean over the picture, where a busy skyline makes up for a bare sky. So the
    variance of the matrices of its four quarters counts as well, times `quarter_weight`: at 1 each
    quarter has to be like the painting, at 0 only their mean. Features are (N, C, H, W), targets
    (1, C, C).
    """
    losses = []
    for layer, target in target_grams.items():
        quarters = grams_of_quarters(features[layer])
        whole = quarters.mean(1, keepdim=True)
        error = (whole - target).square().mean()
        spread = (quarters - whole).square().mean()
        losses.append((error + quarter_weight * spread) / target.square().mean())
    return 1e5 * torch.stack(losses).sum()


def grams_of_quarters(features: Tensor) -> Tensor:
    """Gram matrices of each picture's quarters in reading order: (N, C, H, W) -> (N, 4, C, C).

    Products are computed in the features' own precision: with bf16 in a third of the time of
    float32, an eighth of a training step, for an error of 0.3 %. The result is float32. An odd last
    row or column is left out.
    """
    count, channels, height, width = features.shape
    half_h, half_w = height // 2, width // 2
    # As (N, H, W, C), the layout of the features in memory, quarters are cut out by one copy.
    pixels = features[..., : half_h * 2, : half_w * 2].permute(0, 2, 3, 1)
    pixels = (
        pixels.reshape(count, 2, half_h, 2, half_w, channels)
        .transpose(2, 3)
        .reshape(count * 4, -1, channels)
    )
    grams: Tensor = SelfProduct.apply(pixels).float() / (channels * half_h * half_w)
    return grams.view(count, 4, channels, channels)


class SelfProduct(torch.autograd.Function):
    """X' X of matrices X (N, P, C).

    Autograd's gradient would be two products and a sum as large as X; one product is enough.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.bmm(x.transpose(1, 2), x)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return torch.bmm(x, (gradient + gradient.transpose(1, 2)).to(x.dtype))
