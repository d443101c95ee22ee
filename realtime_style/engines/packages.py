"""Installed engine packages, found without importing them."""

from __future__ import annotations

import importlib.util

# Distributions that all write the folder onnxruntime. Looking up each takes 3 ms in all, asking
# importlib.metadata which distributions provide the module takes 300.
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


def is_installed(module: str) -> bool:
    """True if a top-level module can be found. A folder that pip emptied does not count."""
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def installed_runtimes() -> list[str]:
    """The installed distributions that provide the module onnxruntime.

    More than one means that they overwrote each other's files.
    """
    import importlib.metadata  # 30 ms, which --help need not wait for

    found = []
    for name in _RUNTIMES:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def conflicting_wheels_message(packages: list[str]) -> str:
    """One line: several runtimes are installed, and the commands that leave one."""
    return (
        f"{' and '.join(packages)} are both installed and overwrite each other; "
        f'pip uninstall -y {" ".join(packages)}, then pip install "realtime-style[gpu]" (NVIDIA) '
        'or "realtime-style[cpu]"'
    )
