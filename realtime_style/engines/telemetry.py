"""The only way this package imports its engines: with their telemetry off.

Both ONNX Runtime and OpenVINO report their use to their makers unless configured otherwise, and
keep an identifier in the home directory for it.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from typing import Any

from realtime_style.errors import DeviceUnavailable

_REPORTER = "openvino_telemetry"
_importing = threading.Lock()


def import_onnxruntime() -> Any:
    """The module ``onnxruntime`` with telemetry off. Raises ImportError where it is missing.

    Since 1.29 its Linux and macOS wheels report each session, with the name of the model file. The
    variable ORT_DISABLE_TELEMETRY is read once, when the module loads; a user who wants the reports
    sets it to 0. The call is for Windows, where it reports through the operating system.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = importlib.import_module("onnxruntime")
    if not hasattr(onnxruntime, "InferenceSession"):
        # Uninstalling a rival build leaves an emptied folder behind, which still imports.
        raise ImportError("the folder onnxruntime is there, but holds no onnxruntime")
    if os.environ["ORT_DISABLE_TELEMETRY"] == "1":
        onnxruntime.disable_telemetry_events()
    return onnxruntime


def import_openvino() -> Any:
    """The module ``openvino`` without the report of its import. Raises ImportError if missing.

    It has a silent stand-in for the package that sends its reports, used when that package is
    missing; so the package is hidden during the import. May be called from several threads.
    """
    with _importing:
        if "openvino" in sys.modules:  # nothing is reported any more
            return importlib.import_module("openvino")
        reporter = sys.modules.get(_REPORTER)
        # The documented way to make an import fail.
        sys.modules[_REPORTER] = None  # type: ignore[assignment]
        try:
            return importlib.import_module("openvino")
        finally:
            del sys.modules[_REPORTER]
            if reporter is not None:
                sys.modules[_REPORTER] = reporter


def require_onnxruntime() -> Any:
    """The module ``onnxruntime``, or DeviceUnavailable with the command that installs it."""
    try:
        return import_onnxruntime()
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        raise DeviceUnavailable(
            f'onnxruntime is unusable ({error}); pip install "realtime-style[cpu]", or for an '
            'NVIDIA GPU "realtime-style[gpu]"'
        ) from error


def require_openvino() -> Any:
    """The module ``openvino``, or DeviceUnavailable with the command that installs it."""
    try:
        return import_openvino()
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        raise DeviceUnavailable(
            f'openvino is unusable ({error}); pip install "realtime-style[openvino]"'
        ) from error
