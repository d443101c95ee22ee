"""The image transformation network: a photograph in, a painted picture out, in one pass.

The family is that of Johnson, Alahi and Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution"
(ECCV 2016): a few strided convolutions, a row of residual blocks, as many upsampling stages. A network is written as a
readable string, one word per stage:

========== =================================================================================================
word       stage
========== =================================================================================================
cKsS-C     K x K convolution with stride S to C channels
dC         3 x 3 convolution with stride 2 to C channels
RC, RC@D   residual block: two 3 x 3 convolutions of C channels (dilation D) and the sum with the block's input
uC         nearest upsampling by 2, then a 3 x 3 convolution to C channels
g          grain: fixed noise, as loud in each channel as the style wants it
sC         smooth upsampling: bilinear by 2, then a 3 x 3 convolution to C channels, computed before upsampling
(...)      detour: the input plus what the stages inside make of it, at a smaller size; they end with sC
RC!, sC!   the same, with scale and shift but no normalisation at the end
========== =================================================================================================

Every convolution but the last is followed by conditional instance normalisation (Dumoulin et al., "A Learned
Representation for Artistic Style", ICLR 2017: one gamma and one beta per style and channel) and, outside the end of
a residual block or a detour, a ReLU. The last two are only scaled and shifted (``!``): normalised, they made networks paint
a spot into the brightest place of each picture, larger than all else, by which it is told how strong the rest is to be, like
the droplets that Karras et al. found ("Analyzing and Improving the Image Quality of StyleGAN", CVPR 2020).

Every convolution sees its input continued by its edge values: zero padding tells a network where the border is, and it paints
that as a frame; reflection needs more rows than a 16 x 16 frame has left inside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

JOHNSON = "c9s1-32,d64,d128,R128,R128,R128,R128,R128,u64,u32,c9s1-3"
FAST = "c5s2-16,d32,g,R32,(d48,g,R48,(d96,g,R96,s48),s32),R32!,s16!,s3"
FINE = "c5s2-32,d64,g,R64,(d96,g,R96,(d192,g,R192,s96),s64),R64!,s32!,s3"
NETWORKS = {"johnson": JOHNSON, "fast": FAST, "fine": FINE}
"""Named architectures. ``johnson`` is the reference of 2016; ``fast`` is made for processors: the full resolution is
touched only by strided and sub-pixel convolutions, detours down to a sixteenth have room for what is large in a painting,
and grain of three sizes gives strokes to places where the photograph has nothing to hang them on. ``fine`` is the same at
twice the width, four times the work: for a GPU, or for still pictures."""

_WORD = re.compile(
    r"c(?P<k>\d+)s(?P<s>[12])-(?P<c>\d+)|d(?P<d>\d+)|(?P<g>g)|R(?P<r>\d+)(@(?P<dil>\d+))?(?P<rfree>!)?|u(?P<u>\d+)"
    r"|s(?P<e>\d+)(?P<efree>!)?"
)
_GRAIN = 256
_FLOOR = 0.1  # of the usual variance: a fifth of the contrast is still painted at more than half the strength of all
_UNLEARNED = 1e-5
_MOMENTUM = 0.02  # of the running mean of the variance, per step


class Conv(nn.Module):
    """K x K convolution that continues its input by its edge values: (N, C, H, W) -> (N, C', ceil(H/s), ceil(W/s))."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, dilation=dilation)
        self.pad = dilation * (kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.pad:
            x = F.pad(x, (self.pad,) * 4, mode="replicate")
        out: Tensor = self.conv(x)
        return out


class ConditionalInstanceNorm(nn.Module):
    """Instance norm whose scale and shift are a blend of one row per style.

    Input (N, C, H, W) and style weights (S,); every picture of the batch gets the same blend, ``weights @ gamma`` and
    ``weights @ beta``, which the exporter turns into the scale and bias inputs of ONNX InstanceNormalization.

    Instance norm makes anything as loud as everything: of a dark room or a bare wall it makes a storm of sensor noise. So its
    epsilon, which others set to 1e-5, is a tenth of the variance that photographs usually have here, a running mean that
    is learned in training: a picture of full contrast hardly notices, and noise on a plain one stays noise.
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(styles, channels))
        self.beta = nn.Parameter(torch.zeros(styles, channels))
        self.epsilon = _UNLEARNED  # a plain number, not a buffer: in a style file it is an attribute of the node

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():  # a quarter of the pixels tell as much
            floor = _FLOOR * float(x.detach()[..., ::2, ::2].float().var((2, 3), correction=0).mean())
            if math.isfinite(floor):
                self.epsilon += (1.0 if self.epsilon == _UNLEARNED else _MOMENTUM) * (floor - self.epsilon)
        return F.instance_norm(x, weight=style @ self.gamma, bias=style @ self.beta, use_input_stats=True, eps=self.epsilon)

    def get_extra_state(self) -> Tensor:
        """`epsilon`, for ``state_dict``."""
        return torch.tensor(self.epsilon, dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """`epsilon`, from a ``state_dict``."""
        self.epsilon = float(state)


class ConditionalScale(nn.Module):
    """Scale and shift that are a blend of one row per style, and nothing else: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(styles, channels))
        self.beta = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        return x * (style @ self.gamma)[:, None, None] + (style @ self.beta)[:, None, None]


def _norm(channels: int, styles: int, *, free: bool) -> ConditionalInstanceNorm | ConditionalScale:
    return ConditionalScale(channels, styles) if free else ConditionalInstanceNorm(channels, styles)


class ConvNorm(nn.Module):
    """Optional nearest upsampling, convolution, conditional instance norm (`free`: conditional scale), optional ReLU."""

    def __init__(self, conv: Conv, styles: int, *, relu: bool = True, upsample: bool = False, free: bool = False) -> None:
        super().__init__()
        self.conv = conv
        self.norm = _norm(conv.conv.out_channels, styles, free=free)
        self.relu = relu
        self.upsample = upsample

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        x = self.norm(self.conv(x), style)
        return F.relu(x) if self.relu else x


class ResidualBlock(nn.Module):
    """x + two 3 x 3 convolutions of x, both normalised (`free`: only the first): (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int, styles: int, dilation: int, *, free: bool = False) -> None:
        super().__init__()
        self.first = ConvNorm(Conv(channels, channels, 3, dilation=dilation), styles)
        self.second = ConvNorm(Conv(channels, channels, 3, dilation=dilation), styles, relu=False, free=free)

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
    again, which the lattice term of the objective keeps small (:func:`realtime_style.training.losses.lattice_loss`).
    """

    mix: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, styles: int | None, *, relu: bool = True, free: bool = False
    ) -> None:
        """Normalised per style (`free`: only scaled), or neither where `styles` is None: at the end of a network."""
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3)
        self.relu = relu
        self.norm = None if styles is None else _norm(out_channels, styles, free=free)
        # mix[p, low, tap]: weight of low-resolution neighbour `low` (-1, 0, 1) in upsampled tap `tap` (-1, 0, 1).
        even = [[0.75, 0.25, 0.0], [0.25, 0.75, 0.75], [0.0, 0.0, 0.25]]
        odd = [[0.25, 0.0, 0.0], [0.75, 0.75, 0.25], [0.0, 0.25, 0.75]]
        self.register_buffer("mix", torch.tensor([even, odd]), persistent=False)

    def phases(self) -> tuple[Tensor, Tensor]:
        """Kernels (4 C', C, 3, 3) and biases (4 C',) of the four phases, in the channel order of pixel_shuffle."""
        kernel = torch.einsum("pyi,qxj,ocij->opqcyx", self.mix, self.mix, self.conv.weight)
        assert self.conv.bias is not None
        return kernel.flatten(0, 2), self.conv.bias.repeat_interleave(4)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        x = F.pad(x, (1, 1, 1, 1), mode="replicate")
        x = F.pixel_shuffle(F.conv2d(x, *self.phases()), 2)
        if self.norm is None:
            return x
        x = self.norm(x, style)
        return leaky_relu(x) if self.relu else x


def leaky_relu(x: Tensor) -> Tensor:
    """What a smooth upsampling ends with.

    With few channels left, a ReLU shuts all of them off in places, such as the light of a face: they come out in one grey
    whatever the style, and no gradient gets there to change it.
    """
    return F.leaky_relu(x, 0.1)


class Detour(nn.Module):
    """x + the stages inside of x, cut to its size: (N, C, H, W) -> (N, C, H, W).

    The same work at half the size allows for four times the weights and sees twice as far: room for what is large in a
    painting, while detail goes past it. It begins as x alone: the last scale starts at zero.
    """

    def __init__(self, stages: Sequence[nn.Module], end: SmoothUpsampling) -> None:
        super().__init__()
        self.stages = nn.ModuleList([*stages, end])
        if end.norm is not None:
            nn.init.zeros_(end.norm.gamma)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        detour = x
        for stage in self.stages:
            detour = stage(detour, style)
        return x + detour[..., :height, :width]


class TransformNet(nn.Module):
    """The network described by an architecture string, for one or more styles.

    ``forward(image, style)``: image (N, 3, H, W) float RGB 0..1, style (S,) float weights that sum to one; returns
    (N, 3, H, W) float RGB, mostly inside 0..1 (the sigmoid-free ending keeps colours linear; the style file clips).
    H and W are free: stages that halve round up, and the result is cropped to the input's size.

    With `photograph` the network knows one more picture to paint, the photograph as it is, and style weights may sum to
    less than one: the rest goes to the photograph. That is how a style is weakened from the inside (after Babaeizadeh and
    Ghiasi, "Adjustable Real-time Style Transfer", 2018, with the blending of Dumoulin et al.).
    """

    def __init__(self, architecture: str = FAST, styles: int = 1, *, photograph: bool = False) -> None:
        super().__init__()
        if styles < 1:
            raise ValueError(f"a network needs at least one style, not {styles}")
        self.architecture = NETWORKS.get(architecture, architecture)
        self.styles = styles
        self.photograph = photograph
        words = self.architecture.replace("(", "(,").replace(")", ",)").split(",")
        stages, channels = _stages(words, 3, styles + photograph)
        self.stages = nn.ModuleList(stages)
        if not isinstance(stages[0], Conv | ConvNorm | SmoothUpsampling):
            raise ValueError(
                f"architecture {architecture!r} begins with {words[0]}; begin it with a convolution, such as c5s2-16"
            )
        if channels != 3 or not _is_plain_end(stages[-1]):
            raise ValueError(f"architecture {architecture!r} does not end with a plain picture; end it with s3 or cKs1-3")
        self.stride = _stride(words)

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        style = self.rows(style)
        x = image - 0.5  # a dark edge and a light edge should look alike to the first layer
        for stage in self.stages:
            x = stage(x) if isinstance(stage, Conv) else stage(x, style)
        x = x + 0.5
        return x[..., :height, :width]

    def rows(self, style: Tensor) -> Tensor:
        """Weights of the rows of scales and shifts, for these style weights (S,): the same, and what is left of one."""
        return torch.cat([style, 1 - style.sum(0, keepdim=True)]) if self.photograph else style

    def style_weights(self, weights: Sequence[float] | None = None) -> Tensor:
        """The style vector (S,) of these weights, or of an even blend, on the network's device."""
        values = weights if weights is not None else [1 / self.styles] * self.styles
        return torch.tensor(list(values), device=next(self.parameters()).device)


def _is_plain_end(stage: nn.Module) -> bool:
    """Whether this stage can be the last: a convolution that nothing comes after, as colours are not normalised."""
    return isinstance(stage, Conv) or (isinstance(stage, SmoothUpsampling) and stage.norm is None)


def _stages(words: Sequence[str], channels: int, styles: int, *, inside: bool = False) -> tuple[list[nn.Module], int]:
    """The stages that `words` stand for, given the channels that reach them, and the channels that leave them."""
    stages: list[nn.Module] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "(":
            end = _closing(waiting)
            detour, out = _stages(waiting[:end], channels, styles, inside=True)
            if not isinstance(detour[-1], SmoothUpsampling):
                raise ValueError("a detour of the architecture does not end with sC")
            if out != channels:
                raise ValueError(f"a detour from {channels} channels comes back with {out}")
            stages.append(Detour(detour[:-1], detour[-1]))
            waiting = waiting[end + 1 :]
            continue
        stage, channels = _stage(word, channels, styles, last=not waiting, inside=inside)
        stages.append(stage)
    return stages, channels


def _closing(words: Sequence[str]) -> int:
    """Where the bracket that was opened before `words` is closed."""
    depth = 1
    for index, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return index
    raise ValueError("a bracket in the architecture is not closed")


def _stage(word: str, channels: int, styles: int, *, last: bool, inside: bool) -> tuple[nn.Module, int]:
    """The stage that `word` stands for, given the channels that reach it, and the channels that leave it."""
    match = _WORD.fullmatch(word)
    if match is None:
        raise ValueError(
            f"unknown stage {word!r} in the architecture; stages are cKsS-C, dC, RC, RC@D, uC, g, sC, (...), RC! and sC!"
        )
    if match["g"]:
        return Grain(channels, styles), channels
    if match["e"]:
        ends_network = last and not inside
        out = int(match["e"])
        free = bool(match["efree"])
        if ends_network and free:
            raise ValueError(f"the architecture ends with {word}, where nothing is normalised anyway; end it with s{out}")
        return SmoothUpsampling(channels, out, None if ends_network else styles, relu=not last, free=free), out
    if match["r"]:
        if int(match["r"]) != channels:
            raise ValueError(f"residual block {word!r} meets {channels} channels")
        return ResidualBlock(channels, styles, int(match["dil"] or 1), free=bool(match["rfree"])), channels
    if match["c"]:
        conv = Conv(channels, int(match["c"]), int(match["k"]), int(match["s"]))
        return (conv if last and not inside else ConvNorm(conv, styles)), int(match["c"])
    out = int(match["d"] or match["u"])
    conv = Conv(channels, out, 3, stride=2 if match["d"] else 1)
    return ConvNorm(conv, styles, upsample=bool(match["u"])), out


def _stride(words: Sequence[str]) -> int:
    """How many times smaller than the frame the network's body is, detours aside; checks that what is halved is doubled."""
    sizes = [0]  # halvings so far, of the body and of each detour that is open
    deepest = 0
    for word in words:
        if word == "(":
            sizes.append(sizes[-1])
        elif word == ")":
            if sizes.pop() != sizes[-1]:
                raise ValueError("a detour of the architecture does not come back to the size it left")
        else:
            sizes[-1] += (word.startswith("d") or "s2-" in word) - (word[0] in "us")
        if len(sizes) == 1:
            deepest = max(deepest, sizes[0])
    if sizes[0] != 0:
        raise ValueError(f"the architecture halves {deepest} times and does not double as often")
    return int(2**deepest)


def multiply_accumulates(net: TransformNet, height: int = 480, width: int = 640) -> int:
    """Multiply-accumulates of the convolutions for one frame of this size (normalisation and resizing not counted)."""
    device = next(net.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, height, width, device=device), net.style_weights())
    return int(counter.get_flop_counts()["Global"][torch.ops.aten.convolution]) // 2
