"""Painting in a kiosk."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.kiosk.app import Kiosk
from realtime_style.kiosk.state.model import Host
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer
from tests.helpers.kiosk import World, open_kiosk, press, specialize


def test_frame_rate_counts_pictures_and_not_looks_for_one(kiosk: Kiosk, world: World) -> None:
    for number in range(60):
        world.problem = "" if number % 3 == 0 else "not yet"
        world.pass_by(1 / 30)
        kiosk.tick()
    assert 9 < kiosk.status().fps < 11
    world.problem = ""
    kiosk._dispatch(Host.PAUSE, world.now)
    specialize(kiosk, world, 5)
    assert 9 < kiosk.status().fps < 11  # nothing is to be painted
    kiosk._dispatch(Host.PAUSE, world.now)
    world.problem = "unplugged"
    specialize(kiosk, world, 5)
    assert kiosk.status().fps == 0


def test_reason_why_nothing_faster_paints_is_told_to_the_host(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stylizer, "fallback", "the GPU's libraries are missing")
    with open_kiosk(world, tmp_path) as kiosk:
        assert "the GPU's libraries are missing" in kiosk.status().last_warning


@pytest.mark.parametrize(("camera", "mirrored"), [("0", True), ("clip.mp4", False)])
def test_screen_is_a_mirror_for_those_before_a_camera_and_words_can_be_read_on_what_they_take_home(
    world: World, tmp_path: Path, camera: str, *, mirrored: bool
) -> None:
    seen = np.full((48, 64, 3), 200, np.uint8)
    seen[:, :32] = 50

    def left_is_darker(picture: Frame | None) -> bool:
        assert picture is not None
        return bool(picture[:, :32].mean() < picture[:, 32:].mean())

    with open_kiosk(world, tmp_path, camera=camera) as kiosk:
        world.picture = lambda number: seen
        specialize(kiosk, world, 1)
        as_painted = left_is_darker(255 - seen)  # the style inverts
        press(kiosk, world, "space")
        specialize(kiosk, world, 1)
        press(kiosk, world, "space")
        specialize(kiosk, world, 5)
        assert left_is_darker(kiosk._visitor.picture(world.now)) == as_painted
        assert left_is_darker(kiosk._live) == (as_painted != mirrored)


def test_painting_under_way_when_the_break_begins_is_not_shown(kiosk: Kiosk, world: World) -> None:
    world.ahead = True
    kiosk.tick()
    first = world.shown
    kiosk._dispatch(Host.PAUSE, world.now)
    kiosk.tick()
    assert world.shown is first


def test_styles_of_other_files_are_loaded_before_a_visitor_chooses_one(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: set[Path] = set()
    all_loaded = threading.Event()

    def preload(self: Stylizer, mix: Mix, width: int, height: int) -> None:
        loaded.update(style.file for style, _ in mix)
        if len(loaded) == 3:
            all_loaded.set()

    monkeypatch.setattr(Stylizer, "preload", preload)
    with open_kiosk(world, tmp_path, files=3) as kiosk:
        kiosk.tick()
        assert all_loaded.wait(30)
