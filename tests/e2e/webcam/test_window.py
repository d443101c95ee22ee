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
from realtime_style.webcam.app import TITLE
from tests.helpers.tiny_wm import close_window
from tests.helpers.xvfb import press, screenshot, xdotool

pytestmark = pytest.mark.usefixtures("desktop")

# A process of its own, as OpenCV connects to one screen once per process.
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
        """Whether the window is there, has more than "getting ready" in it and its size for good, before long."""
        assert before_long(self._has_window, 10)
        return before_long(lambda: bool(self.screen().std() > 30), 4) and before_long(
            self._stands_still, 4
        )

    def _stands_still(self) -> bool:
        """Whether the window is the same on two looks; one that is still growing is mostly dark."""
        before = dark_share(self.screen())
        time.sleep(0.3)
        return abs(dark_share(self.screen()) - before) < 0.02

    def _has_window(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        try:
            return bool(xdotool("search", "--name", TITLE))
        except subprocess.CalledProcessError:
            return False

    def screen(self) -> Frame:
        return screenshot(self._tmp_path)

    def press(self, *keys: str) -> None:
        """One after the other, as slowly as people do."""
        for key in keys:
            press(key, title=TITLE)
            time.sleep(0.1)

    def press_until(self, key: str, happened: Callable[[], bool]) -> None:
        """Press a key, once more if nothing comes of it: Qt loses one now and then, and people do the same."""
        for _ in range(5):
            self.press(key)
            if before_long(happened, 3):
                return
        pytest.fail(f"nothing came of {key}, pressed five times")

    def snapshot_of(self, style: str) -> bool:
        """Take a snapshot when a fade has had its time; whether it is one of this style."""
        time.sleep(1.5)
        self.press("s")
        return before_long(lambda: any(self.folder.glob(f"*_{style}*.png")), 1)

    def end(self) -> tuple[int, Any, str]:
        """Exit code, what it printed as JSON, and stderr."""
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, json.loads(out) if out.startswith("{") else out.strip(), err


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Running]:
    """The show, its picture on the screen; a window that Qt forgets to paint (see test_window.py) is given up."""
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        running = Running(folder)
        with running.process:
            try:
                if running.shows():
                    yield running
                    return
            finally:
                running.process.kill()
    pytest.fail("five windows in a row stayed black")


def before_long(happened: Callable[[], bool], seconds: float) -> bool:
    """Whether something happens within this time; it is looked for once at least."""
    deadline = time.perf_counter() + seconds
    while not happened():
        if time.perf_counter() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_a_person_plays_with_the_keys_and_quits(show: Running):
    before = dark_share(show.screen())
    show.press_until("h", lambda: dark_share(show.screen()) > before + 0.05)  # the box of the help
    show.press_until("Escape", lambda: dark_share(show.screen()) < before + 0.05)
    show.press_until("n", lambda: show.snapshot_of("b"))
    assert not show.screen()[500:, 660:].any()  # beyond the window of 640x480
    show.press_until("f", lambda: bool(show.screen()[500:, 660:].any()))
    show.press("r")
    show.press_until("q", lambda: show.process.poll() is not None)
    code, summary, err = show.end()
    assert (code, err) == (0, "")
    assert summary["style"] == "B"
    assert summary["recordings"] == [str(show.record)]
    assert read_image(Path(summary["snapshots"][0])).bgr.shape == (240, 320, 3)


def dark_share(frame: Frame) -> float:
    """Share of the window that is nearly black."""
    return float(np.mean(frame[:480, :640].max(axis=2) < 85))


def test_closing_the_window_ends_well(show: Running):
    close_window(int(xdotool("search", "--name", TITLE).split()[0]))
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
