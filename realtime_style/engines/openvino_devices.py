"""Hardware that OpenVINO can use on this machine."""

from __future__ import annotations

from typing import Any

from realtime_style.engines.packages import is_installed
from realtime_style.engines.spec import reason_of
from realtime_style.engines.telemetry import import_openvino


def missing_device(device: str) -> str | None:
    """The reason OpenVINO cannot use `device` (``GPU``, ``NPU``) here; None if it can.

    Asks OpenVINO itself, which takes a tenth of a second to import; nothing is compiled.
    """
    if not is_installed("openvino"):
        return "openvino is not installed"
    try:
        devices = import_openvino().Core().available_devices
    except Exception as error:  # libraries that do not load; its own types
        return f"openvino does not load ({reason_of(error)})"
    # Of several chips each is listed by number, as GPU.0 and GPU.1; the bare name is the first.
    if any(name.partition(".")[0] == device for name in devices):
        return None
    return f"OpenVINO finds no {device} on this machine, only {', '.join(devices)}"


def has_capability(core: Any, device: str, capability: str) -> bool:
    """True if a device computes in a format natively: ``BF16``, ``FP16``."""
    return capability in core.get_property(device, "OPTIMIZATION_CAPABILITIES")
