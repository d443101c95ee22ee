"""``cuda``: NVIDIA GPUs through ONNX Runtime."""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realtime_style.engines.packages import conflicting_wheels_message, installed_runtimes
from realtime_style.engines.spec import EngineSpec, reason_of
from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import DeviceUnavailable

if TYPE_CHECKING:
    from realtime_style.engines.base import Engine

log = logging.getLogger(__name__)

_PROVIDER = "CUDAExecutionProvider"
_LIBRARIES = (
    'it needs CUDA 13, cuDNN 9 and a GPU from Turing on: pip install "realtime-style[gpu]" '
    "and see realtime-style doctor"
)


def has_nvidia_driver() -> bool:
    """True if an NVIDIA driver is loaded: its library can be opened."""
    import ctypes
    import sys

    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _unavailable() -> str | None:
    # With the GPU build installed, a GPU that cannot be used is worth a report.
    if has_nvidia_driver() or "onnxruntime-gpu" in installed_runtimes():
        return None
    return "this machine has no NVIDIA driver"


def _open(path: Path, threads: int | None) -> Engine:
    from realtime_style.engines.onnxruntime_session import OnnxRuntimeEngine, SessionSettings

    ort = require_onnxruntime()
    _require_cuda(ort)
    # HEURISTIC finds the same algorithms as the exhaustive search without its second of waiting
    # for each frame size.
    provider = (_PROVIDER, {"cudnn_conv_algo_search": "HEURISTIC"})
    settings = SessionSettings(providers=(provider, "CPUExecutionProvider"), memory="cuda")
    try:
        engine = OnnxRuntimeEngine(ort, path, settings, threads)
        if engine.provider != _PROVIDER:
            raise RuntimeError("ONNX Runtime could not start its CUDA provider")
        # CUDA starts without cuDNN: only the first convolution finds that it is missing.
        engine.paint_blank()
    except Exception as error:  # onnxruntime's exceptions have no common base class of their own
        raise DeviceUnavailable(f"cuda cannot be used: {reason_of(error)}; {_LIBRARIES}") from error
    return engine


def _require_cuda(ort: Any) -> None:
    """Raise DeviceUnavailable where CUDA cannot work; load its libraries where it may."""
    packages = installed_runtimes()
    if len(packages) > 1:
        raise DeviceUnavailable(conflicting_wheels_message(packages))
    if not has_nvidia_driver():
        raise DeviceUnavailable(
            f"cuda cannot be used: this machine has no NVIDIA driver; {ENGINE.remedy}"
        )
    if _PROVIDER not in ort.get_available_providers():
        raise DeviceUnavailable(
            "cuda cannot be used: this onnxruntime has no CUDA; pip uninstall -y onnxruntime, "
            'then pip install "realtime-style[gpu]"'
        )
    with redirect_stdout(io.StringIO()) as printed:  # it prints instead of raising
        ort.preload_dlls()
    if printed.getvalue():
        log.info("onnxruntime: %s", printed.getvalue().strip())


ENGINE = EngineSpec(
    name="cuda",
    help="NVIDIA GPU, with ONNX Runtime",
    unavailable=_unavailable,
    remedy="install it, or use --device auto",
    opener=_open,
    auto_rank=10,
)
