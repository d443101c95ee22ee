"""The terms of the objective, as plain functions of tensors.

Feature tensors are those of :class:`~realtime_style.training.loss_network.LossNetwork`: (N, C, H, W), computed from
pixels 0..255 minus the mean. All terms are means, so they do not grow with the size of the picture. In these units the
objective of a good picture is some hundred thousands, which is why logs print thousands ("k").
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

Features = Mapping[str, Tensor]

_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, of R, G and B
_WINDOW = 48  # pixels: wide enough to tell the mirrored waves from strokes of other directions and periods


def gram_matrix(features: Tensor) -> Tensor:
    """Gram matrices of (N, C, H, W) features, divided by C*H*W: (N, C, C) float32 (Johnson et al. 2016, section 3.2)."""
    count, channels, height, width = features.shape
    flat = features.float().reshape(count, channels, height * width)
    # Scaling before the product keeps the sums of squares of bf16-sized features inside float32's good range.
    flat = flat / float(channels * height * width) ** 0.5
    with torch.autocast(features.device.type, enabled=False):  # it would turn the product into bf16
        return torch.bmm(flat, flat.transpose(1, 2))


def content_loss(features: Features, target: Features, layer: str = "relu3_3") -> Tensor:
    """Mean square difference of the features of one layer (the feature reconstruction loss of Johnson et al. 2016)."""
    return F.mse_loss(features[layer].float(), target[layer].float())


def style_loss(features: Features, target_grams: Features) -> Tensor:
    """Sum over layers of the mean square difference of Gram matrices; targets are (1, C, C) or (N, C, C)."""
    losses = []
    for layer, target in target_grams.items():
        grams = gram_matrix(features[layer])
        losses.append(F.mse_loss(grams, target.expand_as(grams)))
    return torch.stack(losses).sum()


def total_variation_loss(image: Tensor) -> Tensor:
    """Mean square difference between neighbouring pixels of (N, 3, H, W), in grey levels of 0..255 squared."""
    image = image.float() * 255
    vertical = image[..., 1:, :] - image[..., :-1, :]
    horizontal = image[..., :, 1:] - image[..., :, :-1]
    return vertical.square().mean() + horizontal.square().mean()


def lattice_loss(image: Tensor, period: int) -> Tensor:
    """Variance of the means of the period x period phases of (N, 3, H, W), in grey levels of 0..255 squared.

    Upsampling by `period` treats every pixel of a period x period cell in its own way. Whatever that leaves in the mean is
    a lattice on the picture; of a picture without one, all phases have the same mean.
    """
    count, channels, height, width = image.shape
    rows, columns = height // period, width // period
    whole_cells = image[..., : rows * period, : columns * period].float() * 255
    phases = whole_cells.reshape(count, channels, rows, period, columns, period).mean(dim=(2, 4))
    return phases.flatten(2).var(dim=2, correction=0).mean()


def weave_loss(image: Tensor, stride: int) -> Tensor:
    """Energy of the mirror images of the finest wave that the body of a network can hold, in grey levels squared.

    A body at 1/stride of the size can hold waves down to a period of 2 * stride pixels. Upsampling mirrors such a wave to odd
    multiples of its frequency, and a network that is asked for fine texture uses them: a weave like canvas, along the
    rows and columns, in places that should be calm. Paintings have little at just these frequencies. Measured on the luma
    of (N, 3, H, W), at least 48 pixels each way, through Hann windows of 48: the phase changes from place to place.
    """
    kernels = _mirror_waves(stride)
    if not kernels:
        return image.new_zeros(())
    weights = torch.tensor(_LUMA, device=image.device).view(1, 3, 1, 1)
    luma = (image.float() * weights).sum(1, keepdim=True) * 255
    with torch.autocast(image.device.type, enabled=False):
        waves = F.conv2d(luma, torch.stack(kernels).unsqueeze(1).to(luma), stride=_WINDOW // 4)
    return waves.square().sum(1).mean()


@cache
def _mirror_waves(stride: int) -> list[Tensor]:
    """Windowed cosines and sines (48, 48), scaled to give the amplitude of a wave, at the mirrored frequencies."""
    window = torch.hann_window(_WINDOW, periodic=False)
    window = torch.outer(window, window) * (2 / window.sum() ** 2)
    pixels = torch.arange(_WINDOW)
    odd = range(1, stride, 2)
    kernels = []
    for x, y in product((0, *odd), (0, *(-step for step in reversed(odd)), *odd)):
        if max(x, abs(y)) >= 3 and (x or y > 0):  # the finest wave itself may stay; (0, -y) is (0, y)
            angle = torch.pi / stride * (x * pixels.view(1, -1) + y * pixels.view(-1, 1))
            kernels += [window * torch.cos(angle), window * torch.sin(angle)]
    return kernels


def temporal_loss(moved_then_painted: Tensor, painted_then_moved: Tensor) -> Tensor:
    """Mean square difference, in grey levels squared, between painting a moved picture and moving a painted one.

    The motion is synthetic and known exactly (see :mod:`realtime_style.training.motion`), so no flow has to be
    estimated; after "Consistent Video Style Transfer via Compound Regularization" (AAAI 2020).
    """
    return F.mse_loss(moved_then_painted.float() * 255, painted_then_moved.float() * 255)
