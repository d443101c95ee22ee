"""Start a run from the weights of another, or resume it: which checkpoints fit which settings."""

from __future__ import annotations

import torch

from realtime_style.errors import TrainingError
from realtime_style.training.checkpoint import Checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.networks.transform_net import TransformNet

_ROW_PER_STYLE = (".gamma", ".beta", ".gain", ".per_style")
"""Names of the parameters with one row per style."""


def copy_weights(before: Checkpoint, net: TransformNet, config: TrainConfig) -> None:
    """Copy the weights of another run; new styles start from the mean of its styles.

    Its network has to be the same, or the same with fewer per-style kernels: new ones start at
    zero. Raises TrainingError for another network.
    """
    shared, ours = (network.architecture.replace("*", "") for network in (before.network(), net))
    if shared != ours or not before.net.keys() <= net.state_dict().keys():
        raise TrainingError(
            f"{config.start_from} was trained with network = {before.config.network!r}, "
            f"not {config.network!r}; start from one with the same network"
        )
    names = [style.name for style in before.config.styles]
    rows = [
        [names.index(style.name)] if style.name in names else range(len(names))
        for style in config.styles
    ]
    if net.photograph:
        rows.append([len(names)] if before.config.strength_every else range(len(names)))
    weights = {
        name: torch.stack([value[list(row)].mean(0) for row in rows])
        if name.endswith(_ROW_PER_STYLE)
        else value
        for name, value in before.net.items()
    }
    net.load_state_dict(net.state_dict() | weights)


def check_resumable(before: Checkpoint, config: TrainConfig) -> None:
    """Raise TrainingError unless a run with `config` can go on from this checkpoint."""
    for name in ("network", "styles", "strength_every"):
        ours, theirs = getattr(config, name), getattr(before.config, name)
        if ours != theirs:
            raise TrainingError(
                f"the checkpoint was trained with {name} = {theirs!r}, not {ours!r}; "
                "resume with the same settings or start without --resume"
            )
    if not before.optimizers:
        raise TrainingError(
            "the checkpoint holds only weights; start a new run from it with --start-from"
        )
