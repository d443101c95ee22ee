"""The second screen: real pages and a real browser."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from playwright.sync_api import Error, Page

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.mjpeg.server import VIEWERS
from realtime_style.sinks.mjpeg.sink import MjpegSink
from tests.helpers.waiting import until
from tests.helpers.web import ask

SCREEN = 18481  # the port of the second screen


GREY = np.full((120, 160, 3), 77, np.uint8)


@pytest.fixture
def screen() -> Iterator[MjpegSink]:
    sink = MjpegSink(str(SCREEN))
    yield sink
    sink.close()


def test_single_picture_is_what_is_on_screen(screen: MjpegSink) -> None:
    with OutputGroup({"second screen": lambda: screen}) as outputs:
        told = threading.Event()

        def paint() -> None:
            while not told.wait(0.03):
                outputs.put(GREY)

        painting = threading.Thread(target=paint)
        painting.start()
        status, body = ask(SCREEN, "/frame.jpg")
        told.set()
        painting.join()
    assert status == 200
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert abs(picture.astype(int) - GREY).max() <= 2


def test_nobody_finds_anything_else(screen: MjpegSink) -> None:
    for path in ("/etc/passwd", "/../mjpeg.py", "//", "/stream/", "/frame.jpg/..", "/%2e%2e/"):
        assert ask(SCREEN, path)[0] in (400, 404)
    assert ask(SCREEN, "/", "POST")[0] == 404


def test_one_viewer_too_many_is_told_to_come_back(screen: MjpegSink) -> None:
    viewers = [http.client.HTTPConnection("127.0.0.1", SCREEN, timeout=20) for _ in range(VIEWERS)]
    answers = []  # kept: one that is let go closes its connection
    for viewer in viewers:
        viewer.request("GET", "/stream")
        answers.append(viewer.getresponse())
        assert answers[-1].status == 200
    assert ask(SCREEN, "/stream")[0] == 503
    for viewer in viewers:
        viewer.close()

    def room() -> bool:
        viewer = http.client.HTTPConnection("127.0.0.1", SCREEN, timeout=20)
        viewer.request("GET", "/stream")
        status = viewer.getresponse().status
        viewer.close()
        return status == 200

    until(room)


def test_connection_is_for_one_request(screen: MjpegSink) -> None:
    with socket.create_connection(
        ("127.0.0.1", SCREEN), timeout=2
    ) as connection:  # others are kept for five seconds
        connection.sendall(b"GET /run HTTP/1.1\r\nHost: here\r\n\r\n")
        heard = b""
        while part := connection.recv(
            4096
        ):  # to its end: half of a next request would hold it for ever
            heard += part
    assert heard.startswith(b"HTTP/1.1 200")


def test_nothing_is_compressed_while_nobody_watches(
    screen: MjpegSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(screen._page, "send", sent.append)
    for _ in range(10):
        screen.write(GREY)
    assert sent == []


def test_port_in_use_is_told(screen: MjpegSink) -> None:
    with pytest.raises(
        RealtimeStyleError, match=r"port 18481 cannot be used: .*; choose another one"
    ):
        MjpegSink(str(SCREEN))


def shows(page: Page, level: int) -> bool:
    """Whether a browser's page is of this grey in its middle."""
    try:
        picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    except Error:  # it cannot take one while a page is being put up
        return False
    assert picture is not None
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)
    return bool(abs(middle - level).max() <= 2)


def test_viewers_who_left_without_a_word_lose_their_places_to_a_page_that_waits(
    screen: MjpegSink, page: Page
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    noise[300:420, 580:700] = 77
    gone = [socket.create_connection(("127.0.0.1", SCREEN), timeout=20) for _ in range(VIEWERS)]
    for viewer in gone:
        viewer.sendall(b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n")
        assert viewer.recv(12) == b"HTTP/1.1 200"  # and never read on
    page.goto(f"http://127.0.0.1:{SCREEN}/", wait_until="commit")
    assert ask(SCREEN, "/stream")[0] == 503

    def there() -> bool:
        screen.write(noise)
        return shows(page, 77)

    until(there, 60)
    for viewer in gone:
        viewer.close()


def test_browser_shows_the_picture_hides_it_when_it_ends_and_finds_it_again(page: Page) -> None:
    for visit, level in enumerate((77, 200)):
        frame = np.full((120, 160, 3), level, np.uint8)
        with OutputGroup({"second screen": lambda: MjpegSink("18482")}) as outputs:
            if visit == 0:
                page.goto("http://127.0.0.1:18482/", wait_until="commit")

            def there(
                outputs: OutputGroup = outputs, frame: Frame = frame, level: int = level
            ) -> bool:
                outputs.put(frame)
                return shows(page, level)

            until(there, 30)
        until(lambda: shows(page, 0), 30)
