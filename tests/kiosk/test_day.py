"""Ten hours of visitors and faults in half a minute: the real kiosk, with clocks that are set."""

from __future__ import annotations

import errno
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime_style.display.inputs import CloseAsked, Drag, Key, Press, Release
from realtime_style.frames import Frame
from realtime_style.kiosk.app import Kiosk
from realtime_style.kiosk.state.model import Host, Scene
from realtime_style.kiosk.supervision.heartbeat import RESTART
from realtime_style.kiosk.supervision.stats import RestartState
from tests.helpers.kiosk import World, lasting_threads, made, open_kiosk, press, specialize

HOURS = 10
FAULTS = 200


def live_again(kiosk: Kiosk, world: World) -> bool:
    """True if it returns to live pictures for the next visitor by itself."""
    specialize(kiosk, world, 170)
    before = world.taken
    kiosk.tick()
    return (
        kiosk.state.scene is Scene.ATTRACT
        and not kiosk.state.covered
        and world.taken > before
        and world.shown is not None
    )


@pytest.mark.slow
def test_day_of_faults_ends_live_with_nothing_kept(
    kiosk: Kiosk, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(0)
    keys = [
        "space",
        "enter",
        "esc",
        "f",
        "left",
        "right",
        "up",
        "down",
        "l",
        "1",
        "y",
        "n",
        "p",
        "x",
    ]
    end, faults = world.now + HOURS * 3600, 0
    next_fault = world.now
    back_at = room_at = float("inf")
    refused = [0]

    def open_where_there_is_room(path: Any, flags: int, *arguments: Any, **more: Any) -> int:
        if flags & os.O_EXCL and room_at < float("inf"):
            refused[0] += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return open_file(path, flags, *arguments, **more)

    open_file = os.open
    monkeypatch.setattr("realtime_style.kiosk.pictures.store.os.open", open_where_there_is_room)
    kiosk.tick()
    threads = lasting_threads()

    def camera_gone() -> None:
        nonlocal back_at
        world.problem, back_at = "unplugged", world.now + chance.choice([1, 5, 60, 300])

    def clock_jumps() -> None:
        world.wall += chance.choice([-86_400, -3600, 3600, 86_400])

    def sleeps() -> None:
        slept = chance.choice([600, 7200])
        world.wall += slept
        world.now += chance.choice(
            [0, slept]
        )  # clocks that only go forward stand still meanwhile on Linux, not everywhere

    def disk_is_full() -> None:
        nonlocal room_at
        room_at = world.now + chance.choice([60, 300, 900])

    def chip_fails() -> None:
        world.failures = 0 if len(world.devices) > 1 else 1

    trouble: list[Callable[[], None]] = [
        camera_gone,
        camera_gone,
        disk_is_full,
        clock_jumps,
        sleeps,
        chip_fails,
    ]
    there, comes_or_goes = False, world.now
    while world.now < end or faults < FAULTS:
        world.pass_by(chance.choice([0.1, 0.5, 2.0]))
        world.ahead = chance.random() < 0.5
        if world.now >= comes_or_goes:
            there, comes_or_goes = not there, world.now + chance.uniform(20, 200)
        if there and chance.random() < 0.1:
            x, y = chance.randrange(320), chance.randrange(240)
            world.touches += [Press(x, y), Drag(x + 5, y), Release()]
        if there and chance.random() < 0.1:
            world.touches += [Key(chance.choice(keys)), CloseAsked()]
        if world.now >= next_fault:
            chance.choice(trouble)()
            faults, next_fault = (
                faults + 1,
                world.now + HOURS * 3600 / FAULTS * chance.uniform(0.2, 1.8),
            )
        if world.now >= back_at:
            world.problem, back_at = "", float("inf")
        if world.now >= room_at:
            room_at = float("inf")
        kiosk.tick()
        while (
            kiosk.state.scene is Scene.CARD and kiosk._visitor.card is None
        ):  # cards take real time
            time.sleep(0.005)
            kiosk.tick()
    world.problem, room_at = "", float("inf")
    world.failures = 0
    assert faults >= FAULTS
    assert refused[0] > 0
    assert kiosk.counters.visitors > 100
    assert kiosk.counters.pictures > 20
    assert live_again(kiosk, world)
    world.pass_by(2 * 3600)
    kiosk.tick()
    specialize(kiosk, world, 15)
    assert list((tmp_path / "kept").iterdir()) == []
    assert lasting_threads() <= threads + 1  # the card maker's thread
    assert kiosk.ending is None


def test_break_and_counters_outlast_a_crash(world: World, tmp_path: Path) -> None:
    with open_kiosk(world, tmp_path) as kiosk:
        kiosk._dispatch(Host.PAUSE, world.now)
        kiosk.counters.visitors = 3
        line = kiosk.memory()
    with open_kiosk(world, tmp_path, before=RestartState.from_json(line)) as kiosk:
        kiosk.tick()
        assert kiosk.state.covered
        assert kiosk._live is None
        assert kiosk.counters.visitors == 3


def test_discarded_picture_leaves_nothing(kiosk: Kiosk, world: World, tmp_path: Path) -> None:
    for key in ("space", "space"):
        world.touches = [Key(key)]
        kiosk.tick()
    specialize(kiosk, world, 4)
    assert kiosk.state.scene is Scene.REVIEW
    world.touches = [Key("esc")]
    kiosk.tick()
    assert kiosk._visitor.picture(0) is None
    assert list((tmp_path / "kept").iterdir()) == []


def test_film_goes_there_and_back(kiosk: Kiosk, world: World, tmp_path: Path) -> None:
    import av

    world.touches = [Key("space")]
    kiosk.tick()
    world.touches = [Key("f")]
    kiosk.tick()
    for _ in range(90):
        world.pass_by(0.1)
        kiosk.tick()
    assert kiosk.state.scene is Scene.REVIEW
    world.touches = [Key("space")]
    began = time.perf_counter()
    while not list((tmp_path / "kept").glob("*.mp4")):
        kiosk.tick()
        time.sleep(0.02)
        assert time.perf_counter() - began < 30
    (path,) = (tmp_path / "kept").glob("*.mp4")
    with av.open(str(path)) as container:
        pictures = [
            frame.to_ndarray(format="bgr24").astype(int) for frame in container.decode(video=0)
        ]
    assert 90 <= len(pictures) <= 105  # five seconds at ten frames each, and back
    assert np.abs(pictures[1] - pictures[-1]).mean() < 6
    assert np.abs(pictures[1] - pictures[len(pictures) // 2]).mean() > 15


def test_film_of_a_silent_camera_leads_back_to_live(
    kiosk: Kiosk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(kiosk, world, "space", "f")
    specialize(kiosk, world, 2.5)
    assert kiosk.state.scene.name == "COUNTDOWN"
    monkeypatch.setattr(world, "take", lambda timeout_s: None)  # and it is not yet lost
    specialize(kiosk, world, 6.5)
    assert kiosk.state.scene.name == "LIVE"
    press(kiosk, world, "space")
    specialize(kiosk, world, 3.5)
    assert kiosk.state.scene.name == "REVIEW"  # the last picture can still be taken


def test_capture_before_the_first_frame_leads_back_to_live(
    kiosk: Kiosk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "take", lambda timeout_s: None)
    press(kiosk, world, "space", "space")
    specialize(kiosk, world, 3.5)
    assert kiosk.state.scene is Scene.LIVE


def test_hung_driver_takes_no_card_from_its_visitor(kiosk: Kiosk, world: World) -> None:
    for key in ("space", "space"):
        world.touches = [Key(key)]
        kiosk.tick()
    specialize(kiosk, world, 4)
    world.touches = [Key("enter")]
    kiosk.tick()
    assert kiosk.state.scene is Scene.CARD
    world.problem, world.hung = "sent no picture", True
    specialize(kiosk, world, 30)
    assert kiosk.state.scene is Scene.CARD
    assert kiosk.ending is None
    world.touches = [Key("enter")]
    specialize(kiosk, world, 1)
    assert kiosk.ending == RESTART


def test_hung_driver_asks_for_a_new_process(kiosk: Kiosk, world: World) -> None:
    world.problem, world.hung = "sent no picture", True
    specialize(kiosk, world, 15)
    assert kiosk.ending is None
    specialize(kiosk, world, 10)
    assert kiosk.ending == RESTART


def test_second_tap_on_keep_does_not_put_the_card_away(kiosk: Kiosk, world: World) -> None:
    press(kiosk, world, "space", "space")
    specialize(kiosk, world, 4)
    world.touches = [
        Key("space"),
        Key("space"),
    ]  # keep, and the same place means done on the next screen
    kiosk.tick()
    assert kiosk.state.scene is Scene.CARD
    world.pass_by(0.5)
    press(kiosk, world, "space")
    assert kiosk.state.scene is Scene.CARD
    world.pass_by(0.5)
    press(kiosk, world, "space")
    assert kiosk.state.scene.name == "LIVE"


def test_late_card_does_not_disturb_the_next_visitor(
    kiosk: Kiosk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()
    draw = kiosk._visitor._card_maker._make
    monkeypatch.setattr(
        kiosk._visitor._card_maker, "_make", lambda *arguments: (slow.wait(30), draw(*arguments))[1]
    )
    press(kiosk, world, "space", "space")
    specialize(kiosk, world, 4)
    press(kiosk, world, "space")
    specialize(kiosk, world, 1)
    press(kiosk, world, "space", "space")  # done, and the next one presses the button
    specialize(kiosk, world, 4)
    assert kiosk.state.scene is Scene.REVIEW
    slow.set()
    made(kiosk, 1)
    assert kiosk._visitor.picture(0) is not None  # the new picture is still there, to be kept
    assert kiosk._visitor.card is None
    press(kiosk, world, "space")
    made(kiosk, 2)
    assert kiosk._visitor.card is not None


def test_card_names_the_artist_of_its_capture(kiosk: Kiosk, world: World) -> None:
    names = [mix[0][0].info.name for mix in kiosk._mixes]
    press(kiosk, world, "space", "2", "space")
    specialize(kiosk, world, 4)
    kiosk._dispatch(Host.NEXT_ARTIST, world.now)
    assert kiosk.state.artist == 0
    press(kiosk, world, "space")
    made(kiosk, 1)
    assert kiosk.counters.by_style == {names[1]: 1}


@pytest.fixture
def sent(kiosk: Kiosk) -> list[Frame]:
    """Frames on other screens."""
    frames: list[Frame] = []

    class OnAir:
        problems: Mapping[str, str] = {}

        def put(self, frame: Frame) -> None:
            frames.append(frame)

        def __bool__(self) -> bool:
            return True

    kiosk._outputs = OnAir()  # type: ignore[assignment]
    return frames


def test_other_screens_go_dark_when_the_camera_is_lost(
    kiosk: Kiosk, world: World, sent: list[Frame]
) -> None:
    press(kiosk, world, "space", "space")
    specialize(kiosk, world, 4)
    assert kiosk.state.scene is Scene.REVIEW
    kiosk.tick()
    assert sent[-1].any()
    world.problem = "unplugged"
    specialize(kiosk, world, 1)
    assert kiosk.state.scene is Scene.REVIEW
    assert not sent[-1].any()


def test_other_screens_stay_dark_behind_the_keypad(
    kiosk: Kiosk, world: World, sent: list[Frame]
) -> None:
    kiosk.tick()
    assert sent[-1].any()
    kiosk._dispatch(Host.PAUSE, world.now)
    for scene in (Scene.ATTRACT, Scene.PIN, Scene.MENU):
        kiosk.state = replace(kiosk.state, scene=scene, touched=world.now)
        kiosk.tick()
        assert not sent[-1].any()
