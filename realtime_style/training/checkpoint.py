"""State of a training run in one file that is never half written."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from realtime_style.errors import TrainingError
from realtime_style.system.atomic import atomic_write
from realtime_style.training.config import TrainConfig
from realtime_style.training.networks.transform_net import TransformNet

FORMAT = 4


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to continue a training or to export it, settings included.

    It holds no random state: crops, motion and noise are drawn from the seed and the step number.
    """

    config: TrainConfig
    step: int
    """Steps done."""
    elapsed_s: float
    """Seconds of training so far, which `minutes` limits."""
    net: dict[str, Any]
    optimizers: dict[str, Any]
    """States of the optimisers, by name (train.make_optimizers); empty in a checkpoint that is only
    exported or started from."""
    losses: dict[str, float]
    """Objective and terms, mean of the last steps."""

    def network(self) -> TransformNet:
        """The transformation network with these weights."""
        net = new_network(self.config)
        net.load_state_dict(self.net)
        return net


def new_network(config: TrainConfig) -> TransformNet:
    """The untrained network of `config`; raises TrainingError for an impossible architecture."""
    try:
        return TransformNet(
            config.network, styles=len(config.styles), photograph=config.strength_every > 0
        )
    except ValueError as error:
        raise TrainingError(str(error)) from error


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write beside and rename: a kill at any moment leaves the old file or the new one."""
    values = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "step": checkpoint.step,
        "elapsed_s": checkpoint.elapsed_s,
        "net": checkpoint.net,
        "optimizers": checkpoint.optimizers,
        "losses": checkpoint.losses,
    }
    packed = io.BytesIO()  # torch.save to a file reports a full disk without a reason
    torch.save(values, packed)
    with atomic_write(path) as part:
        part.write_bytes(packed.getbuffer())


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; raises TrainingError if it is missing, damaged or of another format."""
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingError(
            f"there is no checkpoint {path}; check the path or start a new run"
        ) from error
    except OSError as error:
        raise TrainingError(
            f"checkpoint {path} cannot be read: {error.strerror or error}; check its permissions"
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # torch.load raises many types for other files
        raise TrainingError(
            f"{path} is damaged or not a checkpoint; give another file or start a new run"
        ) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise TrainingError(f"{path} is not a checkpoint of this version; start a new run")
    return Checkpoint(
        config=TrainConfig.from_dict(values["config"]),
        step=values["step"],
        elapsed_s=values["elapsed_s"],
        net=values["net"],
        optimizers=values["optimizers"],
        losses=values["losses"],
    )
