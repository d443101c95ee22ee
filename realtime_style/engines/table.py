"""Which engine runs a style file: ONNX Runtime on CUDA or the CPU, or OpenVINO on the CPU.

An engine maps (frame, style weights) to a frame. :func:`open_engine` chooses one; what it says it runs on is what it
runs on, because each engine is asked after it was made, not before.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from realtime_style.engines.base import Engine
from realtime_style.engines.cuda import has_gpu_build, has_nvidia_driver
from realtime_style.engines.devices import DEVICES
from realtime_style.engines.onnxruntime_engine import OnnxRuntimeEngine
from realtime_style.engines.openvino_engine import OpenVinoEngine
from realtime_style.errors import DeviceUnavailable


def open_engine(
    path: Path, *, device: str = "auto", threads: int | None = None
) -> tuple[Engine, str | None]:
    """The engine for `device` (one of DEVICES), and why a better one was not taken when `auto` had to make do.

    ``auto`` takes CUDA, else OpenVINO where it is installed, else ONNX Runtime's CPU provider. The others mean just what
    they say: DeviceUnavailable is raised, with the reason and the remedy, when it cannot be had.
    """
    if device == "cuda":
        return OnnxRuntimeEngine(path, device="cuda", threads=threads), None
    if device == "openvino":
        return OpenVinoEngine(path, threads=threads), None
    if device == "cpu":
        return OnnxRuntimeEngine(path, device="cpu", threads=threads), None
    if device != "auto":
        raise DeviceUnavailable(f"there is no device {device!r}; devices are {', '.join(DEVICES)}")
    reason = None
    if has_nvidia_driver() or has_gpu_build():
        try:
            return OnnxRuntimeEngine(path, device="cuda", threads=threads), None
        except DeviceUnavailable as error:
            reason = str(error)
    if importlib.util.find_spec("openvino") is not None:
        try:
            return OpenVinoEngine(path, threads=threads), reason
        except DeviceUnavailable as error:
            reason = f"{reason}; {error}" if reason else str(error)
    return OnnxRuntimeEngine(path, device="cpu", threads=threads), reason
