"""``openvino``: the processor through OpenVINO, two to three times as fast as ``cpu``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from realtime_style.engines.openvino_devices import has_capability
from realtime_style.engines.packages import is_installed
from realtime_style.engines.spec import EngineSpec
from realtime_style.engines.telemetry import require_openvino

if TYPE_CHECKING:
    from realtime_style.engines.base import Engine


def _unavailable() -> str | None:
    return None if is_installed("openvino") else "openvino is not installed"


def _open(path: Path, threads: int | None) -> Engine:
    from realtime_style.engines.openvino_session import OpenVinoEngine

    openvino = require_openvino()
    core = openvino.Core()
    # Where the processor has it, bf16 takes half the time; it differs from fp32 by one grey level
    # on average.
    precision = "bf16" if has_capability(core, "CPU", "BF16") else "f32"
    settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": precision}
    if threads:
        settings["INFERENCE_NUM_THREADS"] = threads
    provider = f"OpenVINO CPU {'bf16' if precision == 'bf16' else 'fp32'}"
    return OpenVinoEngine(openvino, core, path, "CPU", settings, provider)


ENGINE = EngineSpec(
    name="openvino",
    help="processor, with OpenVINO",
    unavailable=_unavailable,
    remedy='pip install "realtime-style[openvino]"',
    opener=_open,
    auto_rank=20,
    advice="painting would be two to three times as fast with OpenVINO",
)
