"""``openvino:gpu``: Intel graphics through OpenVINO.

Not in the order of ``auto``: nobody has measured yet on which machines it is faster than their
processor.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_style.engines.openvino_devices import has_capability, missing_device
from realtime_style.engines.spec import EngineSpec
from realtime_style.engines.telemetry import require_openvino

if TYPE_CHECKING:
    from realtime_style.engines.base import Engine


def _open(path: Path, threads: int | None) -> Engine:
    """The threads are the processor's, which has nothing to compute here."""
    from realtime_style.engines.openvino_session import OpenVinoEngine

    openvino = require_openvino()
    core = openvino.Core()
    # fp16 is what graphics chips are fast in, and the plugin's default. On a processor with fp16
    # all nine shipped styles stayed within 4 grey levels of fp32, 0.15 on average: nothing in
    # the network leaves its range.
    precision = "f16" if has_capability(core, "GPU", "FP16") else "f32"
    provider = f"OpenVINO GPU {'fp16' if precision == 'f16' else 'fp32'}"
    settings = {"INFERENCE_PRECISION_HINT": precision}
    return OpenVinoEngine(openvino, core, path, "GPU", settings, provider)


ENGINE = EngineSpec(
    name="openvino:gpu",
    help="Intel graphics, with OpenVINO",
    unavailable=partial(missing_device, "GPU"),
    remedy=(
        'it needs an Intel GPU with its compute driver (OpenCL) and pip install "realtime-style'
        '[openvino]"; or use --device auto'
    ),
    opener=_open,
)
