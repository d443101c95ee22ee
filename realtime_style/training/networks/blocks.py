"""Stages of a transformation network that are more than one convolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_style.training.networks.layers import (
    ConditionalScale,
    Conv,
    ConvNorm,
    StyleConv,
    make_norm,
)

_NOISE_SIDE = 256
"""Side of the noise picture, after which it repeats."""


class ResidualBlock(nn.Module):
    """x + two 3 x 3 convolutions of x: (N, C, H, W) unchanged.

    Both are normalised, without `normalize` only the first.
    """

    def __init__(
        self,
        channels: int,
        styles: int,
        dilation: int,
        *,
        per_style: int | None = None,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        convs = [
            Conv(channels, channels, 3, dilation=dilation, per_style=per_style) for _ in range(2)
        ]
        self.first = ConvNorm(convs[0], styles)
        self.second = ConvNorm(convs[1], styles, relu=False, normalize=normalize)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        out: Tensor = x + self.second(self.first(x, style), style)
        return out


class NoiseInjection(nn.Module):
    """x + noise times a gain per channel and style: (N, C, H, W) unchanged.

    On flat areas a network that sees only the photograph cannot tell one place from the next, and
    paints nothing or one repeated wave. Noise is the raw material of texture (Ulyanov et al.,
    "Texture Networks", ICML 2016). The noise is always the same and fixed to the frame, so a still
    scene stays still; it repeats after 256 steps.
    """

    noise: Tensor

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(styles, channels))
        noise = torch.randn(_NOISE_SIDE, _NOISE_SIDE, generator=torch.Generator().manual_seed(0))
        self.register_buffer("noise", noise, persistent=False)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        noise = self.noise
        if self.training:  # crops are small: unshifted, all would learn the same corner by heart
            noise = noise.roll([int(shift) for shift in torch.randint(_NOISE_SIDE, (2,))], (0, 1))
        rows = torch.arange(height, device=x.device) % _NOISE_SIDE
        columns = torch.arange(width, device=x.device) % _NOISE_SIDE
        out: Tensor = x + (style @ self.gain)[:, None, None] * noise[rows][:, columns]
        return out


class SmoothUpsampling(nn.Module):
    """Bilinear upsampling by 2 and a 3 x 3 convolution: (N, C, h, w) -> (N, C', 2h, 2w).

    A resize followed by a convolution works on four times as many pixels. A pixel shuffle (Shi et
    al., CVPR 2016) does not, but its four phases can differ, and that paints a grid. Here the four
    phases are derived from one kernel, so the result is exactly that of resize + convolution at the
    price of the shuffle. Along one axis, output pixel 2i+p reads the upsampled pixels
    2i+p-1 .. 2i+p+1, each of which is 1/4 and 3/4 of two neighbours of i: ``mix[p]`` below.

    Inside a network, a normalisation and a leaky ReLU follow. The ReLU gives phases of equal mean
    and unequal variance unequal means again, which the lattice term of the objective keeps small
    (:func:`realtime_style.training.objective.losses.lattice_loss`).
    """

    mix: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        styles: int | None,
        *,
        relu: bool = True,
        per_style: int | None = None,
        normalize: bool = True,
    ) -> None:
        """`styles` is None at the end of a network, where neither norm nor scale follows."""
        super().__init__()
        self.conv = StyleConv(in_channels, out_channels, 3, per_style=per_style)
        self.relu = relu
        self.norm = None if styles is None else make_norm(out_channels, styles, normalize=normalize)
        # mix[p, low, tap]: weight of low-resolution neighbour `low` (-1, 0, 1) in upsampled tap
        # `tap` (-1, 0, 1).
        even = [[0.75, 0.25, 0.0], [0.25, 0.75, 0.75], [0.0, 0.0, 0.25]]
        odd = [[0.25, 0.0, 0.0], [0.75, 0.75, 0.25], [0.0, 0.25, 0.75]]
        mix = torch.tensor([even, odd])
        # One product turns the taps (i, j) of a kernel into its four phases (p, q): (9, 4 x 9).
        self.register_buffer(
            "mix", torch.einsum("pyi,qxj->ijpqyx", mix, mix).reshape(9, 36), persistent=False
        )

    def phases(self, style: Tensor) -> tuple[Tensor, Tensor]:
        """Kernels (4 C', C, 3, 3) and biases (4 C',) of the four phases, phase by phase."""
        kernel = self.conv.blend(style)
        out, channels = kernel.shape[:2]
        phases = (kernel.flatten(2) @ self.mix).view(out, channels, 4, 3, 3).permute(2, 0, 1, 3, 4)
        assert self.conv.bias is not None
        return phases.reshape(4 * out, channels, 3, 3), self.conv.bias.repeat(4)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        x = F.conv2d(x, *self.phases(style))
        if isinstance(self.norm, ConditionalScale):
            # Before the shuffle, where engines fuse it with the convolution.
            x = self.norm(x, style, 4)
            return shuffle_phases(_leaky_relu(x) if self.relu else x)
        x = shuffle_phases(x)
        if self.norm is None:
            return x
        x = self.norm(x, style)
        return _leaky_relu(x) if self.relu else x


def shuffle_phases(x: Tensor) -> Tensor:
    """Pixel shuffle of four phases (p, q), phase by phase: (N, 4 C, h, w) -> (N, C, 2h, 2w).

    Channels are moved last on the way, so that runs of 2 C numbers are copied instead of single
    pixels. Engines move channels there and back at no cost, while they lay out the input and
    output of a convolution.
    """
    batch, channels, height, width = x.shape
    # The rows of all pictures are one axis: ONNX Runtime would merge two transpositions of
    # separate axes into one, which copies number by number.
    phases = x.permute(0, 2, 3, 1).reshape(batch * height, width, 2, channels // 2)
    return (
        phases.transpose(1, 2)
        .reshape(batch, 2 * height, 2 * width, channels // 4)
        .permute(0, 3, 1, 2)
    )


def _leaky_relu(x: Tensor) -> Tensor:
    """ReLU with a slope of 0.1 below zero.

    A plain ReLU shuts off all of the few channels left here in places such as the light of a face:
    these come out in one grey in every style, and no gradient reaches them.
    """
    return F.leaky_relu(x, 0.1)


class LowResBranch(nn.Module):
    """x + inner stages of x at a lower resolution: (N, C, H, W) unchanged.

    H and W must be divisible by the strides of the inner stages. At half the size the same work
    affords four times the weights and twice the receptive field: room for the large structures of
    a painting, while detail bypasses the branch. Initially it adds nothing: its last scale starts
    at zero.
    """

    def __init__(self, stages: Sequence[nn.Module], end: SmoothUpsampling) -> None:
        super().__init__()
        self.stages = nn.ModuleList([*stages, end])
        if end.norm is not None:
            nn.init.zeros_(end.norm.gamma)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        branch = x
        for stage in self.stages:
            branch = stage(branch, style)
        return x + branch
