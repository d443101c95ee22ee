"""The display on a real screen, touched and typed on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pygame
import pytest

from realtime_style.display import display as display_module
from realtime_style.display.display import Display
from realtime_style.display.geometry import Box, Fit
from realtime_style.display.inputs import CloseAsked, Drag, Input, Key, Press, Release
from realtime_style.display.sprites import Image, Sprite
from realtime_style.errors import DisplayUnavailable
from realtime_style.frames import Frame
from tests.helpers.tiny_wm import close_window
from tests.helpers.xvfb import press, screenshot, windows, xdotool

TITLE = "display under test"


@pytest.fixture(autouse=True)
def without_mesa(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Mesa's LLVM out of this process: Triton, which PyTorch loads, crashes over another."""
    monkeypatch.setenv("SDL_RENDER_DRIVER", "software")


@pytest.fixture
def full(desktop: str) -> Iterator[Display]:
    with Display(TITLE, fullscreen=True) as display:
        yield display


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 48) -> Frame:
    return np.full((height, width, 3), colour, np.uint8)


def keep_showing(
    display: Display,
    picture: Frame | None,
    place: Box | Fit = "contain",
    sprites: Sequence[Sprite] = (),
    frames: int = 5,
    every_s: float = 0.05,
) -> list[Input]:
    heard = []
    for _ in range(frames):
        display.show(picture, place, sprites)
        heard += display.inputs()
        time.sleep(every_s)
    return heard


def test_it_fills_the_screen_and_blends_sprites(full: Display, tmp_path: Path) -> None:
    assert full.size_wh == (800, 600)
    half = Image(np.full((100, 200, 4), (0, 0, 255, 128), np.uint8))
    sprite = Sprite(half, Box(50, 50, 300, 200))
    keep_showing(full, plain((200, 100, 0)), Box(0, 0, 800, 400), [sprite])
    seen = screenshot(tmp_path).astype(int)
    assert abs(seen[300, 700] - (200, 100, 0)).max() <= 2
    assert abs(seen[150, 200] - (100, 50, 128)).max() <= 3
    assert seen[500, 400].max() == 0


@pytest.mark.parametrize("fit", ["contain", "cover"])
def test_bars_are_black_or_not_there(full: Display, tmp_path: Path, fit: Fit) -> None:
    keep_showing(full, plain((200, 100, 0), 64, 36), fit)
    seen = screenshot(tmp_path).astype(int)
    bars = np.concatenate([seen[:74], seen[526:]])
    assert abs(seen[100:500] - (200, 100, 0)).max() <= 2
    assert abs(bars - ((0, 0, 0) if fit == "contain" else (200, 100, 0))).max() <= 2


def test_it_fills_the_screen_without_a_window_manager(display: str, tmp_path: Path) -> None:
    with Display(TITLE, fullscreen=True) as full:
        assert full.size_wh == (800, 600)
        picture = plain((90, 90, 90), 80, 60)
        picture[:10, :10], picture[-10:, -10:] = (0, 0, 255), (0, 255, 0)
        keep_showing(full, picture)
        seen = screenshot(tmp_path).astype(int)
    assert abs(seen[20, 20] - (0, 0, 255)).max() <= 2
    assert abs(seen[580, 780] - (0, 255, 0)).max() <= 2


@pytest.mark.parametrize(
    ("picture", "size"), [((600, 400), "640x427"), ((320, 240), "640x480"), ((90, 160), "270x480")]
)
def test_window_appears_with_the_picture_in_its_final_size(
    desktop: str, picture: tuple[int, int], size: str
) -> None:
    with Display(TITLE) as window:
        window.inputs()
        assert not windows()
        window.show(plain((200, 100, 0), *picture))
        (shown,) = windows()
        assert f"Geometry: {size}" in xdotool("getwindowgeometry", shown)
        assert f"{window.size_wh[0]}x{window.size_wh[1]}" == size


def test_full_screen_is_black_until_the_first_picture(full: Display, tmp_path: Path) -> None:
    (window,) = windows()
    assert "Geometry: 800x600" in xdotool("getwindowgeometry", window)
    assert not screenshot(tmp_path).any()


def test_full_screen_can_be_left_and_entered(desktop: str, tmp_path: Path) -> None:
    with Display(TITLE, fullscreen=True) as display:
        keep_showing(display, plain((0, 0, 255), 320, 240))
        display.set_fullscreen(False)
        keep_showing(display, plain((0, 0, 255), 320, 240))
        assert (display.fullscreen, display.size_wh) == (False, (640, 480))
        display.set_fullscreen(True)
        keep_showing(display, plain((0, 0, 255), 320, 240))
        assert (display.fullscreen, display.size_wh) == (True, (800, 600))
        assert (screenshot(tmp_path)[..., 2] > 250).all()


def test_touches_and_keys_are_heard_and_visitors_cannot_close_it(full: Display) -> None:
    keep_showing(full, plain((9, 9, 9)))
    xdotool("mousemove", "100", "200", "mousedown", "1", "mousemove", "300", "220", "mouseup", "1")
    press("q", "Escape", "Left", "7", "alt+F4")
    heard = keep_showing(full, plain((9, 9, 9)))
    assert Press(100, 200) in heard
    assert Drag(300, 220) in heard
    assert Release() in heard
    names = [event.name for event in heard if isinstance(event, Key)]
    assert names == ["q", "esc", "left", "7", "f4"]
    assert CloseAsked() not in heard
    xdotool("mousemove", "50", "50")
    assert not any(isinstance(event, Drag) for event in keep_showing(full, None))


def test_ten_keys_typed_at_once_come_in_order_at_six_frames_a_second(full: Display) -> None:
    keep_showing(full, plain((9, 9, 9)))
    press("a")
    keep_showing(full, plain((9, 9, 9)))
    typed = subprocess.Popen(["xdotool", "key", "--delay", "20", *"nphosmbrfc"])
    heard: list[Input] = []
    while typed.poll() is None or not heard:
        heard += keep_showing(full, plain((9, 9, 9)), frames=1, every_s=1 / 6)
    heard += keep_showing(full, plain((9, 9, 9)))
    assert "".join(event.name for event in heard if isinstance(event, Key)) == "nphosmbrfc"


def test_signs_with_shift_and_named_keys_are_heard(full: Display) -> None:
    keep_showing(full, plain((9, 9, 9)))
    wanted = {
        "plus": "+", "minus": "-", "question": "?", "bracketleft": "[", "H": "h", "space": "space",
        "F11": "f11", "Return": "enter", "Up": "up",
    }  # fmt: skip
    press(*wanted)
    heard = keep_showing(full, plain((9, 9, 9)), frames=10)
    assert [event.name for event in heard if isinstance(event, Key)] == list(wanted.values())


def test_inputs_waits_for_a_key_no_longer_than_needed(full: Display) -> None:
    keep_showing(full, plain((9, 9, 9)))
    press("a")
    full.inputs()
    typed = subprocess.Popen(["xdotool", "sleep", "0.3", "key", "x"])
    heard: list[Input] = []
    while Key("x") not in heard:
        heard += full.inputs(wait_s=10)
    assert typed.wait() == 0


def test_pointer_is_visible_only_while_a_mouse_moves(
    full: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display_module, "_POINTER_S", 1.0)

    def pointer_after(seconds: float) -> bool:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            full.inputs()
            time.sleep(0.02)
        return pygame.mouse.get_visible()

    full.show(None)
    assert not pointer_after(1.5)
    xdotool("mousemove", "100", "200", "mousemove", "110", "200")
    assert pointer_after(0.2)
    assert not pointer_after(1.5)
    finger = {"pos": (5, 5), "rel": (1, 1), "buttons": (1, 0, 0), "touch": True}
    pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, finger))
    assert not pointer_after(0.2)


def test_close_button_is_reported(desktop: str) -> None:
    with Display(TITLE) as window:
        keep_showing(window, plain((9, 9, 9)))
        close_window(int(windows()[0]))
        assert CloseAsked() in keep_showing(window, plain((9, 9, 9)))


def test_monitor_that_does_not_exist_is_refused_in_words(desktop: str) -> None:
    with pytest.raises(DisplayUnavailable, match="no monitor 2; there are 0: 800x600"):
        Display(TITLE, monitor=2)
    Display(TITLE, monitor=0).close()


def test_driver_that_no_longer_draws_is_reported(
    full: Display, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise pygame.error("the device was removed")

    monkeypatch.setattr(full._canvas, "draw", fails)
    with pytest.raises(DisplayUnavailable, match="no longer shows pictures: the device was"):
        full.show(plain((9, 9, 9)))


def test_screen_can_be_given_back_twice_and_opened_again(desktop: str) -> None:
    display = Display(TITLE)
    display.close()
    display.close()
    with Display(TITLE) as again:
        keep_showing(again, plain((9, 9, 9)))
        assert windows()


# Mesa's OpenGL, which draws on the processor, in the place of a graphics chip.
_ON_A_CHIP = """
import sys, time
import numpy as np
from realtime_style.display import canvas
from realtime_style.display.display import Display
from realtime_style.display.geometry import Box, Fit
from realtime_style.display.sprites import Image, Sprite

canvas._has_chip = lambda: True
if "pretend" in sys.argv:
    canvas._drawn_by_processor = lambda: False
picture = np.full((48, 64, 3), (200, 100, 0), np.uint8)
half = Image(np.full((100, 200, 4), (0, 0, 255, 128), np.uint8))
with Display("kiosk", fullscreen=True) as display:
    for _ in range(5):
        display.show(picture, Box(0, 0, 800, 400), [Sprite(half, Box(50, 50, 300, 200))])
        display.inputs()
        time.sleep(0.05)
    print(type(display._canvas).__name__, *display.size_wh, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("argument", "canvas"), [("pretend", "ChipCanvas"), ("real", "ProcessorCanvas")]
)
def test_only_a_real_graphics_chip_is_drawn_by(
    desktop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str, canvas: str
) -> None:
    monkeypatch.delenv("SDL_RENDER_DRIVER")
    with subprocess.Popen(
        [sys.executable, "-c", _ON_A_CHIP, argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == f"{canvas} 800 600\n"
        seen = screenshot(tmp_path).astype(int)
        process.stdin.close()
    assert process.returncode == 0
    assert abs(seen[300, 700] - (200, 100, 0)).max() <= 2
    assert abs(seen[150, 200] - (100, 50, 128)).max() <= 3
    assert seen[500, 400].max() == 0
