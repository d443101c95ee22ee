"""Nothing is sent and nothing is kept: not by us, and not by the engines that we import."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from realtime_style.engines.telemetry import import_onnxruntime

ROOT = Path(__file__).parents[2]


def fake_onnxruntime(monkeypatch: pytest.MonkeyPatch, **members: object) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", cast(ModuleType, SimpleNamespace(**members)))


def test_a_user_who_wants_the_reports_keeps_them(monkeypatch: pytest.MonkeyPatch):
    switched_off: list[str] = []
    fake_onnxruntime(
        monkeypatch,
        InferenceSession=object,
        disable_telemetry_events=lambda: switched_off.append("off"),
    )
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "0")
    import_onnxruntime()
    assert (os.environ["ORT_DISABLE_TELEMETRY"], switched_off) == ("0", [])
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    import_onnxruntime()
    assert (os.environ["ORT_DISABLE_TELEMETRY"], switched_off) == ("1", ["off"])


def test_an_emptied_onnxruntime_counts_as_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    fake_onnxruntime(monkeypatch)
    with pytest.raises(ImportError, match="holds no onnxruntime"):
        import_onnxruntime()


def test_engines_are_imported_through_one_door_only():
    direct = re.compile(r"^\s*(import|from)\s+(onnxruntime|openvino)\b", re.MULTILINE)
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("realtime_style", "export", "demos", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if direct.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
