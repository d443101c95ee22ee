"""The kiosk's scenes on a real screen."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import pytest

from realtime_style.display.display import Display
from realtime_style.kiosk.state.model import Scene, State
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.visitor_screens import lay_out
from realtime_style.sources.pattern import TestPattern
from tests.helpers.screens import props
from tests.helpers.xvfb import screenshot


def test_qr_code_of_the_card_can_be_read_from_a_screenshot(
    desktop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_RENDER_DRIVER", "software")  # keeps Mesa's LLVM out of this process
    link = "http://192.168.178.23:8080/XbVIX-FOL_ebuNjrRGsmfQ"
    with Display("kiosk", fullscreen=True) as display:
        shown = props(display.size_wh, code=widgets.qr_code(link))
        scene = lay_out(State(scene=Scene.CARD), shown, 0.0)
        for _ in range(5):
            display.show(TestPattern().picture(0), scene.video, scene.sprites)
            display.inputs()
            time.sleep(0.05)
        found, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(screenshot(tmp_path))
    assert found == link
