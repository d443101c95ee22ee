"""How this package imports its engines: without letting them send anything anywhere.

Both report their use to their makers unless told not to, and keep an identifier in the home directory for it. Everything
in this project that needs one of them takes it from here.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from realtime_style.errors import DeviceUnavailable

_REPORTER = "openvino_telemetry"


def import_onnxruntime() -> Any:
    """The module ``onnxruntime`` with its reports switched off. Raises ImportError where it is not installed.

    Since 1.29 its Linux and macOS wheels report each session, with the name of the model file. It looks at the variable
    ORT_DISABLE_TELEMETRY once, when it is loaded; whoever wants the reports sets it to 0. The call is for Windows, where
    it reports through the operating system.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = importlib.import_module("onnxruntime")
    if not hasattr(onnxruntime, "InferenceSession"):
        # An uninstalled rival build leaves an emptied folder behind, which still imports.
        raise ImportError("the folder onnxruntime is there, but holds no onnxruntime")
    if os.environ["ORT_DISABLE_TELEMETRY"] == "1":
        onnxruntime.disable_telemetry_events()
    return onnxruntime


def import_openvino() -> Any:
    """The module ``openvino``, kept from reporting that it was imported. Raises ImportError where it is not installed.

    It carries a silent stand-in for the case that the package that sends its reports is missing; so that one is hidden
    from it during the import.
    """
    reporter = sys.modules.get(_REPORTER)
    sys.modules[_REPORTER] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[_REPORTER]
        if reporter is not None:
            sys.modules[_REPORTER] = reporter


def require_onnxruntime() -> Any:
    """The onnxruntime module, or DeviceUnavailable with the command that installs it."""
    try:
        return import_onnxruntime()
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        raise DeviceUnavailable(
            f'onnxruntime is unusable ({error}); pip install "realtime-style[cpu]", or for an NVIDIA GPU "realtime-style[gpu]"'
        ) from error
