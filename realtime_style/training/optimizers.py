"""Optimisers of the transformation network, and their learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from realtime_style.training.muon import RotationalMuon
from realtime_style.training.networks.layers import StyleConv
from realtime_style.training.networks.transform_net import TransformNet

_WARM_UP = 0.1
"""Share of the run in which the learning rate rises."""


def make_optimizers(net: TransformNet, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
    """RotationalMuon for the kernels inside the network, which a scale follows; Adam for the rest.

    The rest: the last kernel, whose few rows are colours and whose length counts, and the scales,
    shifts and biases.
    """
    inner = [
        module
        for module in net.modules()
        if isinstance(module, StyleConv) and module.out_channels > 3
    ]
    kernels = [conv.weight for conv in inner]
    per_style = [(conv.per_style, conv.weight) for conv in inner if conv.per_style is not None]
    chosen = {id(kernel) for kernel in [*kernels, *(part for part, _ in per_style)]}
    rest = [parameter for parameter in net.parameters() if id(parameter) not in chosen]
    return {
        "muon": RotationalMuon(kernels, learning_rate, per_style=per_style),
        "adam": torch.optim.Adam(rest, lr=learning_rate),
    }


def set_learning_rate(optimizers: Mapping[str, torch.optim.Optimizer], rate: float) -> None:
    """Set the learning rate of the next step."""
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = rate


def one_cycle(fraction: float) -> float:
    """Learning rate at a fraction 0..1 of the run, relative to its peak.

    Up from a tenth by a cosine, then down to a hundredth.
    """
    if fraction < _WARM_UP:
        return 0.1 + 0.9 * (1 - math.cos(math.pi * fraction / _WARM_UP)) / 2
    fallen = min(1.0, (fraction - _WARM_UP) / (1 - _WARM_UP))
    return 0.01 + 0.99 * (1 + math.cos(math.pi * fallen)) / 2
