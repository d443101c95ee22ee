"""Nothing is sent and nothing is kept: not by us, and not by the engines that we import."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from realtime_style.engines.telemetry import import_onnxruntime

ROOT = Path(__file__).parents[2]

BEFORE = """
import json, sys, time
WATCHED = {"socket.connect", "socket.getaddrinfo", "os.fork", "subprocess.Popen", "urllib.Request"}
events = []
sys.addaudithook(lambda event, _: events.append(event) if event in WATCHED else None)
"""
AFTER = """
time.sleep(0.5)  # reports are sent by threads
print(json.dumps({"events": events, "reporter": "openvino_telemetry" in sys.modules}))
"""
USE_ONNXRUNTIME = """
import numpy as np
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
session.run(None, {"frame": np.zeros((1, 16, 16, 3), np.uint8), "style": np.ones(1, np.float32)})
"""
USE_OPENVINO = """
openvino.compile_model(sys.argv[1], "CPU")
"""


def what_happens(code: str, style: Path, home: Path) -> dict[str, Any]:
    """Run `code` in a fresh Python with an empty home directory; returns what it did and which files it left there."""
    home.mkdir()
    # Both engines keep quiet where these say that a robot is at work, and would so hide a fault from this test.
    robots = (
        "CI",
        "TF_BUILD",
        "GITHUB_ACTIONS",
        "JENKINS_URL",
        "ORT_DISABLE_TELEMETRY",
        "ORT_RUNNING_UNIT_TESTS",
    )
    environ = {
        key: value
        for key, value in os.environ.items()
        if key not in robots and not key.startswith("XDG_")
    }
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + code + AFTER, str(style)],
        env={**environ, "HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen | {"files": sorted(path.name for path in home.rglob("*") if path.is_file())}


QUIET = {"events": [], "reporter": False, "files": []}


def test_onnxruntime_reports_nothing_and_keeps_nothing(tmp_path: Path, tiny_style: Path):
    code = "from realtime_style.engines.telemetry import import_onnxruntime\nonnxruntime = import_onnxruntime()\n"
    assert what_happens(code + USE_ONNXRUNTIME, tiny_style, tmp_path / "home") == QUIET


@pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the openvino extra is not installed"
)
def test_openvino_reports_nothing_and_keeps_nothing(tmp_path: Path, tiny_style: Path):
    code = "from realtime_style.engines.telemetry import import_openvino\nopenvino = import_openvino()\n"
    assert what_happens(code + USE_OPENVINO, tiny_style, tmp_path / "home") == QUIET


def test_painting_reports_nothing_and_keeps_nothing(tmp_path: Path, tiny_style: Path):
    code = """
import numpy as np
from realtime_style import Stylizer, parse_mix
for device in ("cpu", "auto"):
    with Stylizer(parse_mix(sys.argv[1]), device=device) as paint:
        paint(np.zeros((16, 16, 3), np.uint8))
"""
    assert what_happens(code, tiny_style, tmp_path / "home") == QUIET


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
