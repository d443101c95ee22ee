"""Convolutions and normalisations that depend on the style."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EPSILON_SHARE = 0.1
"""Epsilon over the usual variance: a fifth of the contrast keeps over half of its strength."""
_INITIAL_EPSILON = 1e-5
_MOMENTUM = 0.02
"""Share of each step in the running mean of the variance."""


class StyleConv(nn.Conv2d):
    """Convolution whose kernel may have a part for each style.

    `per_style` is the number of styles that add to the shared kernel, None for a shared kernel
    alone. One set of kernels for nine paintings is a compromise. The added parts start at zero and
    are blended like the scales. That is a product with weights, not with the picture, so it costs
    the same at any picture size.
    """

    per_style: nn.Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        *,
        dilation: int = 1,
        per_style: int | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, dilation=dilation)
        self.per_style = (
            None if per_style is None else nn.Parameter(torch.zeros(per_style, self.weight.numel()))
        )

    def blend(self, style: Tensor) -> Tensor:
        """The kernel (C', C, K, K) for style weights (S,)."""
        if self.per_style is None:
            return self.weight
        return self.weight + (style @ self.per_style.to(style.dtype)).view(self.weight.shape)


class Conv(nn.Module):
    """K x K convolution, replicate padding: (N, C, H, W) -> (N, C', ceil(H/s), ceil(W/s)).

    `per_style` as in :class:`StyleConv`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        *,
        per_style: int | None = None,
    ) -> None:
        super().__init__()
        self.conv = StyleConv(
            in_channels, out_channels, kernel, stride, dilation=dilation, per_style=per_style
        )
        self.pad = dilation * (kernel // 2)

    def forward(self, x: Tensor, style: Tensor, scale: ConditionalScale | None = None) -> Tensor:
        """Convolve; a `scale` that follows is multiplied into the kernel instead of the picture."""
        if self.pad:
            x = F.pad(x, (self.pad,) * 4, mode="replicate")
        kernel, bias = self.conv.blend(style), self.conv.bias
        if scale is not None:
            kernel, bias = scale.scale_kernel(kernel, bias, style)
        return F.conv2d(x, kernel, bias, self.conv.stride, dilation=self.conv.dilation)


class ConditionalInstanceNorm(nn.Module):
    """Instance norm with one row of scales and shifts per style (Dumoulin et al., ICLR 2017).

    Input (N, C, H, W) and style weights (S,). All pictures of a batch get the same blend,
    ``weights @ gamma`` and ``weights @ beta``, which the exporter turns into the scale and bias
    inputs of ONNX InstanceNormalization.

    Instance norm gives every input the same variance, so it amplifies sensor noise on dark or flat
    input. Therefore epsilon is not the customary 1e-5 but a tenth of the variance that this layer
    usually sees, a running mean over training: pictures of full contrast hardly change, and noise
    on flat ones stays noise.
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(styles, channels))
        self.beta = nn.Parameter(torch.zeros(styles, channels))
        # A plain number, not a buffer: in a style file it is an attribute of the node.
        self.epsilon = _INITIAL_EPSILON

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():
            self._update_epsilon(x.detach())
        return F.instance_norm(
            x,
            weight=style @ self.gamma,
            bias=style @ self.beta,
            use_input_stats=True,
            eps=self.epsilon,
        )

    def _update_epsilon(self, x: Tensor) -> None:
        every_second = x[..., ::2, ::2].float()  # a quarter of the pixels is enough
        wanted = _EPSILON_SHARE * float(every_second.var((2, 3), correction=0).mean())
        if math.isfinite(wanted):
            share = 1.0 if self.epsilon == _INITIAL_EPSILON else _MOMENTUM
            self.epsilon += share * (wanted - self.epsilon)

    def get_extra_state(self) -> Tensor:
        """`epsilon`, for ``state_dict``."""
        return torch.tensor(self.epsilon, dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """`epsilon`, from a ``state_dict``."""
        self.epsilon = float(state)


class ConditionalScale(nn.Module):
    """Scale and shift with one row per style, without normalisation: (N, C, H, W) unchanged.

    With `phases` P, the same C scales apply to each of P groups of channels: (N, P C, H, W).
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(styles, channels))
        self.beta = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: Tensor, style: Tensor, phases: int = 1) -> Tensor:
        gamma, beta = (
            (style @ rows).repeat(phases)[:, None, None] for rows in (self.gamma, self.beta)
        )
        return x * gamma + beta

    def scale_kernel(
        self, kernel: Tensor, bias: Tensor | None, style: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Kernel (C, I, K, K) and bias (C,) of a convolution followed by this scale and shift."""
        gamma, beta = style @ self.gamma, style @ self.beta
        return kernel * gamma[:, None, None, None], beta if bias is None else beta + gamma * bias


def make_norm(
    channels: int, styles: int, *, normalize: bool
) -> ConditionalInstanceNorm | ConditionalScale:
    """Conditional instance norm, or a conditional scale alone."""
    norm = ConditionalInstanceNorm if normalize else ConditionalScale
    return norm(channels, styles)


class ConvNorm(nn.Module):
    """Optional nearest upsampling, convolution, conditional instance norm, optional ReLU.

    Without `normalize`, a conditional scale stands in place of the norm.
    """

    def __init__(
        self,
        conv: Conv,
        styles: int,
        *,
        relu: bool = True,
        upsample: bool = False,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        self.conv = conv
        self.norm = make_norm(conv.conv.out_channels, styles, normalize=normalize)
        self.relu = relu
        self.upsample = upsample

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        if isinstance(self.norm, ConditionalScale) and self.conv.conv.per_style is not None:
            x = self.conv(x, style, self.norm)  # this kernel is blended anyway
        else:
            x = self.norm(self.conv(x, style), style)
        return F.relu(x) if self.relu else x
