"""``cpu``: the processor through ONNX Runtime, which runs everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from realtime_style.engines.packages import is_installed
from realtime_style.engines.spec import EngineSpec
from realtime_style.engines.telemetry import require_onnxruntime

if TYPE_CHECKING:
    from realtime_style.engines.base import Engine


def _unavailable() -> str | None:
    return None if is_installed("onnxruntime") else "onnxruntime is not installed"


def _open(path: Path, threads: int | None) -> Engine:
    from realtime_style.engines.onnxruntime_session import OnnxRuntimeEngine, SessionSettings

    # Planning all tensors as one block takes half as much memory again in a network with free
    # height and width.
    settings = SessionSettings(
        providers=("CPUExecutionProvider",), memory_pattern=False, can_specialize=True
    )
    return OnnxRuntimeEngine(require_onnxruntime(), path, settings, threads)


ENGINE = EngineSpec(
    name="cpu",
    help="processor, with ONNX Runtime",
    unavailable=_unavailable,
    remedy='pip install "realtime-style[cpu]"',
    opener=_open,
    auto_rank=30,
)
