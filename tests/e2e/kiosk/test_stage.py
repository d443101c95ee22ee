"""The kiosk's stage on a real screen."""

from __future__ import annotations

import gc
import subprocess
import sys
import time
import weakref
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.errors import DisplayUnavailable
from realtime_style.frames import Frame
from realtime_style.kiosk.state.model import (
    Scene,
    State,
)
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui import window as stage_module
from realtime_style.kiosk.ui.text import Box
from realtime_style.kiosk.ui.visitor_screens import lay_out
from realtime_style.kiosk.ui.window import (
    CloseAsked,
    Drag,
    Image,
    Key,
    Press,
    Release,
    Sprite,
    Stage,
)
from realtime_style.sources.pattern import TestPattern
from tests.helpers.screens import props
from tests.helpers.xvfb import screenshot, xdotool


@pytest.fixture(autouse=True)
def without_mesa(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mesa brings LLVM into this process, and Triton, which PyTorch imports in later tests, crashes over another one."""
    monkeypatch.setenv("SDL_RENDER_DRIVER", "software")
    monkeypatch.setenv("SDL_FRAMEBUFFER_ACCELERATION", "0")


def debounced(stage: Stage, picture: Frame, box: Box, sprites: list[Sprite]) -> None:
    for _ in range(5):
        stage.show(picture, box, sprites)
        stage.inputs()
        time.sleep(0.05)


def test_stage_fills_a_real_screen_and_blends_images_over_the_picture(
    desktop: str, tmp_path: Path
) -> None:
    stage = Stage("kiosk")
    try:
        assert stage.size_wh == (800, 600)
        half = np.full((100, 200, 4), (0, 0, 255, 128), np.uint8)
        picture = np.full((48, 64, 3), (200, 100, 0), np.uint8)
        debounced(stage, picture, Box(0, 0, 800, 400), [Sprite(Image(half), Box(50, 50, 300, 200))])
        seen = screenshot(tmp_path).astype(int)
        assert abs(seen[300, 700] - (200, 100, 0)).max() <= 2
        assert abs(seen[150, 200] - (100, 50, 128)).max() <= 3
        assert seen[500, 400].max() == 0
    finally:
        stage.close()


def test_stage_fills_the_screen_where_there_is_no_window_manager(
    display: str, tmp_path: Path
) -> None:
    stage = Stage("kiosk")
    try:
        assert stage.size_wh == (800, 600)
        picture = np.full((60, 80, 3), 90, np.uint8)
        picture[:10, :10], picture[-10:, -10:] = (0, 0, 255), (0, 255, 0)
        debounced(stage, picture, Box(0, 0, 800, 600), [])
        seen = screenshot(tmp_path).astype(int)
        assert abs(seen[20, 20] - (0, 0, 255)).max() <= 2
        assert abs(seen[580, 780] - (0, 255, 0)).max() <= 2
    finally:
        stage.close()


_STAGE_BY_ITSELF = """
import ctypes, sys, time
import numpy as np
import sdl2
from realtime_style.kiosk.ui.text import Box
from realtime_style.kiosk.ui.window import Stage

stage = Stage("kiosk")
info = sdl2.SDL_RendererInfo()
sdl2.SDL_GetRendererInfo(stage._renderer, ctypes.byref(info))
for _ in range(5):
    stage.show(np.full((48, 64, 3), (200, 100, 0), np.uint8), Box(0, 0, 800, 400))
    stage.inputs()
    time.sleep(0.05)
print(info.name.decode(), *stage.size_wh, flush=True)
sys.stdin.read()
"""


def test_stage_without_a_graphics_chip_is_not_drawn_by_opengl(
    desktop: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SDL_RENDER_DRIVER")
    monkeypatch.delenv("SDL_FRAMEBUFFER_ACCELERATION")
    command = [sys.executable, "-c", _STAGE_BY_ITSELF]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "software 800 600\n"
        seen = screenshot(tmp_path).astype(int)
        process.stdin.close()
    assert process.returncode == 0
    assert abs(seen[300, 700] - (200, 100, 0)).max() <= 2
    assert seen[500, 400].max() == 0


def test_stage_hears_touches_and_keys_and_is_not_closed_by_visitors(desktop: str) -> None:
    stage = Stage("kiosk")
    try:
        picture = TestPattern().picture(0)
        debounced(stage, picture, Box(0, 0, 800, 600), [])
        xdotool(
            "mousemove", "100", "200", "mousedown", "1", "mousemove", "300", "220", "mouseup", "1"
        )
        xdotool("key", "--delay", "30", "q", "Escape", "Left", "7", "alt+F4")
        heard = []
        for _ in range(20):
            stage.show(picture, Box(0, 0, 800, 600))
            heard += stage.inputs()
            time.sleep(0.02)
        assert Press(100, 200) in heard
        assert Drag(300, 220) in heard
        assert Release() in heard
        assert [event.name for event in heard if isinstance(event, Key)] == [
            "q",
            "esc",
            "left",
            "7",
            "f4",
        ]
        assert CloseAsked() not in heard
        xdotool("mousemove", "50", "50")
        assert not any(isinstance(event, Drag) for event in stage.inputs())
    finally:
        stage.close()


def test_pointer_is_seen_on_a_full_screen_while_a_mouse_moves(
    desktop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sdl2

    monkeypatch.setattr(stage_module, "_POINTER_S", 1.0)
    stage = Stage("kiosk")

    def pointer_after(seconds: float) -> bool:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            stage.inputs()
            time.sleep(0.02)
        return bool(sdl2.SDL_ShowCursor(sdl2.SDL_QUERY) == sdl2.SDL_ENABLE)

    try:
        stage.show(None, Box(0, 0, 800, 600))
        assert not pointer_after(1.5)
        xdotool("mousemove", "100", "200", "mousemove", "110", "200")
        assert pointer_after(0.2)
        assert not pointer_after(1.5)
        touch = sdl2.SDL_Event(type=sdl2.SDL_MOUSEMOTION)
        touch.motion.which = sdl2.SDL_TOUCH_MOUSEID
        sdl2.SDL_PushEvent(touch)
        assert not pointer_after(0.2)
    finally:
        stage.close()


def test_textures_are_given_up_when_they_are_not_shown_any_more(desktop: str) -> None:
    stage = Stage("kiosk", fullscreen=False, size_wh=(320, 240))
    try:
        for level in range(200):
            image = Image(np.full((20, 20, 4), level, np.uint8))
            stage.show(None, Box(0, 0, 1, 1), [Sprite(image, Box(0, 0, 20, 20))])
        assert len(stage._images) <= 61
    finally:
        stage.close()
        stage.close()


def test_nothing_that_was_shown_stays_in_memory(desktop: str) -> None:
    stage = Stage("kiosk", fullscreen=False, size_wh=(320, 240))
    gc.collect()
    gc.disable()  # it would come too late: frames are large, and hold visitors
    try:
        frame, card = np.zeros((240, 320, 3), np.uint8), np.zeros((20, 20, 4), np.uint8)
        gone = weakref.ref(frame), weakref.ref(card)
        stage.show(frame, Box(0, 0, 320, 240), [Sprite(Image(card), Box(0, 0, 20, 20))])
        del frame, card
        for _ in range(70):
            stage.show(None, Box(0, 0, 1, 1))
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()
        stage.close()


def test_screen_that_shows_nothing_any_more_is_told(
    desktop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sdl2

    stage = Stage("kiosk", fullscreen=False, size_wh=(320, 240))
    try:
        picture = TestPattern(64, 48).picture(0)
        stage.show(picture, Box(0, 0, 320, 240))
        monkeypatch.setattr(sdl2, "SDL_CreateTexture", lambda *arguments: None)
        stage.show(picture, Box(0, 0, 320, 240))
        with pytest.raises(DisplayUnavailable, match="not show pictures any more"):
            stage.show(
                picture,
                Box(0, 0, 320, 240),
                [Sprite(Image(np.zeros((4, 4, 4), np.uint8)), Box(0, 0, 4, 4))],
            )
    finally:
        stage.close()


def test_no_screen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(DisplayUnavailable, match="start it from a desktop"):
        Stage("kiosk")


def test_qr_code_on_the_card_screen_can_be_read_from_a_screenshot(
    desktop: str, tmp_path: Path
) -> None:
    link = "http://192.168.178.23:8080/XbVIX-FOL_ebuNjrRGsmfQ"
    stage = Stage("kiosk")
    try:
        screen = lay_out(
            State(scene=Scene.CARD), props(stage.size_wh, code=widgets.qr_code(link)), 0.0
        )
        debounced(stage, TestPattern().picture(0), screen.video, screen.sprites)
        found, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(screenshot(tmp_path))
        assert found == link
    finally:
        stage.close()
