"""A network with what turns frames into frames around it, arranged as a processor likes it: the body of a style file."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_style.training.networks.layers import (
    Conv,
    Detour,
    Kernel,
    SmoothUpsampling,
    shuffle_phases,
)
from realtime_style.training.networks.transform_net import TransformNet


class FrameModel(nn.Module):
    """A network with everything around it that turns frames into frames: the body of a style file.

    ``forward(frame, style)``: frame (1, H, W, 3) uint8 BGR, style (S,) float32; returns (1, H, W, 3) uint8 BGR. Channel
    order, scaling and mean are folded into the weights of the first and the last convolution, as a Gather for the
    channels alone would cost 7 ms a frame on a processor.
    """

    def __init__(self, net: TransformNet) -> None:
        super().__init__()
        self.stages = copy.deepcopy(net.stages).float().cpu()
        self.rows, self.coarsest = net.rows, net.coarsest
        first = _convolution(self.stages[0])
        self.pad = 0
        for module in self.stages[0].modules():
            if isinstance(module, Conv):
                self.pad, module.pad = module.pad, 0
        last = _convolution(self.stages[-1])
        with torch.no_grad():
            # conv(rgb / 255 - 0.5) = conv'(bgr) with these weights and this bias.
            if first.bias is not None:
                first.bias -= 0.5 * first.weight.sum(dim=(1, 2, 3))
            first.weight.copy_(first.weight.flip(1) / 255)
            # (conv(x) + 0.5) * 255 in BGR order, and half a level more, so that cutting off is rounding.
            last.weight.copy_(last.weight.flip(0) * 255)
            if last.own is not None:
                last.own.copy_(last.own.view(-1, *last.weight.shape).flip(1).flatten(1) * 255)
            if last.bias is not None:
                last.bias.copy_((last.bias.flip(0) + 0.5) * 255 + 0.5)
        _write_out_phases(self.stages)
        _halve_own_kernels(self.stages)

    def forward(self, frame: Tensor, style: Tensor) -> Tensor:
        height, width = frame.shape[1:3]
        x = frame.permute(0, 3, 1, 2).float()
        # What the first convolution is given more than the frame, in one go.
        more = (
            self.pad,
            self.pad + -width % self.coarsest,
            self.pad,
            self.pad + -height % self.coarsest,
        )
        x = F.pad(x, more, mode="replicate")
        style = self.rows(style)
        for stage in self.stages[:-1]:
            x = stage(x, style)
        last = self.stages[-1]
        painted = (
            _end(last, x, style) if isinstance(last, SmoothUpsampling) else _bytes(last(x, style))
        )
        return painted[:, :height, :width]  # cut last, where it is least to copy


def _end(last: SmoothUpsampling, x: Tensor, style: Tensor) -> Tensor:
    """What the last stage makes of ``x`` (1, C, h, w) as bytes (1, 2h, 2w, 3); its phases are shuffled as bytes, too."""
    phases = _bytes(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), *last.phases(style)))
    return shuffle_phases(phases.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def _bytes(x: Tensor) -> Tensor:
    """(1, C, H, W) float to (1, H, W, C) uint8."""
    return x.clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)


def _write_out_phases(stages: nn.ModuleList) -> None:
    for index, stage in enumerate(stages):
        if isinstance(stage, SmoothUpsampling) and stage.conv.own is None:
            stages[index] = _Phases(stage)
        elif isinstance(stage, Detour):
            _write_out_phases(stage.stages)


class _Phases(SmoothUpsampling):
    """SmoothUpsampling with its four phase kernels written out, so that the file holds a plain convolution."""

    def __init__(self, stage: SmoothUpsampling) -> None:
        nn.Module.__init__(self)  # the rest is that of `stage`
        kernel, bias = stage.phases(torch.empty(0))
        self.conv = Kernel(kernel.shape[1], kernel.shape[0], 3)
        self.conv.load_state_dict({"weight": kernel.detach(), "bias": bias.detach()})
        self.norm = stage.norm
        self.relu = stage.relu

    def phases(self, style: Tensor) -> tuple[Tensor, Tensor]:
        """The kernels and biases as they were written out."""
        assert self.conv.bias is not None
        return self.conv.weight, self.conv.bias


def _halve_own_kernels(stages: nn.ModuleList) -> None:
    """Keep styles' own kernels as float16 in the file, of which they are the most; what they add to is not rounded."""
    for module in stages.modules():
        if isinstance(module, Kernel) and module.own is not None:
            module.own = nn.Parameter(module.own.half(), requires_grad=False)


def _convolution(stage: nn.Module) -> Kernel:
    """The convolution of a first or last stage."""
    found = next(module for module in stage.modules() if isinstance(module, Kernel))
    return found
