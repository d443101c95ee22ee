"""The kiosk as visitors find it: the real command on a real screen, touched, its link followed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from benchmarks.kiosk.places import place
from realtime_style.frames import Frame
from realtime_style.kiosk.config.pin import hash_pin
from realtime_style.kiosk.pictures.card import card_size
from realtime_style.kiosk.state.model import (
    DEBOUNCE_S,
    GESTURE,
    ChooseArtist,
    Event,
    Host,
    Scene,
    Touch,
)
from realtime_style.kiosk.supervision.heartbeat import BEAT_S
from realtime_style.kiosk.supervision.single_instance import LOCK
from realtime_style.styles.catalog import list_styles
from tests.helpers.processes import children_with
from tests.helpers.tiny_wm import close_window
from tests.helpers.waiting import until
from tests.helpers.web import free_port
from tests.helpers.webcam import read_video
from tests.helpers.xvfb import screenshot, start_screen, xdotool

if TYPE_CHECKING:  # browser tests skip where it is not installed
    from playwright.sync_api import Page

CLIP = Path(__file__).parents[3] / "demos" / "media" / "big-buck-bunny.mp4"
SCREEN_WH = 800, 600  # of tests.helpers.xvfb
TOKEN = "kVq2Zr8mT0aYxW4cN6bLpQ"


class Visit:
    """A running kiosk: what it shows, what it says on the host's page, and touches."""

    def __init__(
        self, folder: Path, settings: str = "", *arguments: str, pin: str = "", camera: Path = CLIP
    ) -> None:
        self.folder = folder
        self.port, host_port = free_port(), free_port()
        self.host = f"http://127.0.0.1:{host_port}/{TOKEN}"
        self.base = (
            f'[take_home]\naddress = "127.0.0.1"\nport = {self.port}\n'
            f'[host]\ntoken = "{TOKEN}"\nport = {host_port}\npin = "{pin}"\n'
            '[screen]\ncountdown = 1\n[pictures]\nfolder = "kept"\n'
        )
        file = folder / "kiosk.toml"
        file.write_text(self.base + settings)
        command = [sys.executable, "-m", "realtime_style", "kiosk", str(file), "--json"]
        self.process = subprocess.Popen(
            [*command, f"--camera={camera}", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def kept(self) -> list[Path]:
        return sorted(path for path in (self.folder / "kept").glob("*") if path.name != LOCK)

    def state(self) -> dict[str, Any]:
        """The host's page in JSON, which the kiosk renews once a second; empty before the first."""
        assert self.process.poll() is None, self.process.communicate()[1]
        try:
            state: dict[str, Any] = json.loads(get(self.host + "/state")[1])
        except OSError:
            return {}
        return state

    def wait_for_scene(self, scene: Scene, seconds: float = 20) -> None:
        """Wait until the kiosk is in a scene, and its buttons can be touched."""
        until(lambda: self.state().get("scene") == scene.name, seconds)
        time.sleep(DEBOUNCE_S)

    def wait_for(self, what: Callable[[Frame], object], seconds: float = 20) -> Frame:
        """Wait until the screen looks like that."""
        began = time.perf_counter()
        while True:
            assert self.process.poll() is None, self.process.communicate()[1]
            seen = screenshot(self.folder)
            if what(seen):
                return seen
            assert time.perf_counter() - began < seconds, "the screen never looked like that"
            time.sleep(0.2)

    def touch(self, event: Event, scene: Scene) -> None:
        """Touch what means `event`."""
        x, y = place(event, scene, SCREEN_WH)
        xdotool("mousemove", str(x), str(y), "click", "1")

    def take_picture_by_keys(self) -> None:
        """From the start to the question whether to keep it."""
        self.wait_for(painted, 40)
        xdotool("key", "space")
        self.wait_for_scene(Scene.LIVE)
        xdotool("key", "space")
        self.wait_for_scene(Scene.REVIEW)

    def stop(self) -> dict[str, Any]:
        """End it by SIGTERM; returns its counters."""
        self.process.terminate()
        return self.result()

    def result(self) -> dict[str, Any]:
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, err
        counters: dict[str, Any] = json.loads(out)
        return counters


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Visit]]:
    """Start a kiosk, which ends with the test."""
    visits: list[Visit] = []

    def start(settings: str = "", *arguments: str, **options: Any) -> Visit:
        visits.append(Visit(tmp_path, settings, *arguments, **options))
        return visits[-1]

    yield start
    for visit in visits:
        if visit.process.poll() is None:
            visit.process.kill()
        visit.process.communicate()


@pytest.fixture
def visit(desktop: str, start: Callable[..., Visit]) -> Visit:
    return start()


def painted(seen: Frame) -> bool:
    """True for a picture, False for a few words on a plain card."""
    background = np.median(seen, axis=(0, 1))
    return float((seen == background).all(-1).mean()) < 0.3


def link_on(seen: Frame) -> str:
    """The link in the screen's QR code.

    OpenCV's other reader fails on one perfect code in fifty, this one on none of 400.
    """
    return str(cv2.QRCodeDetectorAruco().detectAndDecode(seen)[0])


def get(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


def test_visitor_takes_a_picture_home_and_nothing_else_is_kept(visit: Visit, page: Page) -> None:
    visit.wait_for(painted, 40)
    visit.touch(Touch.SHOOT, Scene.LIVE)  # anywhere: the first touch only wakes it
    visit.wait_for_scene(Scene.LIVE)
    assert visit.kept == []
    visit.touch(ChooseArtist(1), Scene.LIVE)
    visit.touch(Touch.SHOOT, Scene.LIVE)
    visit.wait_for_scene(Scene.REVIEW)
    assert visit.kept == []  # nothing is written before the visitor says so
    visit.touch(Touch.KEEP, Scene.REVIEW)
    link = link_on(visit.wait_for(link_on))
    assert link.startswith(f"http://127.0.0.1:{visit.port}/")
    page.goto(link)
    shown = page.locator("img")
    shown.wait_for()
    assert shown.evaluate("image => image.naturalWidth") == card_size("A6", portrait=False)[0]
    with page.expect_download() as download:
        page.get_by_text("Save the picture").click()
    picture = cv2.imread(str(download.value.path()), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[1::-1] == card_size("A6", portrait=False)
    assert len(visit.kept) == 2
    for path in visit.kept:  # two hours pass
        created, expires, rest = path.name.split("-")
        path.rename(path.with_name(f"{int(created) - 7200}-{int(expires) - 7200}-{rest}"))
    gone = page.reload()
    assert gone is not None
    assert gone.status == 404
    assert "This picture is not here" in page.content()
    assert get(link + ".png")[0] == 404
    until(lambda: not visit.kept)
    counters = visit.stop()
    assert counters["visitors"] == 1
    assert counters["pictures"] == 1
    assert counters["by_style"] == {list_styles()[1].info.name: 1}


def test_discarded_picture_is_never_written(visit: Visit) -> None:
    visit.take_picture_by_keys()
    xdotool("key", "Escape")
    visit.wait_for_scene(Scene.LIVE)
    xdotool("key", "alt+F4", "Escape", "q")
    close_window(int(xdotool("getwindowfocus")))
    time.sleep(1)
    assert visit.process.poll() is None
    assert visit.kept == []
    assert visit.stop()["pictures"] == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ('[card]\nsize = "A4"\n', "line {second}: size must be one of"),
        ('[painting]\nstyles = ["mona-lisa"]\n', "mona-lisa"),
        ("[screen_]\n", "line {first}: there is no section"),
        ('[card]\nlogo = "nowhere.png"\n', "nowhere.png does not exist"),
    ],
)
def test_mistakes_stop_it_at_once(
    start: Callable[..., Visit], settings: str, complaint: str
) -> None:
    visit = start(settings)
    first = visit.base.count("\n") + 1
    out, err = visit.process.communicate(timeout=60)
    assert visit.process.returncode == 1
    assert complaint.format(first=first, second=first + 1) in err
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.skipif(os.name == "nt", reason="terminals are those of POSIX")
def test_missing_display_is_reported_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    # SDL would rather paint where nobody sees it than say so.
    monkeypatch.setenv("DISPLAY", ":4711")
    terminal, its_end = os.openpty()
    command = [sys.executable, "-m", "realtime_style", "kiosk", "--camera", str(CLIP)]
    with subprocess.Popen(command, stderr=its_end) as process:
        os.close(its_end)
        assert process.wait(60) == 1
        output = os.read(terminal, 4096).decode()
    os.close(terminal)
    last = output.splitlines()[-1]
    assert last.startswith("realtime-style: error: no screen")
    assert "start it from a desktop" in last


def test_killed_kiosk_is_back_with_its_pictures_and_counters(visit: Visit) -> None:
    visit.take_picture_by_keys()
    xdotool("key", "space")
    link = link_on(visit.wait_for(link_on))
    (worker,) = children_with("kiosk", visit.process.pid)
    until(lambda: visit.state().get("pictures") == 1)
    time.sleep(BEAT_S + 0.5)  # until the watchdog has the counters as well
    os.kill(worker, signal.SIGKILL)
    until(lambda: children_with("kiosk", visit.process.pid) - {worker}, 40)
    visit.wait_for(painted, 40)
    until(lambda: get(link + ".png")[0] == 200)
    assert len(visit.kept) == 2
    counters = visit.stop()
    assert (counters["visitors"], counters["pictures"]) == (1, 1)
    assert visit.kept == []  # with no kiosk there is nobody to serve them


def test_lost_camera_is_on_screen_until_it_is_back(
    desktop: str, tmp_path: Path, start: Callable[..., Visit]
) -> None:
    later = tmp_path / "later.mp4"
    later.touch()
    visit = start(camera=later)
    until(lambda: visit.state().get("camera_lost"), 40)
    visit.wait_for(lambda seen: seen.max() > 250 and not painted(seen))  # words
    os.link(CLIP, tmp_path / "whole.mp4")
    (tmp_path / "whole.mp4").replace(later)
    visit.wait_for(painted)
    visit.stop()


def test_host_pauses_and_ends_it_by_pin_and_by_phone(
    desktop: str, page: Page, start: Callable[..., Visit]
) -> None:
    visit = start(pin=hash_pin("4711"))
    visit.wait_for(painted, 40)
    until(lambda: get(visit.host + "/health") == (200, b"well\n"))
    for _ in range(GESTURE):
        visit.touch(Touch.CORNER, Scene.ATTRACT)
        time.sleep(0.1)
    xdotool("key", "--delay", "30", "4", "7", "1", "1", "Return")
    visit.wait_for_scene(Scene.MENU)
    visit.touch(Host.LEAVE, Scene.MENU)
    visit.wait_for_scene(Scene.ATTRACT)
    page.goto(visit.host + "/")
    assert page.title() == "Kiosk"
    page.get_by_text("The kiosk is well").wait_for()
    page.get_by_text("Technical break").click()
    until(lambda: visit.state()["on_break"])
    visit.wait_for(lambda seen: not painted(seen))
    page.reload()  # as it does by itself every five seconds, and closes what was opened
    page.get_by_text("Restart or quit").click()
    page.get_by_role("button", name="Quit").click()
    assert visit.result()["pictures"] == 0


def test_outputs_show_the_live_picture_and_nothing_of_the_break(
    desktop: str, tmp_path: Path, start: Callable[..., Visit]
) -> None:
    port = free_port()
    visit = start(
        f'[outputs]\nmjpeg = "{port}"\nvirtual_camera = "/dev/nowhere"\nrecord = "films"\n'
    )

    def second_screen() -> Frame:
        status, body = get(f"http://127.0.0.1:{port}/frame.jpg")
        assert status == 200
        return np.asarray(cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    visit.take_picture_by_keys()
    first, second = second_screen(), second_screen()
    assert painted(first)
    assert (first != second).any()  # it goes on while a visitor decides
    pause = urllib.request.Request(visit.host + "/ask?for=PAUSE", method="POST")
    urllib.request.urlopen(pause, timeout=10).close()
    until(lambda: not second_screen().any())
    state = visit.state()
    assert "virtual camera" in state["outputs_lost"]  # and it keeps the others from nothing
    assert state["well"] is True
    visit.stop()
    (film,) = (tmp_path / "films").iterdir()
    frames, times = read_video(film)
    assert painted(frames[5])
    assert frames[-1].max() < 20
    assert times[-1] > 2
    assert visit.kept == []


@pytest.mark.parametrize("began_without", [True, False])
def test_kiosk_is_there_when_its_display_is(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., Visit], began_without: bool
) -> None:
    server, name = start_screen()
    monkeypatch.setenv("DISPLAY", name)
    if began_without:  # as by a service manager, which is no terminal
        end_screen(server)
    visit = start()
    try:
        if not began_without:
            visit.wait_for(painted, 40)
            end_screen(server)
        time.sleep(4)  # it tries, and there is none
        assert visit.process.poll() is None
        server, _ = start_screen(name)
        visit.wait_for(painted, 60)
        visit.stop()
    finally:
        end_screen(server)


def end_screen(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.wait(10)
