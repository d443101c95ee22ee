"""Demos as programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DEMOS = Path(__file__).parents[3] / "demos"


def test_unknown_style_is_one_line_in_a_demo(tmp_path: Path):
    done = subprocess.run(
        [
            sys.executable,
            str(DEMOS / "video_file.py"),
            "pattern",
            str(tmp_path / "out.mp4"),
            "no-such-style",
        ],
        cwd=DEMOS.parent,
        env={**os.environ, "PYTHONPATH": str(DEMOS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "no-such-style" in done.stderr
    assert not (tmp_path / "out.mp4").exists()


def test_offer_does_not_wait_without_a_terminal():
    done = subprocess.run(
        [sys.executable, str(DEMOS / "offer_live.py")],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "DISPLAY": ":0"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
