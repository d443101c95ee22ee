"""The public Window, in a program of a few lines on a real X server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.helpers.tiny_wm import close_window
from tests.helpers.xvfb import press, windows

SHOW = """
import numpy as np
import cv2, av
from realtime_style import Window

frame = np.zeros((240, 320, 3), np.uint8)
with Window("test window") as window:
    window.write(frame)
    print("ready", flush=True)
    while not window.closed:
        window.write(frame)
        key = window.poll_key(10)
        if key is not None:
            print(key, flush=True)
        if key == "f":
            window.set_fullscreen(not window.fullscreen)
            print(window.fullscreen, flush=True)
        if key == "q":
            break
    print("closed" if window.closed else "open", flush=True)
window.write(frame)
window.close()
print(window.closed, window.poll_key(10), flush=True)
"""


@pytest.fixture
def shown(desktop: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SHOW],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_keys_come_one_by_one_and_nothing_is_printed(shown: subprocess.Popen[str]) -> None:
    press("a", "Left", "plus", "H", "F11", "f", "q")
    output, errors = shown.communicate(timeout=20)
    lines = ["a", "left", "+", "h", "f11", "f", "True", "q", "open", "True None"]
    assert output.splitlines() == lines
    assert errors == ""


def test_window_that_a_person_closes_does_not_come_back(shown: subprocess.Popen[str]) -> None:
    close_window(int(windows()[0]))
    output, errors = shown.communicate(timeout=20)
    assert output.splitlines() == ["closed", "True None"]
    assert errors == ""


def test_ctrl_c_is_the_programs(shown: subprocess.Popen[str]) -> None:
    import signal

    time.sleep(0.2)
    shown.send_signal(signal.SIGINT)
    _, errors = shown.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
