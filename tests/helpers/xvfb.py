"""An X server without a screen, what it shows, and input to it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.display.driver import WINDOW_CLASS
from realtime_style.frames import Frame


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X server of 800 x 600 in $DISPLAY, for the test and the processes it starts."""
    server, name = start_screen()
    try:
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield name
    finally:
        server.terminate()
        server.wait(10)


def start_screen(name: str = "") -> tuple[subprocess.Popen[bytes], str]:
    """Start an X server; returns it with its name, such as ``:23456``.

    Its number is random, so that one that was stopped can be started again under its name: another
    test, of this clone or another, would soon take the first free number.
    """
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb (apt-get install xvfb)")
    reading, writing = os.pipe()
    name = name or f":{random.SystemRandom().randrange(10_000, 50_000)}"
    command = ["Xvfb", name, "-displayfd", str(writing), "-screen", "0", "800x600x24"]
    server = subprocess.Popen(
        [*command, "-nolisten", "tcp", "-noreset"], pass_fds=[writing], stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as answer:
        started = answer.readline().strip()
    if not started:
        server.wait(10)
        pytest.skip("Xvfb is installed but does not start here")
    return server, name


@pytest.fixture
def desktop(display: str) -> Iterator[str]:
    """`display` with a window manager, so that windows can be full screen."""
    manager = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("tiny_wm.py"))],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert manager.stdout is not None
    with manager.stdout as answer:
        if answer.readline() != "ready\n":
            pytest.skip("needs libX11")
        yield display
        manager.terminate()
        manager.wait(10)


def screenshot(folder: Path) -> Frame:
    """The screen as a BGR frame."""
    tool = shutil.which("import")
    if tool is None:
        pytest.skip("needs import (apt-get install imagemagick)")
    path = folder / "screen.png"
    subprocess.run([tool, "-window", "root", str(path)], check=True, timeout=20)
    shown = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert shown is not None
    return np.asarray(shown, np.uint8)


def windows() -> list[str]:
    """Numbers of the program's windows that can be seen."""
    run = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", WINDOW_CLASS],
        capture_output=True,
        text=True,
        timeout=20,
    )
    return run.stdout.split()


def press(*keys: str) -> None:
    """Press keys, by the names that xdotool has for them, in the program's window."""
    (window,) = windows()
    xdotool("windowfocus", "--sync", window)
    time.sleep(0.2)  # until the window has noticed; keys before that are lost
    xdotool("key", "--delay", "30", *keys)


def xdotool(*arguments: str) -> str:
    """Run xdotool and return its output."""
    if shutil.which("xdotool") is None:
        pytest.skip("needs xdotool (apt-get install xdotool)")
    return subprocess.run(
        ["xdotool", *arguments], check=True, timeout=20, capture_output=True, text=True
    ).stdout
