"""A real kiosk on an X server of its own. Needs Xvfb, xdotool and ImageMagick."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.kiosk.places import place
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.kiosk.state.model import Event, Scene
from realtime_style.media.images import read_image

SCREEN_WH = 1280, 720
PIN = "4711"
START_S = 20.0


class Finger:
    """Touches the screen, and presses keys."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def touch(self, event: Event, scene: Scene) -> None:
        """Touch what means `event` in this scene."""
        self._click(*place(event, scene, SCREEN_WH))

    def touch_middle(self) -> None:
        """Touch the middle of the screen, where no button is."""
        self._click(SCREEN_WH[0] // 2, SCREEN_WH[1] // 2)

    def _click(self, x: int, y: int) -> None:
        run(["xdotool", "mousemove", str(x), str(y), "click", "1"], self._environment)

    def key(self, name: str) -> None:
        """Press a key of the button box."""
        run(["xdotool", "key", name], self._environment)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def open_screen() -> Iterator[dict[str, str]]:
    """Start an X server; yields the environment for programs on it."""
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
    """Start a kiosk with `clip` as its camera, `settings` in TOML and its files in `room`.

    Yields its process after START_S.
    """
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
            raise RealtimeStyleError("the kiosk ended at its start; see its message above")
        yield process
    finally:
        process.terminate()
        process.wait()


def take_shot(environment: dict[str, str], room: Path) -> Frame:
    """The picture on screen, (H, W, 3) uint8 BGR."""
    path = room / "shot.png"
    run(["import", "-window", "root", str(path)], environment)
    return read_image(path).bgr


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a program on that screen. Raises RealtimeStyleError."""
    try:
        subprocess.run(command, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RealtimeStyleError(
            f"{command[0]} failed: {error}; install xdotool and imagemagick"
        ) from error
