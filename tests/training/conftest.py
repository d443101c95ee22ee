"""A trained run that tests of training share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from realtime_style.training.train import train
from tests.helpers.training import TrainedRun, random_loss_network, small_config

# The tensors here are small: a second thread costs more than it gains.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    """A run of 8 steps on two paintings, not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    config = small_config(folder, names="ab", steps=8)
    state = train(config, folder / "run", loss_network=random_loss_network())
    return TrainedRun(config, folder / "run", state)


@pytest.fixture
def own_run(finished: TrainedRun, tmp_path: Path) -> TrainedRun:
    """A copy of that run, to be resumed or damaged."""
    return finished._replace(folder=shutil.copytree(finished.folder, tmp_path / "run"))
