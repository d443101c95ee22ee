"""Weights of one run as the start of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.styles.format import StyleInfo
from realtime_style.training.checkpoint import Checkpoint, new_network, save_checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.train import CHECKPOINT, train
from realtime_style.training.transfer import copy_weights
from tests.helpers.training import PER_STYLE, TrainedRun, random_loss_network, small_config


def random_checkpoint(config: TrainConfig) -> Checkpoint:
    """A checkpoint of `config` with random weights, as if trained."""
    net = new_network(config)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(generator=torch.Generator().manual_seed(parameter.numel()))
    return Checkpoint(config, 1, 1.0, net.state_dict(), {}, {})


def started_from(before: Checkpoint, config: TrainConfig) -> dict[str, torch.Tensor]:
    """State of the network of `config` after it took over these weights."""
    net = new_network(config)
    copy_weights(before, net, config)
    return net.state_dict()


def test_styles_keep_their_rows_and_new_ones_start_from_the_mean(tmp_path: Path) -> None:
    first = small_config(tmp_path, names="ab")
    before = random_checkpoint(first)
    second = replace(first, styles=(StyleInfo("b"), StyleInfo("new")))
    after = started_from(before, second)
    name = "stages.1.conv.conv.weight"
    assert torch.equal(after[name], before.net[name])
    gamma = before.net["stages.1.norm.gamma"]
    rows = torch.stack([gamma[1], gamma[:2].mean(0), gamma[2]])
    assert torch.allclose(after["stages.1.norm.gamma"], rows)


def test_per_style_kernels_follow_their_styles(tmp_path: Path) -> None:
    first = small_config(tmp_path, names="ab", network=PER_STYLE)
    before = random_checkpoint(first)
    after = started_from(before, replace(first, styles=first.styles[::-1]))
    name = "stages.3.first.conv.conv.per_style"
    assert torch.equal(after[name], before.net[name][[1, 0, 2]])


def test_missing_per_style_kernels_start_at_zero(tmp_path: Path) -> None:
    fewer = small_config(tmp_path, network=PER_STYLE.replace("R8*!", "R8!"))
    before, more = random_checkpoint(fewer), replace(fewer, network=PER_STYLE)
    after = started_from(before, more)
    kept, new = "stages.1.conv.conv.per_style", "stages.3.first.conv.conv.per_style"
    assert torch.equal(after[kept], before.net[kept])
    assert not after[new].any()
    with pytest.raises(TrainingError, match="start from one with the same network"):
        started_from(random_checkpoint(more), fewer)


def test_another_network_is_no_start(tmp_path: Path) -> None:
    before = random_checkpoint(small_config(tmp_path))
    other = small_config(tmp_path, network="fast", start_from="other.pt")
    with pytest.raises(TrainingError, match="start from one with the same network"):
        started_from(before, other)


def test_training_starts_from_the_weights_of_another_run(
    finished: TrainedRun, tmp_path: Path
) -> None:
    config = replace(
        finished.config,
        start_from=str(finished.folder / CHECKPOINT),
        steps=1,
        learning_rate=1e-9,
    )
    after = train(config, tmp_path / "run", loss_network=random_loss_network()).net
    for name in ("stages.1.conv.conv.weight", "stages.1.norm.gamma"):
        assert torch.allclose(after[name], finished.state.net[name], atol=1e-6)


def test_run_is_not_resumed_from_weights_alone(own_run: TrainedRun) -> None:
    path = own_run.folder / CHECKPOINT
    save_checkpoint(path, replace(own_run.state, optimizers={}))
    with pytest.raises(TrainingError, match="--start-from"):
        train(own_run.config, own_run.folder, resume=True, loss_network=random_loss_network())


def test_run_is_not_resumed_with_another_network(own_run: TrainedRun) -> None:
    config = replace(own_run.config, network="fast")
    with pytest.raises(TrainingError, match="trained with network"):
        train(config, own_run.folder, resume=True, loss_network=random_loss_network())
