"""Programs that the system ends lose no more than by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from realtime_style.sources.files import VideoSource
from tests.helpers.video import make_clip, names

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="Windows ends a process without asking it"
)


def start(arguments: Sequence[str], *, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    call = [*before, sys.executable, "-m", "realtime_style", *arguments, "--device", "cpu"]
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(what: Path, size: int = 1) -> None:
    """Until a file of this pattern has `size` bytes."""
    patience = time.perf_counter() + 60
    while not any(path.stat().st_size >= size for path in what.parent.glob(what.name)):
        assert time.perf_counter() < patience, f"{what} never came"
        time.sleep(0.05)


def recording(folder: Path, style: Path) -> list[str]:
    """A show of noise, so that the file grows soon."""
    noise = list(np.random.default_rng(0).integers(0, 256, (5, 240, 320, 3), np.uint8))
    camera = make_clip(folder.parent / "noise.mp4", noise, audio=None)
    show = [
        "webcam",
        "--camera",
        camera,
        "--no-window",
        "--style",
        style,
        "--record",
        folder / "show.mp4",
    ]
    return [str(part) for part in show]


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_recording_is_kept_when_the_system_ends_the_show(
    tmp_path: Path, tiny_style: Path, name: str, code: int
) -> None:
    (tmp_path / "out").mkdir()
    process = start(recording(tmp_path / "out", tiny_style))
    wait_for(tmp_path / "out" / ".show.*", 1000)
    for _ in range(2):  # as terminals do
        process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert names(tmp_path / "out") == ["show.mp4"]
    assert sum(1 for _ in VideoSource(tmp_path / "out" / "show.mp4")) > 0


def test_a_painted_clip_leaves_no_part_behind_when_the_system_ends_it(
    tmp_path: Path, clip: Path
) -> None:
    """Slow enough to be caught in the middle: the paint waits."""
    target = tmp_path / "out.mp4"
    target.write_bytes(b"the old result")
    slow = f"""
import sys, time
from realtime_style import cli
from realtime_style.stylize import stylizer as painter
painter.Stylizer.__call__ = lambda self, frame: time.sleep(0.5) or frame
sys.exit(cli.main(["video", {str(clip)!r}, {str(target)!r}, "--device", "cpu"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(tmp_path / ".out.*", 0)
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert "realtime-style: interrupted" in said
    assert target.read_bytes() == b"the old result"
    assert names(tmp_path) == ["out.mp4"]


def test_who_is_to_outlive_the_terminal_does(tmp_path: Path, tiny_style: Path) -> None:
    (tmp_path / "out").mkdir()
    process = start([*recording(tmp_path / "out", tiny_style), "--seconds", "4"], before=["nohup"])
    wait_for(tmp_path / "out" / ".show.*")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert names(tmp_path / "out") == ["show.mp4"]


def test_who_ignores_ctrl_c_is_ended_all_the_same(tmp_path: Path, tiny_style: Path) -> None:
    """Shells start what runs in the background like that."""
    (tmp_path / "out").mkdir()
    process = start(
        recording(tmp_path / "out", tiny_style), before=["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    )
    wait_for(tmp_path / "out" / ".show.*", 1000)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert names(tmp_path / "out") == ["show.mp4"]
