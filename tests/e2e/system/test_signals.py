"""Programs ended by the system lose no more than by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from realtime_style.sources.files import VideoSource
from tests.helpers.video import make_clip, names
from tests.helpers.waiting import until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows sends no such signals")


@pytest.fixture
def recording(tmp_path: Path, tiny_style: Path) -> list[str]:
    """Arguments that record noise, so that the file grows soon, as ``out/show.mp4``."""
    (tmp_path / "out").mkdir()
    noise = list(np.random.default_rng(0).integers(0, 256, (5, 240, 320, 3), np.uint8))
    camera = make_clip(tmp_path / "noise.mp4", noise, audio=None)
    live = ["webcam", "--camera", str(camera), "--no-window", "--style", str(tiny_style)]
    return [*live, "--device", "cpu", "--record", str(tmp_path / "out" / "show.mp4")]


def start(arguments: Sequence[str], *, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    call = [*before, sys.executable, "-m", "realtime_style", *arguments]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(folder: Path, pattern: str, size: int = 0) -> None:
    """Wait until a file in `folder` has `size` bytes."""
    until(lambda: any(path.stat().st_size >= size for path in folder.glob(pattern)), 60)


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_recording_is_kept_when_the_system_ends_webcam(
    tmp_path: Path, recording: list[str], name: str, code: int
) -> None:
    process = start(recording)
    wait_for(tmp_path / "out", ".show.*", 1000)
    for _ in range(2):  # as terminals do
        process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert names(tmp_path / "out") == ["show.mp4"]
    assert sum(1 for _ in VideoSource(tmp_path / "out" / "show.mp4")) > 0


def test_interrupted_video_keeps_the_old_result_alone(
    tmp_path: Path, clip: Path, tiny_style: Path
) -> None:
    target = tmp_path / "out" / "out.mp4"
    target.parent.mkdir()
    target.write_bytes(b"the old result")
    slow = f"""
import sys, time
from realtime_style import cli
from realtime_style.stylize.stylizer import Stylizer
Stylizer.__call__ = lambda self, frame: time.sleep(0.5) or frame
call = ["video", {str(clip)!r}, {str(target)!r}, "--style", {str(tiny_style)!r}, "--device", "cpu"]
sys.exit(cli.main(call))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(target.parent, ".out.*")
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert "realtime-style: interrupted" in said
    assert target.read_bytes() == b"the old result"
    assert names(target.parent) == ["out.mp4"]


def test_nohup_outlives_the_terminal(tmp_path: Path, recording: list[str]) -> None:
    process = start([*recording, "--seconds", "2"], before=["nohup"])
    wait_for(tmp_path / "out", ".show.*")
    process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert names(tmp_path / "out") == ["show.mp4"]


def test_job_that_ignores_ctrl_c_ends_at_sigterm(tmp_path: Path, recording: list[str]) -> None:
    """Shells let background jobs ignore Ctrl-C."""
    process = start(recording, before=["sh", "-c", 'trap "" INT; exec "$@"', "sh"])
    wait_for(tmp_path / "out", ".show.*", 1000)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert names(tmp_path / "out") == ["show.mp4"]
