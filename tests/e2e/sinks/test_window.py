"""The live window, on a real X server: what it shows and which keys come in."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.frames import Frame
from tests.helpers.tiny_wm import close_window
from tests.helpers.xvfb import press, screenshot, xdotool

TITLE = "test window"

# A window has a process of its own: OpenCV connects to one screen once per process.
SHOW = """
import sys
import numpy as np
from realtime_style.sinks.window import Window, _is_gone

height, width = (1920, 1080) if "phone" in sys.argv else (240, 320)
frame = np.zeros((height, width, 3), np.uint8)
frame[:, : width // 2] = (0, 0, 255)
frame[:, width // 2 :] = (255, 0, 0)
with Window("test window", fullscreen="fullscreen" in sys.argv) as window:
    for n in range(1500):
        window.write(frame)
        key = window.poll_key(10)
        if n == 20:
            print("ready", flush=True)
        if key is not None:
            print(key, flush=True)
        if key == "f":
            window.set_fullscreen(not window.fullscreen)
        if key == "q" or window.closed:
            break
    print("closed" if window.closed else "open", flush=True)
    window.write(frame)
print("closed" if window.closed else "open", window.poll_key(10), not _is_gone("test window"), flush=True)
"""


class Shown:
    """A window in another process."""

    def __init__(self, *arguments: str) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed in __exit__)
        self._process = subprocess.Popen(
            [sys.executable, "-c", SHOW, *arguments],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def __enter__(self) -> Shown:
        assert self.says() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)
        self._listener.join(10)
        self._errors.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.strip())

    def says(self) -> str:
        return self._lines.get(timeout=20)

    def answer_to(self, key: str) -> str:
        """What it says to a key; pressed again if Qt loses it, which happens to the first after a change of focus."""
        for _ in range(5):
            press(key, title=TITLE)
            try:
                return self._lines.get(timeout=1)
            except queue.Empty:
                continue
        return "nothing"

    def end(self) -> str:
        """What it wrote on stderr until it ended, which it is about to do."""
        code = self._process.wait(10)
        self._errors.seek(0)
        errors = self._errors.read()
        assert code == 0, errors
        return errors


@contextmanager
def shown_and_painted(folder: Path, *arguments: str) -> Iterator[Shown]:
    """A window whose picture is on the screen.

    Now and then, more often on a busy machine, Qt misses that a window was put on the screen and paints nothing in it, in a
    script of three lines of OpenCV as here. Such a window is given up and another opened.
    """
    for _ in range(5):
        with Shown(*arguments) as window:
            deadline = time.perf_counter() + 2
            while time.perf_counter() < deadline:
                if screenshot(folder).any():
                    yield window
                    return
    pytest.fail("five windows in a row stayed black")


@pytest.fixture
def shown(display: str, tmp_path: Path) -> Iterator[Shown]:
    with shown_and_painted(tmp_path) as window:
        yield window


@pytest.fixture
def managed(request: pytest.FixtureRequest, desktop: str, tmp_path: Path) -> Iterator[Shown]:
    """The same on a screen with a window manager, which is needed to fill the screen."""
    with shown_and_painted(tmp_path, *getattr(request, "param", ())) as window:
        yield window


def colour_bounds(picture: Frame, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what has this colour; it is one filled rectangle or nothing."""
    mask = np.all(np.abs(picture.astype(int) - colour) < 8, axis=2).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(mask)
    return (left, top, width, height) if mask.sum() == width * height else (0, 0, 0, 0)


def wait_for_bounds(
    folder: Path, colour: tuple[int, int, int], width: int, height: int
) -> tuple[int, int, int, int]:
    """Where this colour is, once it has this size; window systems take their time."""
    deadline = time.perf_counter() + 10
    while (bounds := colour_bounds(screenshot(folder), colour))[2:] != (width, height):
        assert time.perf_counter() < deadline, bounds
        time.sleep(0.05)
    return bounds


def test_it_shows_the_frame_in_its_own_size_and_colours(shown: Shown, tmp_path: Path) -> None:
    left, top, *size = wait_for_bounds(tmp_path, (0, 0, 255), 160, 240)
    assert colour_bounds(screenshot(tmp_path), (255, 0, 0)) == (left + 160, top, *size)
    assert shown.answer_to("q") == "q"
    shown.end()


def test_keys_come_in_by_name_and_nothing_is_said_on_stderr(shown: Shown) -> None:
    pressed = [
        "a",
        "Left",
        "Right",
        "Up",
        "Down",
        "space",
        "Escape",
        "Return",
        "F11",
        "plus",
        "minus",
        "question",
        "H",
        "3",
        "q",
    ]
    wanted = [
        "a",
        "left",
        "right",
        "up",
        "down",
        "space",
        "esc",
        "enter",
        "f11",
        "+",
        "-",
        "?",
        "h",
        "3",
        "q",
    ]
    assert [shown.answer_to(key) for key in pressed] == wanted
    assert shown.says() == "open"
    assert shown.says() == "closed None False"
    assert shown.end() == ""


def test_fullscreen_fills_the_screen_and_goes_back(managed: Shown, tmp_path: Path) -> None:
    assert managed.answer_to("f") == "f"
    wait_for_bounds(tmp_path, (0, 0, 255), 400, 600)
    assert managed.answer_to("f") == "f"
    wait_for_bounds(tmp_path, (0, 0, 255), 160, 240)


@pytest.mark.parametrize("managed", [("fullscreen",)], indirect=True)
def test_it_can_start_fullscreen(managed: Shown, tmp_path: Path) -> None:
    assert wait_for_bounds(tmp_path, (255, 0, 0), 400, 600) == (400, 0, 400, 600)


@pytest.mark.parametrize("managed", [("phone",)], indirect=True)
def test_picture_larger_than_a_screen_gets_a_window_that_fits_on_one(managed: Shown) -> None:
    window = xdotool("search", "--name", TITLE).split()[0]
    assert "Geometry: 405x720" in xdotool("getwindowgeometry", window)


def test_a_person_closing_it_ends_it_and_it_does_not_come_back(shown: Shown) -> None:
    window = xdotool("search", "--name", TITLE).split()[0]
    close_window(int(window))
    assert shown.says() == "closed"
    assert shown.says() == "closed None False"
    shown.end()


ABORTS = """
from realtime_style.errors import DisplayUnavailable
from realtime_style.sinks.window import Window
try:
    Window("never")
except DisplayUnavailable as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no DISPLAY")
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "DISPLAY is not set"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "needs XWayland"),
        ({"DISPLAY": ":987"}, "DISPLAY=:987"),
        ({"DISPLAY": "nonsense"}, "DISPLAY=nonsense"),
    ],
)
def test_no_screen_is_one_line_and_not_an_abort(environment: dict[str, str], words: str) -> None:
    rest = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    run = subprocess.run(
        [sys.executable, "-c", ABORTS],
        env=rest | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n") == 1
    assert words in run.stdout
    assert "--no-window" in run.stdout


def test_a_desktop_that_asks_for_wayland_still_gets_a_window(
    display: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "wayland")
    with shown_and_painted(tmp_path) as window:
        assert window.answer_to("q") == "q"
        window.end()


# What makes Qt look for fonts, where it would say four lines about each that it does not find.
FONTS = """
import cv2, numpy as np
from realtime_style.sinks.window import _quiet_qt
_quiet_qt()
cv2.namedWindow("fonts", cv2.WINDOW_NORMAL)
cv2.imshow("fonts", np.zeros((9, 9, 3), np.uint8))
cv2.waitKey(50)
"""


def test_qt_does_not_complain_about_fonts(display: str) -> None:
    run = subprocess.run([sys.executable, "-c", FONTS], capture_output=True, text=True, timeout=30)
    assert (run.returncode, run.stderr) == (0, "")
