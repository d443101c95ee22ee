"""Engines send nothing and leave no files, each in a process that is watched."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


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


def watch(code: str, style: Path, home: Path) -> dict[str, Any]:
    """Run `code` in a fresh Python with an empty home folder: its events and the files it left."""
    home.mkdir()
    # Both engines send nothing where these say that a robot is at work, which would hide a fault.
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


def test_onnxruntime_sends_nothing_and_leaves_no_files(tmp_path: Path, tiny_style: Path):
    code = "from realtime_style.engines import telemetry\n"
    code += "onnxruntime = telemetry.import_onnxruntime()\n"
    assert watch(code + USE_ONNXRUNTIME, tiny_style, tmp_path / "home") == QUIET


@pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the openvino extra is not installed"
)
def test_openvino_sends_nothing_and_leaves_no_files(tmp_path: Path, tiny_style: Path):
    code = "from realtime_style.engines import telemetry\n"
    code += "openvino = telemetry.import_openvino()\n"
    assert watch(code + USE_OPENVINO, tiny_style, tmp_path / "home") == QUIET


def test_painting_sends_nothing_and_leaves_no_files(tmp_path: Path, tiny_style: Path):
    code = """
import numpy as np
from realtime_style import Stylizer
for device in ("cpu", "auto"):
    with Stylizer(sys.argv[1], device=device) as paint:
        paint(np.zeros((16, 16, 3), np.uint8))
"""
    assert watch(code, tiny_style, tmp_path / "home") == QUIET
