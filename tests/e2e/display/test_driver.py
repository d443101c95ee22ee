"""Words for a screen that cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

OPENS = """
from realtime_style import RealtimeStyleError, Window
try:
    Window("never")
except RealtimeStyleError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no DISPLAY")
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"WAYLAND_DISPLAY": "wayland-7"}, "cannot connect to Wayland WAYLAND_DISPLAY=wayland-7"),
        ({"DISPLAY": ":987"}, "cannot connect to X server DISPLAY=:987"),
        ({"DISPLAY": "nonsense"}, "cannot connect to X server DISPLAY=nonsense"),
    ],
)
def test_missing_screen_is_one_line_and_not_an_abort(
    environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    rest = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    run = subprocess.run(
        [sys.executable, "-c", OPENS],
        env=rest | {"XDG_RUNTIME_DIR": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("DisplayUnavailable no screen: ")
    assert run.stdout.count("\n") == 1
    assert words in run.stdout
    assert "--no-window" in run.stdout
    assert run.stderr == ""
