"""Device and precision of a training run, and out-of-memory messages."""

from __future__ import annotations

import logging

import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.training import train as train_module
from realtime_style.training.checkpoint import load_checkpoint
from realtime_style.training.device import (
    bf16_where_native,
    explained_memory_errors,
    training_device,
)
from realtime_style.training.train import CHECKPOINT, train
from tests.helpers.training import TrainedRun, random_loss_network

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="PyTorch has a GPU here")


@without_cuda
def test_auto_is_the_cpu_without_a_gpu_and_cuda_is_refused() -> None:
    assert training_device("cpu") == training_device("auto") == torch.device("cpu")
    with pytest.raises(TrainingError, match=r"cannot train on CUDA: .*; --device cpu"):
        training_device("cuda")


@without_cuda
def test_failing_gpu_is_named_and_the_cpu_taken(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """PyTorch reports a GPU, and that it has no driver when it is used."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    with caplog.at_level(logging.WARNING):
        assert training_device("auto") == torch.device("cpu")
    (record,) = caplog.records
    assert "the GPU cannot be used" in record.getMessage()
    assert "\n" not in record.getMessage()
    with pytest.raises(TrainingError, match="cannot train on CUDA"):
        training_device("cuda")


def test_unknown_device_is_refused() -> None:
    with pytest.raises(TrainingError, match="devices are auto, cuda, cpu"):
        training_device("tpu")


def test_bf16_needs_no_private_part_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    with bf16_where_native(torch.device("cpu")):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype in (torch.bfloat16, torch.float32)


@pytest.mark.parametrize("native", [True, False])
def test_bf16_is_used_only_where_native(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native})
    with bf16_where_native(torch.device("cpu")):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == (torch.bfloat16 if native else torch.float32)


def test_cpu_memory_error_is_one_line_with_a_remedy() -> None:
    with (
        pytest.raises(
            TrainingError,
            match=r"out of memory \(can't allocate memory: .*\); reduce --batch",
        ) as caught,
        explained_memory_errors(),
    ):
        torch.empty(2**55, dtype=torch.uint8)
    assert "\n" not in str(caught.value)


def test_memory_error_of_windows_is_recognised() -> None:
    with (
        pytest.raises(TrainingError, match=r"out of memory \(not enough memory: .*\)"),
        explained_memory_errors(),
    ):
        raise RuntimeError(
            "[enforce fail] data. DefaultCPUAllocator: not enough memory: you tried to allocate "
            "9 bytes."
        )


def test_gpu_memory_error_leaves_the_checkpoint(
    own_run: TrainedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: object) -> dict[str, float]:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."
        )

    monkeypatch.setattr(train_module, "take_step", too_much)
    config = own_run.config.with_changes(steps=12)
    with pytest.raises(TrainingError, match=r"out of memory \(CUDA out of memory\).*--resume"):
        train(config, own_run.folder, resume=True, loss_network=random_loss_network())
    assert load_checkpoint(own_run.folder / CHECKPOINT).step == 8


def test_other_errors_are_not_taken_for_memory() -> None:
    with pytest.raises(RuntimeError, match="shape"), explained_memory_errors():
        torch.zeros(2).view(3)
