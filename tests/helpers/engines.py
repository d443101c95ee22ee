"""Marks and fakes for tests of engines."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from realtime_style.engines.devices.cuda import has_nvidia_driver
from realtime_style.engines.packages import installed_runtimes

HAS_OPENVINO = importlib.util.find_spec("openvino") is not None

needs_openvino = pytest.mark.skipif(not HAS_OPENVINO, reason="the openvino extra is not installed")
without_nvidia = pytest.mark.skipif(has_nvidia_driver(), reason="this machine has an NVIDIA driver")

CPU_ENGINES = ["cpu", pytest.param("openvino", marks=needs_openvino)]
"""Engines that run on every machine where they are installed."""


def uninstall(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Make modules look as if they were not installed, for this test."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def install_both_runtimes(monkeypatch: pytest.MonkeyPatch, site: Path) -> list[str]:
    """Add the metadata that pip leaves, so that the CPU and GPU wheels seem both installed."""
    for name in {"onnxruntime", "onnxruntime-gpu"} - set(installed_runtimes()):
        info = site / f"{name.replace('-', '_')}-1.31.1.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.31.1\n"
        (info / "METADATA").write_text(metadata, encoding="utf-8")
        (info / "RECORD").write_text("onnxruntime/__init__.py,,\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))
    return ["onnxruntime", "onnxruntime-gpu"]
