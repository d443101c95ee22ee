"""Pictures of the kiosk's screens: the real program on an X server of its own, touched by xdotool."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from benchmarks.kiosk.kiosk_run import (
    PIN,
    SCREEN_WH,
    UNIT,
    Finger,
    open_kiosk,
    open_screen,
    take_shot,
)
from export.sheets import contact_sheet, write_sheet
from realtime_style.frames import Frame
from realtime_style.kiosk.config.pin import hash_pin

_TILE_WH = 480, 270
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
        with open_screen() as environment, tempfile.TemporaryDirectory() as room:
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
    u, (width, height) = UNIT, SCREEN_WH
    settings = (
        f'[screen]\nlanguage = "{language}"\n[take_home]\naddress = "192.168.1.20"\n[pictures]\nfolder = "kept"\n'
        f'[card]\nhost = "Institute of Painted Rabbits"\n[host]\npin = "{hash_pin(PIN)}"\n'
    )
    with open_kiosk(clip.resolve(), settings, environment, room):
        touch = Finger(environment)
        yield take_shot(environment, room)
        touch(width // 2, height // 2)
        time.sleep(1)
        yield take_shot(environment, room)
        touch((width - 31 * u) * 5 // 18, height - 12 * u)  # the third of nine
        time.sleep(1.5)
        yield take_shot(environment, room)
        touch(width - 9 * u, height - 13 * u)  # the shutter
        time.sleep(1.5)
        yield take_shot(environment, room)
        time.sleep(3)
        yield take_shot(environment, room)
        touch(width // 2 + 30 * u, height - 11 * u)  # keep
        time.sleep(4)
        yield take_shot(environment, room)
        touch(width // 2, height - 11 * u)  # done
        time.sleep(1)
        for _ in range(5):
            touch(3 * u, 3 * u)
        time.sleep(0.5)
        for digit in PIN[:2]:
            touch.key(digit)
        time.sleep(0.5)
        yield take_shot(environment, room)
        for key in (*PIN[2:], "Return"):
            touch.key(key)
        time.sleep(1)
        yield take_shot(environment, room)
    (room / "unplugged.mp4").touch()  # a clip that nobody can read
    with open_kiosk(room / "unplugged.mp4", settings, environment, room):
        yield take_shot(environment, room)


def _scaled(shot: Frame) -> Frame:
    return cv2.resize(shot, _TILE_WH, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
