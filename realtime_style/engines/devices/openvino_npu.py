"""``openvino:npu``: the neural processor of Intel Core Ultra through OpenVINO.

Not in the order of ``auto``: nobody has measured yet on which machines it is faster than their
processor.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_style.engines.openvino_devices import missing_device
from realtime_style.engines.spec import EngineSpec
from realtime_style.engines.telemetry import require_openvino

if TYPE_CHECKING:
    from realtime_style.engines.base import Engine


def _open(path: Path, threads: int | None) -> Engine:
    """The threads are the processor's, which has nothing to compute here."""
    from realtime_style.engines.openvino_session import OpenVinoEngine

    openvino = require_openvino()
    # Its compiler takes fixed sizes only, which is what OpenVinoEngine gives every device, and
    # computes in fp16 without being asked; it has no property for another precision.
    return OpenVinoEngine(openvino, openvino.Core(), path, "NPU", {}, "OpenVINO NPU fp16")


ENGINE = EngineSpec(
    name="openvino:npu",
    help="neural processor of Intel Core Ultra, with OpenVINO",
    unavailable=partial(missing_device, "NPU"),
    remedy=(
        'it needs an Intel Core Ultra with its NPU driver and pip install "realtime-style'
        '[openvino]"; or use --device auto'
    ),
    opener=_open,
)
