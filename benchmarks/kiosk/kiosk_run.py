"""A real kiosk on an X server of its own, for pictures and measurements: needs Xvfb, xdotool and ImageMagick."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.media.images import read_image

SCREEN_WH = 1280, 720
UNIT = min(SCREEN_WH) // 100
"""px; see realtime_style.kiosk.ui.layout.unit."""
PIN = "4711"
START_S = 20.0


class Finger:
    """Touches the screen."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def __call__(self, x: int, y: int) -> None:
        run(["xdotool", "mousemove", str(x), str(y), "click", "1"], self._environment)

    def key(self, name: str) -> None:
        """Presses a key of the button box."""
        run(["xdotool", "key", name], self._environment)


@contextmanager
def open_screen() -> Iterator[dict[str, str]]:
    """An X server of its own; the environment for programs that are to be on it."""
    reading, writing = os.pipe()
    size = f"{SCREEN_WH[0]}x{SCREEN_WH[1]}x24"
    command = [
        "Xvfb",
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        size,
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    try:
        server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    except OSError as error:
        raise RealtimeStyleError(
            f"{command[0]} does not start: {error.strerror}; install it (apt install xvfb)"
        ) from error
    finally:
        os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        yield {**os.environ, "DISPLAY": f":{number}"}
    finally:
        server.terminate()
        server.wait()


@contextmanager
def open_kiosk(
    clip: Path, settings: str, environment: dict[str, str], room: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A kiosk with `clip` in the place of a camera, `settings` in TOML, and its pictures in `room`, after START_S."""
    file = room / "kiosk.toml"
    file.write_text(settings)
    command = [
        sys.executable,
        "-m",
        "realtime_style",
        "kiosk",
        str(file),
        "--camera",
        str(clip),
        "--no-watchdog",
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        time.sleep(START_S)
        if process.poll() is not None:
            raise RealtimeStyleError("the kiosk ended before its picture was taken; see above")
        yield process
    finally:
        process.terminate()
        process.wait()


def take_shot(environment: dict[str, str], room: Path) -> Frame:
    """What is on the screen, BGR."""
    path = room / "shot.png"
    run(["import", "-window", "root", str(path)], environment)
    return read_image(path).bgr


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a program on that screen; raises RealtimeStyleError."""
    try:
        subprocess.run(command, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RealtimeStyleError(
            f"{command[0]} failed: {error}; install xdotool and imagemagick"
        ) from error
