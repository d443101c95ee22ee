"""Where a training runs, and what is said when that fails."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.training import train as train_module
from realtime_style.training.checkpoint import load_checkpoint
from realtime_style.training.device import memory_errors_in_words, training_device
from realtime_style.training.train import train
from tests.helpers.training import random_loss_network, small_config

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="PyTorch has a GPU here")


@without_cuda
def test_cuda_means_cuda_and_auto_what_there_is() -> None:
    assert training_device("cpu") == training_device("auto") == torch.device("cpu")
    with pytest.raises(TrainingError, match=r"cannot train on CUDA: .*; --device cpu"):
        training_device("cuda")


@without_cuda
def test_a_gpu_that_fails_at_work_is_named_and_the_processor_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """PyTorch says that there is one, and that it has no driver when it is to work."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    with caplog.at_level(logging.WARNING):
        assert training_device("auto") == torch.device("cpu")
    (record,) = caplog.records
    assert "the GPU cannot be used" in record.getMessage()
    assert "\n" not in record.getMessage()
    with pytest.raises(TrainingError, match="cannot train on CUDA"):
        training_device("cuda")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(TrainingError, match="devices are auto, cuda, cpu"):
        training_device("tpu")


def test_the_processors_memory_running_out_is_one_line_with_a_way_out() -> None:
    with (
        pytest.raises(
            TrainingError,
            match=r"out of memory \(can't allocate memory: .*\); give a smaller --batch",
        ) as seen,
        memory_errors_in_words(),
    ):
        torch.empty(2**55, dtype=torch.uint8)
    assert "\n" not in str(seen.value)
    with (
        pytest.raises(TrainingError, match=r"out of memory \(not enough memory: .*\)"),
        memory_errors_in_words(),
    ):
        raise RuntimeError(
            "[enforce fail] data. DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."
        )  # Windows


def test_a_gpus_memory_running_out_in_a_run_leaves_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(tmp_path, steps=2)
    train(config, tmp_path / "run", loss_network=random_loss_network())

    def too_much(*_: object) -> dict[str, float]:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."
        )

    monkeypatch.setattr(train_module, "take_step", too_much)
    with pytest.raises(TrainingError, match=r"out of memory \(CUDA out of memory\).*--resume"):
        train(
            config.with_changes(steps=4),
            tmp_path / "run",
            resume=True,
            loss_network=random_loss_network(),
        )
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt").step == 2


def test_other_errors_are_not_taken_for_memory() -> None:
    with pytest.raises(RuntimeError, match="shape"), memory_errors_in_words():
        torch.zeros(2).view(3)
