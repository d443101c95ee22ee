"""Architecture strings: a network as words separated by commas, one word per stage.

========== =====================================================================================
word       stage
========== =====================================================================================
cKsS-C     K x K convolution with stride S to C channels
dC         3 x 3 convolution with stride 2 to C channels
RC, RC@D   residual block: two 3 x 3 convolutions of C channels (dilation D), added to its input
uC         nearest upsampling by 2, then a 3 x 3 convolution to C channels
sC         smooth upsampling: bilinear by 2, then a 3 x 3 convolution to C channels
g          noise injection: fixed noise with a gain per channel and style
(...)      low-resolution branch: the stages inside, added to their input; the last one is sC
RC!, sC!   the same, with scale and shift but no normalisation at the end
dC*, RC*,  the same, with kernels to which each style adds its own; the star stands before
sC*        an exclamation mark: RC*!
========== =====================================================================================

Every convolution but the last is followed by conditional instance normalisation and, except at the
end of a residual block or a branch, by a ReLU.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from torch import nn

from realtime_style.training.networks.blocks import (
    LowResBranch,
    NoiseInjection,
    ResidualBlock,
    SmoothUpsampling,
)
from realtime_style.training.networks.layers import Conv, ConvNorm

JOHNSON = "c9s1-32,d64,d128,R128,R128,R128,R128,R128,u64,u32,c9s1-3"
FAST = "c5s2-16,d32,g,R32,(d48,g,R48,(d96,g,R96,s48),s32),R32!,s16!,s3"
FINE = "c5s2-32,d64,g,R64,(d96,g,R96,(d192,g,R192,s96),s64),R64!,s32!,s3"
NETWORKS = {"johnson": JOHNSON, "fast": FAST, "fine": FINE}
"""Named architectures.

``johnson`` is the reference of 2016. ``fast`` is made for CPUs: only strided and sub-pixel
convolutions touch the full resolution, branches down to a sixteenth of it have room for the large
structures of a painting, and noise at three scales gives strokes to places where the photograph is
flat. ``fine`` has twice the channels and four times the work: for a GPU, or for still pictures.
"""

_WORD = re.compile(
    r"c(?P<k>\d+)s(?P<s>[12])-(?P<c>\d+)|(?P<g>g)|u(?P<u>\d+)|d(?P<d>\d+)(?P<down>\*)?"
    r"|(R(?P<r>\d+)(@(?P<dil>\d+))?|s(?P<e>\d+))(?P<own>\*)?(?P<plain>!)?"
)


def split_words(architecture: str) -> list[str]:
    """The words of an architecture string; brackets are words of their own."""
    return architecture.replace("(", "(,").replace(")", ",)").split(",")


def build_stages(words: Sequence[str], styles: int) -> list[nn.Module]:
    """The stages of a network from image to image, both (N, 3, H, W).

    Raises ValueError for words that make no such network.
    """
    stages, channels = _stages(words, 3, styles)
    # The exporter folds byte order and scaling into a convolution at each end.
    if re.match(r"c|d\d+$", words[0]) is None:
        raise ValueError(
            f"the architecture begins with {words[0]}; begin it with a convolution, such as c5s2-16"
        )
    if channels != 3 or not _ends_plainly(stages[-1]):
        raise ValueError(
            f"the architecture ends with {words[-1]}, which gives no plain picture; "
            "end it with s3 or cKs1-3"
        )
    return stages


def strides(words: Sequence[str]) -> tuple[int, int]:
    """Strides of the network's body and of its coarsest branch.

    Raises ValueError unless all downsampling is undone by upsampling.
    """
    halvings = [0]  # so far, in the body and in each open branch
    deepest = coarsest = 0
    for word in words:
        if word == "(":
            halvings.append(halvings[-1])
        elif word == ")":
            if halvings.pop() != halvings[-1]:
                raise ValueError(
                    "a branch of the architecture does not return to the size it started from"
                )
        else:
            halvings[-1] += (word.startswith("d") or "s2-" in word) - (word[0] in "us")
        coarsest = max(coarsest, halvings[-1])
        if len(halvings) == 1:
            deepest = max(deepest, halvings[0])
    if halvings[0] != 0:
        raise ValueError(f"the architecture halves {deepest} times and does not double as often")
    return 2**deepest, 2**coarsest


def _ends_plainly(stage: nn.Module) -> bool:
    """True if nothing follows this stage's convolution: colours must not be normalised."""
    return isinstance(stage, Conv) or (isinstance(stage, SmoothUpsampling) and stage.norm is None)


def _stages(
    words: Sequence[str], channels: int, styles: int, *, inside: bool = False
) -> tuple[list[nn.Module], int]:
    """Stages for `words`, given the input channels, and the output channels."""
    stages: list[nn.Module] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "(":
            end = _closing_bracket(waiting)
            branch, out = _stages(waiting[:end], channels, styles, inside=True)
            if not isinstance(branch[-1], SmoothUpsampling):
                raise ValueError("a branch of the architecture does not end with sC")
            if out != channels:
                raise ValueError(f"a branch from {channels} channels ends with {out}")
            stages.append(LowResBranch(branch[:-1], branch[-1]))
            waiting = waiting[end + 1 :]
            continue
        stage, channels = _stage(word, channels, styles, last=not waiting, inside=inside)
        stages.append(stage)
    return stages, channels


def _closing_bracket(words: Sequence[str]) -> int:
    """Index of the bracket that closes the one before `words`."""
    depth = 1
    for index, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return index
    raise ValueError("a bracket in the architecture is not closed")


def _stage(
    word: str, channels: int, styles: int, *, last: bool, inside: bool
) -> tuple[nn.Module, int]:
    """Stage for `word`, given the input channels, and the output channels."""
    match = _WORD.fullmatch(word)
    if match is None:
        raise ValueError(
            f"unknown stage {word!r} in the architecture; stages are cKsS-C, dC, RC, RC@D, uC, g, "
            "sC, (...), RC! and sC!, and dC*, RC* and sC*"
        )
    normalize = not match["plain"]
    per_style = styles if match["own"] or match["down"] else None
    if match["g"]:
        return NoiseInjection(channels, styles), channels
    if match["e"]:
        ends_network = last and not inside
        out = int(match["e"])
        if ends_network and not normalize:
            raise ValueError(
                f"the architecture ends with {word}, but no normalisation follows the last stage "
                f"anyway; end it with s{out}"
            )
        return SmoothUpsampling(
            channels,
            out,
            None if ends_network else styles,
            relu=not last,
            per_style=per_style,
            normalize=normalize,
        ), out
    if match["r"]:
        if int(match["r"]) != channels:
            raise ValueError(f"residual block {word!r} meets {channels} channels")
        dilation = int(match["dil"] or 1)
        return ResidualBlock(
            channels, styles, dilation, per_style=per_style, normalize=normalize
        ), channels
    if match["c"]:
        conv = Conv(channels, int(match["c"]), int(match["k"]), int(match["s"]))
        return (conv if last and not inside else ConvNorm(conv, styles)), int(match["c"])
    out = int(match["d"] or match["u"])
    conv = Conv(channels, out, 3, stride=2 if match["d"] else 1, per_style=per_style)
    return ConvNorm(conv, styles, upsample=bool(match["u"])), out
