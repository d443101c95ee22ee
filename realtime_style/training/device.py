"""Where a training runs, and what is said when that fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from realtime_style.errors import TrainingError

log = logging.getLogger(__name__)


def training_device(asked: str) -> torch.device:
    """The device for ``auto``, ``cuda`` or ``cpu``.

    ``auto`` takes the GPU if there is one that works, and says in the log why not when there is one that does not. Raises
    TrainingError when ``cuda`` cannot be had.
    """
    if asked not in ("auto", "cuda", "cpu"):
        raise TrainingError(
            f"there is no device {asked!r} to train on; devices are auto, cuda, cpu"
        )
    if asked == "cpu":
        return torch.device("cpu")
    problem = _why_no_cuda()
    if problem is None:
        return torch.device("cuda")
    if asked == "cuda":
        raise TrainingError(
            f"cannot train on CUDA: {problem}; --device cpu trains on the processor"
        )
    if torch.cuda.is_available():
        log.warning("training on the processor, as the GPU cannot be used: %s", problem)
    return torch.device("cpu")


def _why_no_cuda() -> str | None:
    """One line; None when CUDA works: a GPU too old for this PyTorch, or without memory left, shows only in use."""
    if (
        torch.version.cuda is None and torch.version.hip is None
    ):  # AMD's builds answer to the name of CUDA
        return "this PyTorch was built without it, install one from pytorch.org"
    if not torch.cuda.is_available():
        return "PyTorch finds no NVIDIA GPU with a driver"
    try:
        pixel = torch.ones(1, 1, 1, 1, device="cuda")
        torch.nn.functional.conv2d(pixel, pixel).item()
    except Exception as error:  # RuntimeError, and types of PyTorch's own
        return _first_line(error)
    return None


@contextmanager
def memory_errors_in_words() -> Iterator[None]:
    """Raise TrainingError where PyTorch runs out of memory, with what to do about it."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        on_cpu = isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error)
        if not on_cpu and not isinstance(error, torch.OutOfMemoryError):
            raise
        raise TrainingError(
            f"training ran out of memory ({_first_line(error)}); give a smaller --batch, --crop or --style-size, "
            "and --resume if it had begun"
        ) from error


def _first_line(error: Exception) -> str:
    line = str(error).strip().split("\n")[0].partition("DefaultCPUAllocator: ")
    return (line[2] or line[0]).split(". ")[0] or type(error).__name__
