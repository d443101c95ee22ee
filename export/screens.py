"""Pictures of the kiosk's screens: the real program on an X server of its own, touched by xdotool."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from export.sheets import contact_sheet, write_sheet
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.images import read_image
from realtime_style.kiosk.pins import hash_pin

_SCREEN_WH = 1280, 720
_TILE_WH = 480, 270
_PIN = "4711"
_START_S = 20.0
_COLUMNS = 3

SCENES = (
    "nobody is there",
    "somebody plays",
    "another painter",
    "countdown",
    "keep it?",
    "card and link",
    "PIN",
    "host",
    "no camera",
)


def write_screens(clip: Path, folder: Path) -> list[Path]:
    """A sheet of the scenes in English and one in French, with `clip` in the place of a camera; returns the files.

    Raises RealtimeStyleError when a program is missing or the kiosk does not start.
    """
    written = []
    for language in ("en", "fr"):
        with _screen() as environment, tempfile.TemporaryDirectory() as room:
            tiles = [_scaled(shot) for shot in _visit(clip, language, environment, Path(room))]
        rows = [tiles[start : start + _COLUMNS] for start in range(0, len(tiles), _COLUMNS)]
        sheets = [
            contact_sheet([row], SCENES[start : start + _COLUMNS])
            for start, row in zip(range(0, len(tiles), _COLUMNS), rows, strict=True)
        ]
        path = folder / f"screens-{language}.jpg"
        write_sheet(path, cv2.vconcat(sheets))  # type: ignore[arg-type]
        written.append(path)
    return written


def _visit(clip: Path, language: str, environment: dict[str, str], room: Path) -> Iterator[Frame]:
    """The scenes one after the other, as a visitor and the host would meet them."""
    u = min(_SCREEN_WH) // 100
    width, height = _SCREEN_WH
    with _kiosk(clip.resolve(), language, environment, room):
        touch = _Finger(environment)
        yield _shot(environment, room)
        touch(width // 2, height // 2)
        time.sleep(1)
        yield _shot(environment, room)
        touch((width - 31 * u) * 5 // 18, height - 12 * u)  # the third of nine
        time.sleep(1.5)
        yield _shot(environment, room)
        touch(width - 9 * u, height - 13 * u)  # the shutter
        time.sleep(1.5)
        yield _shot(environment, room)
        time.sleep(3)
        yield _shot(environment, room)
        touch(width // 2 + 30 * u, height - 11 * u)  # keep
        time.sleep(4)
        yield _shot(environment, room)
        touch(width // 2, height - 11 * u)  # done
        time.sleep(1)
        for _ in range(5):
            touch(3 * u, 3 * u)
        time.sleep(0.5)
        for digit in _PIN[:2]:
            touch.key(digit)
        time.sleep(0.5)
        yield _shot(environment, room)
        for key in (*_PIN[2:], "Return"):
            touch.key(key)
        time.sleep(1)
        yield _shot(environment, room)
    with _kiosk(room / "unplugged.mp4", language, environment, room):
        yield _shot(environment, room)


class _Finger:
    """Touches the screen."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def __call__(self, x: int, y: int) -> None:
        _run(["xdotool", "mousemove", str(x), str(y), "click", "1"], self._environment)

    def key(self, name: str) -> None:
        """Presses a key of the button box."""
        _run(["xdotool", "key", name], self._environment)


@contextmanager
def _screen() -> Iterator[dict[str, str]]:
    """An X server of its own; the environment for programs that are to be on it."""
    reading, writing = os.pipe()
    size = f"{_SCREEN_WH[0]}x{_SCREEN_WH[1]}x24"
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    try:
        server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    except OSError as error:
        raise RealtimeStyleError(f"{command[0]} does not start: {error.strerror}; install it (apt install xvfb)") from error
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
def _kiosk(clip: Path, language: str, environment: dict[str, str], room: Path) -> Iterator[None]:
    settings = room / "kiosk.toml"
    settings.write_text(
        f'[screen]\nlanguage = "{language}"\n[take_home]\naddress = "192.168.1.20"\n[pictures]\nfolder = "kept"\n'
        f'[card]\nhost = "Institute of Painted Rabbits"\n[host]\npin = "{hash_pin(_PIN)}"\n'
    )
    command = [sys.executable, "-m", "realtime_style", "kiosk", str(settings), "--camera", str(clip), "--no-watchdog"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        time.sleep(_START_S)
        if process.poll() is not None:
            raise RealtimeStyleError("the kiosk ended before its picture was taken; see above")
        yield
    finally:
        process.terminate()
        process.wait()


def _shot(environment: dict[str, str], room: Path) -> Frame:
    path = room / "shot.png"
    _run(["import", "-window", "root", str(path)], environment)
    return read_image(path).bgr


def _scaled(shot: Frame) -> Frame:
    return cv2.resize(shot, _TILE_WH, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _run(command: list[str], environment: dict[str, str]) -> None:
    try:
        subprocess.run(command, env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise RealtimeStyleError(f"{command[0]} failed: {error}; install xdotool and imagemagick") from error
