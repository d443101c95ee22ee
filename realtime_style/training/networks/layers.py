"""What transformation networks are made of; :mod:`realtime_style.training.networks.transform_net` puts them together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_GRAIN = 256
_FLOOR = 0.1  # of the usual variance: a fifth of the contrast is still painted at more than half the strength of all
_UNLEARNED = 1e-5
_MOMENTUM = 0.02  # of the running mean of the variance, per step


class Kernel(nn.Conv2d):
    """A convolution, of whose kernel a part may be each style's own (`own`: of how many; None for a kernel that all share).

    One set of kernels for nine paintings is a compromise. What a style adds to the kernel that all share starts at zero, and is
    blended like the scales are: a few products with the weights, not with the picture, so it costs the same at any size.
    """

    own: nn.Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        *,
        dilation: int = 1,
        own: int | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, dilation=dilation)
        self.own = None if own is None else nn.Parameter(torch.zeros(own, self.weight.numel()))

    def blend(self, style: Tensor) -> Tensor:
        """The kernel (C', C, K, K) of a blend of styles (S,)."""
        if self.own is None:
            return self.weight
        return self.weight + (style @ self.own.to(style.dtype)).view(self.weight.shape)


class Conv(nn.Module):
    """K x K convolution that continues its input by its edge values: (N, C, H, W) -> (N, C', ceil(H/s), ceil(W/s))."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        *,
        own: int | None = None,
    ) -> None:
        super().__init__()
        self.conv = Kernel(in_channels, out_channels, kernel, stride, dilation=dilation, own=own)
        self.pad = dilation * (kernel // 2)

    def forward(self, x: Tensor, style: Tensor, scale: ConditionalScale | None = None) -> Tensor:
        """With a `scale` behind it, that is part of the kernel: a product with the weights instead of one with the picture."""
        if self.pad:
            x = F.pad(x, (self.pad,) * 4, mode="replicate")
        kernel, bias = self.conv.blend(style), self.conv.bias
        if scale is not None:
            kernel, bias = scale.of_kernel(kernel, bias, style)
        return F.conv2d(x, kernel, bias, self.conv.stride, dilation=self.conv.dilation)


class ConditionalInstanceNorm(nn.Module):
    """Instance norm whose scale and shift are a blend of one row per style.

    Input (N, C, H, W) and style weights (S,); every picture of the batch gets the same blend, ``weights @ gamma`` and
    ``weights @ beta``, which the exporter turns into the scale and bias inputs of ONNX InstanceNormalization.

    Instance norm makes anything as loud as everything: of a dark room or a bare wall it makes a storm of sensor noise. So its
    epsilon, which others set to 1e-5, is a tenth of the variance that is usual here in training, a running mean over all that
    the network paints there: a picture of full contrast hardly notices, and noise on a plain one stays noise.
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(styles, channels))
        self.beta = nn.Parameter(torch.zeros(styles, channels))
        self.epsilon = _UNLEARNED  # a plain number, not a buffer: in a style file it is an attribute of the node

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():  # a quarter of the pixels tell as much
            floor = _FLOOR * float(
                x.detach()[..., ::2, ::2].float().var((2, 3), correction=0).mean()
            )
            if math.isfinite(floor):
                self.epsilon += (1.0 if self.epsilon == _UNLEARNED else _MOMENTUM) * (
                    floor - self.epsilon
                )
        return F.instance_norm(
            x,
            weight=style @ self.gamma,
            bias=style @ self.beta,
            use_input_stats=True,
            eps=self.epsilon,
        )

    def get_extra_state(self) -> Tensor:
        """`epsilon`, for ``state_dict``."""
        return torch.tensor(self.epsilon, dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """`epsilon`, from a ``state_dict``."""
        self.epsilon = float(state)


class ConditionalScale(nn.Module):
    """Scale and shift that are a blend of one row per style, and nothing else: (N, C, H, W) -> (N, C, H, W).

    With `phases` P they are those of each of P pictures of C channels: (N, P C, H, W) -> (N, P C, H, W).
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

    def of_kernel(
        self, kernel: Tensor, bias: Tensor | None, style: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Kernel (C, I, K, K) and bias (C,) of a convolution that scales and shifts like this, too."""
        gamma, beta = style @ self.gamma, style @ self.beta
        return kernel * gamma[:, None, None, None], beta if bias is None else beta + gamma * bias


def _norm(channels: int, styles: int, *, free: bool) -> ConditionalInstanceNorm | ConditionalScale:
    return ConditionalScale(channels, styles) if free else ConditionalInstanceNorm(channels, styles)


class ConvNorm(nn.Module):
    """Optional nearest upsampling, convolution, conditional instance norm (`free`: conditional scale), optional ReLU."""

    def __init__(
        self,
        conv: Conv,
        styles: int,
        *,
        relu: bool = True,
        upsample: bool = False,
        free: bool = False,
    ) -> None:
        super().__init__()
        self.conv = conv
        self.norm = _norm(conv.conv.out_channels, styles, free=free)
        self.relu = relu
        self.upsample = upsample

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        if isinstance(self.norm, ConditionalScale) and self.conv.conv.own is not None:
            x = self.conv(x, style, self.norm)  # a kernel that is blended anyway
        else:
            x = self.norm(self.conv(x, style), style)
        return F.relu(x) if self.relu else x


class ResidualBlock(nn.Module):
    """x + two 3 x 3 convolutions of x, both normalised (`free`: only the first): (N, C, H, W) -> (N, C, H, W)."""

    def __init__(
        self,
        channels: int,
        styles: int,
        dilation: int,
        *,
        own: int | None = None,
        free: bool = False,
    ) -> None:
        super().__init__()
        self.first = ConvNorm(Conv(channels, channels, 3, dilation=dilation, own=own), styles)
        self.second = ConvNorm(
            Conv(channels, channels, 3, dilation=dilation, own=own), styles, relu=False, free=free
        )

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        out: Tensor = x + self.second(self.first(x, style), style)
        return out


class Grain(nn.Module):
    """x + noise times a gain per channel and style: (N, C, H, W) -> (N, C, H, W).

    Where a photograph is flat, a network that sees only the photograph has nothing to tell one place from the next, and
    paints nothing or one wave, repeated. Noise is what texture is made from (Ulyanov et al., "Texture Networks", ICML 2016).
    It is always the same, fixed to the frame like the tooth of a canvas, so that a still scene stays still; it repeats
    after 256 steps.
    """

    noise: Tensor

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(styles, channels))
        noise = torch.randn(_GRAIN, _GRAIN, generator=torch.Generator().manual_seed(0))
        self.register_buffer("noise", noise, persistent=False)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        noise = self.noise
        if self.training:  # crops are small: else they would all know the same corner by heart
            noise = noise.roll([int(shift) for shift in torch.randint(_GRAIN, (2,))], (0, 1))
        rows = torch.arange(height, device=x.device) % _GRAIN
        columns = torch.arange(width, device=x.device) % _GRAIN
        out: Tensor = x + (style @ self.gain)[:, None, None] * noise[rows][:, columns]
        return out


class SmoothUpsampling(nn.Module):
    """Bilinear upsampling by 2 and a 3 x 3 convolution, computed at the small size: (N, C, h, w) -> (N, C', 2h, 2w).

    A resize followed by a convolution works on four times as many pixels; a pixel shuffle (Shi et al., CVPR 2016) does
    not, but its four phases are free to differ, and they do: that is the grid such networks paint. Here the four phases
    are derived from one kernel, so that the result is exactly that of resize + convolution at the price of the shuffle.
    Along one axis, output pixel 2i+p reads the upsampled pixels 2i+p-1 .. 2i+p+1, each of which is 1/4 or 3/4 of two
    neighbours of i: ``mix[p]`` below says which.

    Inside a network normalisation and a ReLU follow. A ReLU gives phases of equal mean and unequal variance unequal means
    again, which the lattice term of the objective keeps small (:func:`realtime_style.training.objective.losses.lattice_loss`).
    """

    mix: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        styles: int | None,
        *,
        relu: bool = True,
        own: int | None = None,
        free: bool = False,
    ) -> None:
        """Normalised per style (`free`: only scaled), or neither where `styles` is None: at the end of a network."""
        super().__init__()
        self.conv = Kernel(in_channels, out_channels, 3, own=own)
        self.relu = relu
        self.norm = None if styles is None else _norm(out_channels, styles, free=free)
        # mix[p, low, tap]: weight of low-resolution neighbour `low` (-1, 0, 1) in upsampled tap `tap` (-1, 0, 1).
        even = [[0.75, 0.25, 0.0], [0.25, 0.75, 0.75], [0.0, 0.0, 0.25]]
        odd = [[0.25, 0.0, 0.0], [0.75, 0.75, 0.25], [0.0, 0.25, 0.75]]
        mix = torch.tensor([even, odd])
        # One product makes the four phases (p, q) of the taps (i, j) of a kernel: (9, 4 x 9).
        self.register_buffer(
            "mix", torch.einsum("pyi,qxj->ijpqyx", mix, mix).reshape(9, 36), persistent=False
        )

    def phases(self, style: Tensor) -> tuple[Tensor, Tensor]:
        """Kernels (4 C', C, 3, 3) and biases (4 C',) of the four phases, one phase after the other."""
        kernel = self.conv.blend(style)
        out, channels = kernel.shape[:2]
        phases = (kernel.flatten(2) @ self.mix).view(out, channels, 4, 3, 3).permute(2, 0, 1, 3, 4)
        assert self.conv.bias is not None
        return phases.reshape(4 * out, channels, 3, 3), self.conv.bias.repeat(4)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        x = F.conv2d(x, *self.phases(style))
        if isinstance(
            self.norm, ConditionalScale
        ):  # before the shuffle, where an engine does it while it convolves
            x = self.norm(x, style, 4)
            return shuffle_phases(leaky_relu(x) if self.relu else x)
        x = shuffle_phases(x)
        if self.norm is None:
            return x
        x = self.norm(x, style)
        return leaky_relu(x) if self.relu else x


def shuffle_phases(x: Tensor) -> Tensor:
    """Four phases (p, q) of C channels, one after the other, put in their places: (N, 4 C, h, w) -> (N, C, 2h, 2w).

    A pixel shuffle whose channels are moved last on the way: what is copied then is not single pixels but the 2 C numbers of
    a phase p, and engines get the channels there, and back, for nothing while they lay out what a convolution gives and takes.
    """
    batch, channels, height, width = x.shape
    # Rows of all pictures as one axis: ONNX Runtime would make one transposition of the two here, and that copies numbers.
    phases = x.permute(0, 2, 3, 1).reshape(batch * height, width, 2, channels // 2)
    return (
        phases.transpose(1, 2)
        .reshape(batch, 2 * height, 2 * width, channels // 4)
        .permute(0, 3, 1, 2)
    )


def leaky_relu(x: Tensor) -> Tensor:
    """What a smooth upsampling ends with.

    With few channels left, a ReLU shuts all of them off in places, such as the light of a face: they come out in one grey
    whatever the style, and no gradient gets there to change it.
    """
    return F.leaky_relu(x, 0.1)


class Detour(nn.Module):
    """x + the stages inside of x: (N, C, H, W) -> (N, C, H, W), for sizes that they halve without a rest.

    The same work at half the size allows for four times the weights and sees twice as far: room for what is large in a
    painting, while detail goes past it. It begins as x alone: the last scale starts at zero.
    """

    def __init__(self, stages: Sequence[nn.Module], end: SmoothUpsampling) -> None:
        super().__init__()
        self.stages = nn.ModuleList([*stages, end])
        if end.norm is not None:
            nn.init.zeros_(end.norm.gamma)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        detour = x
        for stage in self.stages:
            detour = stage(detour, style)
        return x + detour
