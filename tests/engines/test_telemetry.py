"""Telemetry of the engines is off, and everything imports them in the one way that turns it off."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from realtime_style.engines.telemetry import import_onnxruntime, import_openvino

ROOT = Path(__file__).parents[2]


def fake_onnxruntime(monkeypatch: pytest.MonkeyPatch, **members: object) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", cast(ModuleType, SimpleNamespace(**members)))


def test_user_who_wants_the_reports_keeps_them(monkeypatch: pytest.MonkeyPatch):
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


def test_emptied_onnxruntime_counts_as_not_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    fake_onnxruntime(monkeypatch)
    with pytest.raises(ImportError, match="holds no onnxruntime"):
        import_onnxruntime()


@pytest.fixture
def fresh_openvino(monkeypatch: pytest.MonkeyPatch):
    """An openvino that is not imported yet: importing it notes whether its reporter was hidden."""
    hidden: list[bool] = []

    def fake_import(name: str) -> ModuleType:
        hidden.append(sys.modules.get("openvino_telemetry", 0) is None)
        return sys.modules.setdefault(name, ModuleType(name))

    monkeypatch.delitem(sys.modules, "openvino", raising=False)
    monkeypatch.setattr(importlib, "import_module", fake_import)
    yield hidden
    sys.modules.pop("openvino", None)  # monkeypatch puts back what was there


def test_reporter_is_hidden_during_the_import_only(
    fresh_openvino: list[bool], monkeypatch: pytest.MonkeyPatch
):
    reporter = ModuleType("openvino_telemetry")
    monkeypatch.setitem(sys.modules, "openvino_telemetry", reporter)
    import_openvino()
    assert fresh_openvino == [True]
    assert sys.modules["openvino_telemetry"] is reporter
    import_openvino()
    assert fresh_openvino == [True, False]


def test_two_threads_may_import_openvino_at_once(
    fresh_openvino: list[bool], monkeypatch: pytest.MonkeyPatch
):
    """Both used to hide the reporter, and the second to bring it back found nothing to remove."""
    both, errors = threading.Barrier(2), []
    fake_import = importlib.import_module

    def slow_import(name: str) -> ModuleType:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.3)  # until the other one is here, if it can be
        return fake_import(name)

    def load() -> None:
        try:
            import_openvino()
        except Exception as error:
            errors.append(error)

    monkeypatch.setattr(importlib, "import_module", slow_import)
    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert errors == []
    assert "openvino_telemetry" not in sys.modules


def test_engines_are_imported_in_telemetry_alone():
    direct = re.compile(r"^\s*(import|from)\s+(onnxruntime|openvino)\b", re.MULTILINE)
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("realtime_style", "export", "benchmarks", "demos", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if direct.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
