"""Painting in a kiosk: one picture is shown while the next is made, and a chip that fails is replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.kiosk.app import Kiosk
from realtime_style.kiosk.state.model import Host
from realtime_style.sources.pattern import TestPattern
from realtime_style.stylize.stylizer import Stylizer
from tests.helpers.kiosk import World, open_kiosk, press, specialize


class Gone:
    """A painter on a graphics chip that has failed."""

    provider = "CUDAExecutionProvider"

    def __call__(self, frame: Frame) -> Frame:
        raise RealtimeStyleError("the graphics chip has gone")

    def close(self) -> None:
        pass


def test_chip_that_fails_is_replaced_by_the_processor_at_a_lower_size(
    kiosk: Kiosk, world: World
) -> None:
    world.picture = TestPattern(800, 600).picture
    kiosk.round()
    assert kiosk._live is not None
    assert kiosk._live.shape == (600, 800, 3)
    kiosk._brush._painter.close()
    kiosk._brush._painter = Gone()  # type: ignore[assignment]
    kiosk.round()
    assert world.devices == ["auto", "cpu"]
    assert kiosk._live.shape == (360, 480, 3)


def test_kiosk_that_fell_again_and_again_paints_smaller_on_the_processor(
    world: World, tmp_path: Path
) -> None:
    world.picture = TestPattern(800, 600).picture
    with open_kiosk(world, tmp_path, rescued=True) as kiosk:
        kiosk.round()
        assert world.devices == ["cpu"]
        assert kiosk._live is not None
        assert kiosk._live.shape == (360, 480, 3)


def test_first_painting_is_waited_for_also_when_the_slider_was_down_before(
    kiosk: Kiosk, world: World
) -> None:
    waited: list[float] = []

    @contextmanager
    def busy() -> Iterator[None]:
        waited.append(kiosk.state.strength)
        yield

    kiosk._brush._busy = busy
    for strength in (0.0, 0.0, 1.0, 1.0):
        kiosk.state = replace(kiosk.state, strength=strength)
        kiosk.round()
    assert waited == [1.0]


def test_styles_of_other_files_are_loaded_before_a_visitor_chooses_one(
    world: World, tmp_path: Path
) -> None:
    with open_kiosk(world, tmp_path, files=3) as kiosk:
        kiosk.round()
        began = time.perf_counter()
        while len(kiosk._brush._painter.loaded) < 3:
            assert time.perf_counter() - began < 20
            time.sleep(0.01)


def test_chip_that_fails_for_good_ends_it_with_an_error(
    kiosk: Kiosk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*what: object) -> Frame:
        raise RealtimeStyleError("the graphics chip has gone")

    monkeypatch.setattr(kiosk._brush, "_paint_with", gone)
    with pytest.raises(RealtimeStyleError, match="has gone"):
        kiosk.round()


class Slow:
    """A brush in whose paintings one may look: `asked` says how many were started, `go` lets one be finished."""

    def __init__(self, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self._paint = kiosk._brush._paint
        monkeypatch.setattr(kiosk._brush, "_paint", self.paint)

    def paint(self, *what: Any) -> Frame:
        self.asked.release()
        assert self.go.acquire(timeout=30)
        return self._paint(*what)


def test_painting_is_shown_while_the_next_is_made(
    kiosk: Kiosk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    brush, world.ahead = Slow(kiosk, monkeypatch), True
    brush.go.release()
    kiosk.round()
    assert world.shown is not None
    assert brush.asked.acquire(timeout=30)
    assert brush.asked.acquire(timeout=30)  # the next is under way, and cannot be finished
    first = world.shown
    brush.go.release()
    world.ahead = False
    kiosk.round()
    assert world.taken == 2
    assert world.shown is not first


def test_slow_camera_shows_each_painting_at_once(kiosk: Kiosk, world: World) -> None:
    for number in range(1, 4):
        kiosk.round()
        assert world.taken == number
        assert not kiosk._brush.at_work
        assert world.shown is kiosk._live


def test_frame_rate_counts_pictures_and_not_looks_for_one(kiosk: Kiosk, world: World) -> None:
    for number in range(60):
        world.problem = "" if number % 3 == 0 else "not yet"
        world.pass_by(1 / 30)
        kiosk.round()
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
        kiosk._brush.start(seen, kiosk._mixes[0], 1.0)
        as_painted = left_is_darker(kiosk._brush.finish())
        press(kiosk, world, "space")
        specialize(kiosk, world, 1)
        press(kiosk, world, "space")
        specialize(kiosk, world, 5)
        assert left_is_darker(kiosk._visitor.picture(world.now)) == as_painted
        assert left_is_darker(kiosk._live) == (as_painted != mirrored)


def test_painting_under_way_when_the_break_begins_is_not_shown(
    kiosk: Kiosk,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    brush, world.ahead = Slow(kiosk, monkeypatch), True
    brush.go.release(2)
    kiosk.round()
    first = kiosk._live
    kiosk._dispatch(Host.PAUSE, world.now)
    kiosk.round()
    assert kiosk._live is first
    assert not kiosk._brush.at_work
