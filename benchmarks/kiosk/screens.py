"""Pictures of the kiosk's screens, of the real program on an X server of its own."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from benchmarks.kiosk.kiosk_run import PIN, Finger, free_port, open_kiosk, open_screen, take_shot
from export.sheets import contact_sheet, write_sheet
from realtime_style.frames import Frame
from realtime_style.kiosk.config.pin import hash_pin
from realtime_style.kiosk.state.model import GESTURE, ChooseArtist, Scene, Touch

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
    """Write a sheet of the scenes in English and one in French; returns the files.

    `clip` is in the place of a camera. Raises RealtimeStyleError when a program is missing or
    the kiosk does not start.
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
    """The scenes one after the other, as a visitor and the host meet them."""
    settings = (
        f'[screen]\nlanguage = "{language}"\n[pictures]\nfolder = "kept"\n'
        f'[take_home]\naddress = "192.168.1.20"\nport = {free_port()}\n'
        f'[host]\npin = "{hash_pin(PIN)}"\n[card]\nhost = "Institute of Painted Rabbits"\n'
    )
    with open_kiosk(clip.resolve(), settings, environment, room):
        finger = Finger(environment)
        yield take_shot(environment, room)
        finger.touch_middle()
        time.sleep(1)
        yield take_shot(environment, room)
        finger.touch(ChooseArtist(2), Scene.LIVE)
        time.sleep(1.5)
        yield take_shot(environment, room)
        finger.touch(Touch.SHOOT, Scene.LIVE)
        time.sleep(1.5)
        yield take_shot(environment, room)
        time.sleep(3)
        yield take_shot(environment, room)
        finger.touch(Touch.KEEP, Scene.REVIEW)
        time.sleep(4)
        yield take_shot(environment, room)
        finger.touch(Touch.DONE, Scene.CARD)
        time.sleep(1)
        for _ in range(GESTURE):
            finger.touch(Touch.CORNER, Scene.LIVE)
        time.sleep(0.5)
        for digit in PIN[:2]:
            finger.key(digit)
        time.sleep(0.5)
        yield take_shot(environment, room)
        for key in (*PIN[2:], "Return"):
            finger.key(key)
        time.sleep(1)
        yield take_shot(environment, room)
    (room / "unplugged.mp4").touch()  # a clip that nobody can read
    with open_kiosk(room / "unplugged.mp4", settings, environment, room):
        yield take_shot(environment, room)


def _scaled(shot: Frame) -> Frame:
    return cv2.resize(shot, _TILE_WH, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
