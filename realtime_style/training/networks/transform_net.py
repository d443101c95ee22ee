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
dC*, RC*,  the same, with kernels to which each style adds its own; before a `!`: RC*!
sC*
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

import re
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from realtime_style.training.networks.layers import (
    Conv,
    ConvNorm,
    Detour,
    Grain,
    ResidualBlock,
    SmoothUpsampling,
)

JOHNSON = "c9s1-32,d64,d128,R128,R128,R128,R128,R128,u64,u32,c9s1-3"
FAST = "c5s2-16,d32,g,R32,(d48,g,R48,(d96,g,R96,s48),s32),R32!,s16!,s3"
FINE = "c5s2-32,d64,g,R64,(d96,g,R96,(d192,g,R192,s96),s64),R64!,s32!,s3"
NETWORKS = {"johnson": JOHNSON, "fast": FAST, "fine": FINE}
"""Named architectures. ``johnson`` is the reference of 2016; ``fast`` is made for processors: the full resolution is
touched only by strided and sub-pixel convolutions, detours down to a sixteenth have room for what is large in a painting,
and grain of three sizes gives strokes to places where the photograph has nothing to hang them on. ``fine`` is the same at
twice the width, four times the work: for a GPU, or for still pictures."""

_WORD = re.compile(
    r"c(?P<k>\d+)s(?P<s>[12])-(?P<c>\d+)|(?P<g>g)|u(?P<u>\d+)|d(?P<d>\d+)(?P<down>\*)?"
    r"|(R(?P<r>\d+)(@(?P<dil>\d+))?|s(?P<e>\d+))(?P<own>\*)?(?P<free>!)?"
)


class TransformNet(nn.Module):
    """The network described by an architecture string, for one or more styles.

    ``forward(image, style)``: image (N, 3, H, W) float RGB 0..1, style (S,) float weights that sum to one; returns
    (N, 3, H, W) float RGB, mostly inside 0..1 (the sigmoid-free ending keeps colours linear; the style file clips).
    H and W are free: the image is continued to where all stages halve without a rest, and the result cut to its size.

    With `photograph` the network knows one more picture to paint, the photograph as it is, and style weights may sum to
    less than one: the rest goes to the photograph. That is how a style is weakened from the inside (after Babaeizadeh and
    Ghiasi, "Adjustable Real-time Style Transfer", 2018, with the blending of Dumoulin et al.).
    """

    def __init__(
        self, architecture: str = FAST, styles: int = 1, *, photograph: bool = False
    ) -> None:
        super().__init__()
        if styles < 1:
            raise ValueError(f"a network needs at least one style, not {styles}")
        self.architecture = NETWORKS.get(architecture, architecture)
        self.styles = styles
        self.photograph = photograph
        words = self.architecture.replace("(", "(,").replace(")", ",)").split(",")
        stages, channels = _stages(words, 3, styles + photograph)
        self.stages = nn.ModuleList(stages)
        if (
            re.match(r"c|d\d+$", words[0]) is None
        ):  # what a style file can turn bytes and their order into
            raise ValueError(
                f"architecture {architecture!r} begins with {words[0]}; begin it with a convolution, such as c5s2-16"
            )
        if channels != 3 or not _is_plain_end(stages[-1]):
            raise ValueError(
                f"architecture {architecture!r} does not end with a plain picture; end it with s3 or cKs1-3"
            )
        self.stride, self.coarsest = _strides(words)

    def forward(self, image: Tensor, style: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        style = self.rows(style)
        x = image - 0.5  # a dark edge and a light edge should look alike to the first layer
        x = F.pad(x, (0, -width % self.coarsest, 0, -height % self.coarsest), mode="replicate")
        for stage in self.stages:
            x = stage(x, style)
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


def _stages(
    words: Sequence[str], channels: int, styles: int, *, inside: bool = False
) -> tuple[list[nn.Module], int]:
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


def _stage(
    word: str, channels: int, styles: int, *, last: bool, inside: bool
) -> tuple[nn.Module, int]:
    """The stage that `word` stands for, given the channels that reach it, and the channels that leave it."""
    match = _WORD.fullmatch(word)
    if match is None:
        raise ValueError(
            f"unknown stage {word!r} in the architecture; stages are cKsS-C, dC, RC, RC@D, uC, g, sC, (...), "
            "RC! and sC!, and dC*, RC* and sC*"
        )
    free = bool(match["free"])
    own = styles if match["own"] or match["down"] else None
    if match["g"]:
        return Grain(channels, styles), channels
    if match["e"]:
        ends_network = last and not inside
        out = int(match["e"])
        if ends_network and free:
            raise ValueError(
                f"the architecture ends with {word}, where nothing is normalised anyway; end it with s{out}"
            )
        return SmoothUpsampling(
            channels, out, None if ends_network else styles, relu=not last, own=own, free=free
        ), out
    if match["r"]:
        if int(match["r"]) != channels:
            raise ValueError(f"residual block {word!r} meets {channels} channels")
        return ResidualBlock(channels, styles, int(match["dil"] or 1), own=own, free=free), channels
    if match["c"]:
        conv = Conv(channels, int(match["c"]), int(match["k"]), int(match["s"]))
        return (conv if last and not inside else ConvNorm(conv, styles)), int(match["c"])
    out = int(match["d"] or match["u"])
    conv = Conv(channels, out, 3, stride=2 if match["d"] else 1, own=own)
    return ConvNorm(conv, styles, upsample=bool(match["u"])), out


def _strides(words: Sequence[str]) -> tuple[int, int]:
    """How many times smaller than the frame the network's body is, and its detours at their smallest.

    Checks that what is halved is doubled.
    """
    sizes = [0]  # halvings so far, of the body and of each detour that is open
    deepest = coarsest = 0
    for word in words:
        if word == "(":
            sizes.append(sizes[-1])
        elif word == ")":
            if sizes.pop() != sizes[-1]:
                raise ValueError(
                    "a detour of the architecture does not come back to the size it left"
                )
        else:
            sizes[-1] += (word.startswith("d") or "s2-" in word) - (word[0] in "us")
        coarsest = max(coarsest, sizes[-1])
        if len(sizes) == 1:
            deepest = max(deepest, sizes[0])
    if sizes[0] != 0:
        raise ValueError(f"the architecture halves {deepest} times and does not double as often")
    return 2**deepest, 2**coarsest


def multiply_accumulates(net: TransformNet, height: int = 480, width: int = 640) -> int:
    """Multiply-accumulates of the convolutions for one frame of this size (normalisation and resizing not counted)."""
    device = next(net.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 3, height, width, device=device), net.style_weights())
    return int(counter.get_flop_counts()["Global"][torch.ops.aten.convolution]) // 2
