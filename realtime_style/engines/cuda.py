"""Which ONNX Runtime is installed, and whether it can use the GPU."""

from __future__ import annotations

import importlib.metadata
import io
import logging
from contextlib import redirect_stdout
from typing import Any

from realtime_style.errors import DeviceUnavailable

log = logging.getLogger(__name__)

# Distributions that all write the folder onnxruntime. Asking for each takes 3 ms, asking which ones provide it takes 300.
_RUNTIMES = (
    "onnxruntime",
    "onnxruntime-directml",
    "onnxruntime-gpu",
    "onnxruntime-migraphx",
    "onnxruntime-openvino",
    "onnxruntime-rocm",
    "onnxruntime-training",
    "onnxruntime-trt-rtx",
    "onnxruntime-webgpu",
    "onnxruntime-windowsml",
)

CUDA_REMEDY = (
    'it needs CUDA 13, cuDNN 9 and a GPU from Turing on: pip install "realtime-style[gpu]" '
    "and see realtime-style doctor"
)
"""What CUDA needs, for the end of a message."""


def require_cuda(ort: Any) -> None:
    """Raise DeviceUnavailable when it is already plain that CUDA cannot work; load its libraries when it may."""
    packages = installed_runtimes()
    if len(packages) > 1:
        raise DeviceUnavailable(conflicting_wheels_message(packages))
    if "CUDAExecutionProvider" not in ort.get_available_providers() or not has_nvidia_driver():
        raise DeviceUnavailable(f"CUDA cannot be used: {cuda_problem(ort)}")
    with redirect_stdout(io.StringIO()) as said:  # it prints instead of raising
        ort.preload_dlls()
    if said.getvalue():
        log.info("onnxruntime: %s", said.getvalue().strip())


def installed_runtimes() -> list[str]:
    """The installed distributions that provide the module onnxruntime; more than one means they overwrote each other."""
    found = []
    for name in _RUNTIMES:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def conflicting_wheels_message(packages: list[str]) -> str:
    """One line on what is wrong with several runtimes and how to mend it."""
    return (
        f"{' and '.join(packages)} are both installed and overwrite each other; "
        f'pip uninstall -y {" ".join(packages)}, then pip install "realtime-style[gpu]" (NVIDIA) or "realtime-style[cpu]"'
    )


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver is loaded: its library can be opened."""
    import ctypes
    import sys

    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def has_gpu_build() -> bool:
    """Whether the ONNX Runtime for NVIDIA GPUs is installed."""
    return "onnxruntime-gpu" in installed_runtimes()


def cuda_problem(ort: Any) -> str:
    """One line on what is missing, and the way to mend it."""
    if not has_nvidia_driver():
        return "this machine has no NVIDIA driver; install it, or use --device auto"
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return 'this onnxruntime has no CUDA; pip uninstall -y onnxruntime, then pip install "realtime-style[gpu]"'
    return f"ONNX Runtime could not start its CUDA provider; {CUDA_REMEDY}"
