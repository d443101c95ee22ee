"""The live show in a real window: a person presses keys and looks at the screen."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2  # noqa: F401  (before av: windows hang otherwise)
import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.media.images import read_image
from realtime_style.testing.style_files import write_tiny_style
from tests.helpers.tiny_wm import close_window
from tests.helpers.xvfb import press, screenshot, windows

pytestmark = pytest.mark.usefixtures("desktop")

# A process of its own, as people start one.
SHOW = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from realtime_style.webcam.app import run_webcam
from realtime_style.webcam.options import WebcamOptions

style, folder, record = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
options = WebcamOptions(
    style=style, camera="pattern", size=(320, 240), device="cpu", snapshots=folder, seconds=60,
    record=record,
)
try:
    print(json.dumps(asdict(run_webcam(options))))
except KeyboardInterrupt:
    print("interrupted")
"""


class Running:
    """The show in another process, its window open."""

    def __init__(self, tmp_path: Path) -> None:
        style = write_tiny_style(tmp_path / "two.onnx", names=("a", "b"))
        self.folder, self.record = tmp_path / "taken", tmp_path / "show.mp4"
        command = [
            sys.executable,
            "-W",
            "error",
            "-c",
            SHOW,
            str(style),
            str(self.folder),
            str(self.record),
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._tmp_path = tmp_path

    def shows(self) -> bool:
        """True if a painted picture is on the screen before long."""
        return before_long(lambda: bool(self.screen().std() > 30), 20)

    def screen(self) -> Frame:
        assert self.process.poll() is None, self.process.communicate()
        return screenshot(self._tmp_path)

    def press(self, *keys: str) -> None:
        """One after the other, quickly."""
        press(*keys)

    def snapshot_of(self, style: str) -> bool:
        """Take a snapshot when a fade has had its time; True if it is one of this style."""
        time.sleep(1.5)
        self.press("s")
        return before_long(lambda: any(self.folder.glob(f"*_{style}*.png")), 5)

    def end(self) -> tuple[int, Any, str]:
        """Exit code, what it printed as JSON, and stderr."""
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, json.loads(out) if out.startswith("{") else out.strip(), err


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Running]:
    """The show, its picture on the screen."""
    running = Running(tmp_path)
    with running.process:
        try:
            assert running.shows()
            yield running
        finally:
            running.process.kill()


def before_long(happened: Callable[[], bool], seconds: float) -> bool:
    """Whether something happens within this time; it is looked for once at least."""
    deadline = time.perf_counter() + seconds
    while not happened():
        if time.perf_counter() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_person_plays_with_the_keys_and_quits(show: Running):
    before = help_share(show.screen())
    show.press("h")
    assert before_long(lambda: help_share(show.screen()) > before + 0.3, 10)
    show.press("Escape")
    assert before_long(lambda: help_share(show.screen()) < before + 0.3, 10)
    show.press("n")
    assert show.snapshot_of("b")
    assert not outside(show.screen()).any()
    show.press("f")
    assert before_long(lambda: bool(outside(show.screen()).any()), 10)
    show.press("r", "q")
    code, summary, err = show.end()
    assert (code, err) == (0, "")
    assert summary["style"] == "B"
    assert summary["recordings"] == [str(show.record)]
    assert read_image(Path(summary["snapshots"][0])).bgr.shape == (240, 320, 3)


def help_share(frame: Frame) -> float:
    """Share of the help's place that is nearly black: the window's upper left, 640x480 of 800x600."""
    return float(np.mean(frame[100:250, 100:250].max(axis=2) < 85))


def outside(frame: Frame) -> Frame:
    """The rim of the screen, beyond a window in its middle."""
    return frame[:50]


def test_ten_keys_typed_quickly_are_all_obeyed(show: Running):
    show.press(*"bbbbbbbbb", "q")  # would end at the first
    code, _, _ = show.end()
    assert code == 0


def test_closing_the_window_ends_well(show: Running):
    close_window(int(windows()[0]))
    code, summary, _ = show.end()
    assert code == 0
    assert summary["frames"] > 0


def test_ctrl_c_keeps_the_recording_and_passes_on(show: Running):
    import av

    show.process.send_signal(signal.SIGINT)
    code, words, err = show.end()
    assert (code, words) == (0, "interrupted")
    assert str(show.record) in err
    with av.open(str(show.record)) as container:
        assert len(list(container.decode(video=0))) > 0
