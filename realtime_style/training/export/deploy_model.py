"""Body of a style file: a network from frame to frame, arranged for fast inference."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_style.training.networks.blocks import (
    LowResBranch,
    SmoothUpsampling,
    shuffle_phases,
)
from realtime_style.training.networks.layers import Conv, StyleConv
from realtime_style.training.networks.transform_net import TransformNet


class DeployModel(nn.Module):
    """A copy of a network with everything around it that turns frames into frames.

    ``forward(frame, style)``: frame (1, H, W, 3) uint8 BGR, style (S,) float32; returns
    (1, H, W, 3) uint8 BGR. Channel order, scaling and mean are folded into the weights of the first
    and the last convolution: a Gather for the channels alone costs 7 ms per frame on a CPU.
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
            # (conv(x) + 0.5) * 255 in BGR order, plus half a level, so that truncation rounds.
            last.weight.copy_(last.weight.flip(0) * 255)
            if last.per_style is not None:
                kernels = last.per_style.view(-1, *last.weight.shape)
                last.per_style.copy_(kernels.flip(1).flatten(1) * 255)
            if last.bias is not None:
                last.bias.copy_((last.bias.flip(0) + 0.5) * 255 + 0.5)
        _precompute_phases(self.stages)
        _halve_per_style_kernels(self.stages)

    def forward(self, frame: Tensor, style: Tensor) -> Tensor:
        height, width = frame.shape[1:3]
        x = frame.permute(0, 3, 1, 2).float()
        # All padding of the first convolution in one operation.
        padding = (
            self.pad,
            self.pad + -width % self.coarsest,
            self.pad,
            self.pad + -height % self.coarsest,
        )
        x = F.pad(x, padding, mode="replicate")
        style = self.rows(style)
        for stage in self.stages[:-1]:
            x = stage(x, style)
        last = self.stages[-1]
        painted = (
            _last_phases(last, x, style)
            if isinstance(last, SmoothUpsampling)
            else _bytes(last(x, style))
        )
        return painted[:, :height, :width]  # cropped last, where there is least to copy


def _last_phases(last: SmoothUpsampling, x: Tensor, style: Tensor) -> Tensor:
    """The last stage's (1, C, h, w) -> (1, 2h, 2w, 3) bytes, shuffled as bytes."""
    phases = _bytes(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), *last.phases(style)))
    return shuffle_phases(phases.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def _bytes(x: Tensor) -> Tensor:
    """(1, C, H, W) float to (1, H, W, C) uint8."""
    return x.clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8)


def _precompute_phases(stages: nn.ModuleList) -> None:
    for index, stage in enumerate(stages):
        if isinstance(stage, SmoothUpsampling) and stage.conv.per_style is None:
            stages[index] = _ConstantPhases(stage)
        elif isinstance(stage, LowResBranch):
            _precompute_phases(stage.stages)


class _ConstantPhases(SmoothUpsampling):
    """SmoothUpsampling with precomputed phase kernels: a plain convolution in the file."""

    def __init__(self, stage: SmoothUpsampling) -> None:
        nn.Module.__init__(self)  # everything else comes from `stage`
        kernel, bias = stage.phases(torch.empty(0))
        self.conv = StyleConv(kernel.shape[1], kernel.shape[0], 3)
        self.conv.load_state_dict({"weight": kernel.detach(), "bias": bias.detach()})
        self.norm = stage.norm
        self.relu = stage.relu

    def phases(self, style: Tensor) -> tuple[Tensor, Tensor]:
        """The precomputed kernels and biases."""
        assert self.conv.bias is not None
        return self.conv.weight, self.conv.bias


def _halve_per_style_kernels(stages: nn.ModuleList) -> None:
    """Keep per-style kernels, most of the file, as float16; the shared kernels stay float32."""
    for module in stages.modules():
        if isinstance(module, StyleConv) and module.per_style is not None:
            module.per_style = nn.Parameter(module.per_style.half(), requires_grad=False)


def _convolution(stage: nn.Module) -> StyleConv:
    """The convolution of a first or last stage."""
    return next(module for module in stage.modules() if isinstance(module, StyleConv))
