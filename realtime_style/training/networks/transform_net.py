"""Image transformation network: a photograph in, a painted picture out, in one pass.

The family is that of Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer
and Super-Resolution" (ECCV 2016): a few strided convolutions, a row of residual blocks, as many
upsampling stages. :mod:`realtime_style.training.networks.architecture` describes the stages.

Convolutions are followed by conditional instance normalisation, except for the last two before the
output convolution of ``fast`` and ``fine``, which are only scaled and shifted. Normalised, these
made networks paint a spot into the brightest place of each picture, larger than all else, which
set the strength of the rest: the droplets that Karras et al. found ("Analyzing and Improving the
Image Quality of StyleGAN", CVPR 2020).

Every convolution pads its input by replication. Zero padding tells a network where the border is,
and it paints a frame there; reflection needs more rows than a 16 x 16 frame has left inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from realtime_style.training.networks.architecture import (
    FAST,
    NETWORKS,
    build_stages,
    split_words,
    strides,
)


class TransformNet(nn.Module):
    """Network described by an architecture string, for one or more styles.

    ``forward(image, style)``: image (N, 3, H, W) float RGB 0..1, style (S,) float weights that sum
    to one; returns (N, 3, H, W) float RGB, mostly inside 0..1 (no sigmoid, so colours stay linear;
    the style file clips). H and W are free: the image is padded to a multiple of the coarsest
    stride, and the result is cropped.

    With `photograph` there is one more row of scales than styles: it gives the photograph itself,
    and style weights may sum to less than one, where the rest goes to the photograph. That weakens
    a style inside the network (after Babaeizadeh and Ghiasi, "Adjustable Real-time Style Transfer",
    2018, with the blending of Dumoulin et al., "A Learned Representation for Artistic Style", ICLR
    2017).
    """

    def __init__(
        self, architecture: str = FAST, styles: int = 1, *, photograph: bool = False
    ) -> None:
        """Raises ValueError for an architecture that cannot be built."""
        super().__init__()
        if styles < 1:
            raise ValueError(f"a network needs at least one style, not {styles}")
        self.architecture = NETWORKS.get(architecture, architecture)
        self.styles = styles
        self.photograph = photograph
        words = split_words(self.architecture)
        self.stages = nn.ModuleList(build_stages(words, styles + photograph))
        self.stride, self.coarsest = strides(words)

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        style = self.rows(style)
        x = image - 0.5  # so that dark and light edges look alike to the first layer
        x = F.pad(x, (0, -width % self.coarsest, 0, -height % self.coarsest), mode="replicate")
        for stage in self.stages:
            x = stage(x, style)
        x = x + 0.5
        return x[..., :height, :width]

    def rows(self, style: Tensor) -> Tensor:
        """Weights of the rows of scales: the style weights (S,), and the photograph's share."""
        return torch.cat([style, 1 - style.sum(0, keepdim=True)]) if self.photograph else style

    def style_weights(self, weights: Sequence[float] | None = None) -> Tensor:
        """Style vector (S,) of these weights, default an even blend, on the network's device."""
        values = weights if weights is not None else [1 / self.styles] * self.styles
        return torch.tensor(list(values), device=next(self.parameters()).device)


def multiply_accumulates(net: TransformNet, height: int = 480, width: int = 640) -> int:
    """Multiply-accumulates of one frame's convolutions, without normalisation and resizing."""
    device = next(net.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, height, width, device=device), net.style_weights())
    return int(counter.get_flop_counts()["Global"][torch.ops.aten.convolution]) // 2
