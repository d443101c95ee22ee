"""Device and precision of a training run, and out-of-memory messages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from realtime_style.errors import TrainingError
from realtime_style.training.config import DEVICES

log = logging.getLogger(__name__)


def training_device(requested: str) -> torch.device:
    """Device for ``auto``, ``cuda`` or ``cpu``.

    ``auto`` takes a GPU if one works; if there is one that does not, the log says why. Raises
    TrainingError when ``cuda`` cannot be had.
    """
    if requested not in DEVICES:
        raise TrainingError(
            f"cannot train on device {requested!r}; devices are {', '.join(DEVICES)}"
        )
    if requested == "cpu":
        return torch.device("cpu")
    problem = _cuda_problem()
    if problem is None:
        return torch.device("cuda")
    if requested == "cuda":
        raise TrainingError(f"cannot train on CUDA: {problem}; --device cpu trains on the CPU")
    if torch.cuda.is_available():
        log.warning("training on the CPU, because the GPU cannot be used: %s", problem)
    return torch.device("cpu")


def bf16_where_native(device: torch.device) -> torch.autocast:
    """Autocast to bf16 where `device` computes it natively; elsewhere a context without effect.

    Convolutions and products take half the time of float32 where bf16 is native, and more time
    where it is emulated.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=_has_native_bf16(device))


def _has_native_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def _cuda_problem() -> str | None:
    """Reason why CUDA does not work, in one line; None when it does.

    A GPU too old for this PyTorch, or one without free memory, fails only in use.
    """
    # AMD's builds answer to the name of CUDA.
    if torch.version.cuda is None and torch.version.hip is None:
        return "this PyTorch was built without it, install one from pytorch.org"
    if not torch.cuda.is_available():
        return "PyTorch finds no NVIDIA GPU with a driver"
    try:
        pixel = torch.ones(1, 1, 1, 1, device="cuda")
        torch.nn.functional.conv2d(pixel, pixel).item()
    except Exception as error:  # RuntimeError, and types of PyTorch's own
        return _reason(error)
    return None


@contextmanager
def explained_memory_errors() -> Iterator[None]:
    """Turn running out of memory into a TrainingError that suggests smaller settings."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        on_cpu = isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error)
        if not on_cpu and not isinstance(error, torch.OutOfMemoryError):
            raise
        raise TrainingError(
            f"training ran out of memory ({_reason(error)}); reduce --batch, --crop or "
            "--style-size, and add --resume if the run had begun"
        ) from error


def _reason(error: Exception) -> str:
    """First sentence of an error, without the allocator's preamble."""
    before, _, after = str(error).strip().split("\n")[0].partition("DefaultCPUAllocator: ")
    return (after or before).split(". ")[0] or type(error).__name__
