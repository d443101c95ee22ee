"""The live picture over HTTP: real pages, a real browser, and viewers that behave badly."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.mjpeg.server import MAX_VIEWERS
from realtime_style.sinks.mjpeg.server import main as serve_frames
from realtime_style.sinks.mjpeg.sink import MjpegSink
from realtime_style.web.child_process import END
from realtime_style.web.server import HEADERS, StreamingProtocol
from tests.helpers.waiting import until
from tests.helpers.web import ask, free_port, request

if TYPE_CHECKING:  # browser tests skip where it is not installed
    from playwright.sync_api import Page

GREY = np.full((120, 160, 3), 77, np.uint8)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def sink(port: int) -> Iterator[MjpegSink]:
    with closing(MjpegSink(str(port))) as sink:
        yield sink


def test_single_picture_is_the_live_one(sink: MjpegSink, port: int) -> None:
    with OutputGroup({"second screen": lambda: sink}) as outputs:
        done = threading.Event()

        def paint() -> None:
            while not done.wait(0.03):
                outputs.put(GREY)

        painting = threading.Thread(target=paint)
        painting.start()
        status, body, headers = request(port, "/frame.jpg")
        done.set()
        painting.join()
    assert status == 200
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert abs(picture.astype(int) - GREY).max() <= 2


def test_nothing_else_is_served(sink: MjpegSink, port: int) -> None:
    for path in ("/etc/passwd", "/../mjpeg.py", "//", "/stream/", "/frame.jpg/..", "/%2e%2e/"):
        assert ask(port, path)[0] in (400, 404)
    assert ask(port, "/", "POST")[0] == 404


def test_one_viewer_too_many_is_refused(sink: MjpegSink, port: int) -> None:
    viewers = [
        http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(MAX_VIEWERS)
    ]
    answers = []  # kept: one that is let go closes its connection
    for viewer in viewers:
        viewer.request("GET", "/stream")
        answers.append(viewer.getresponse())
        assert answers[-1].status == 200
    assert ask(port, "/stream")[0] == 503
    for viewer in viewers:
        viewer.close()

    def has_room() -> bool:
        viewer = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        viewer.request("GET", "/stream")
        status = viewer.getresponse().status
        viewer.close()
        return status == 200

    until(has_room)


def test_connection_is_for_one_request(sink: MjpegSink, port: int) -> None:
    # Others are kept for five seconds; half of a second request would hold this one for ever.
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(b"GET /run HTTP/1.1\r\nHost: here\r\n\r\n")
        received = b""
        while part := connection.recv(4096):
            received += part
    assert received.startswith(b"HTTP/1.1 200")


def test_frames_are_compressed_only_for_viewers(
    sink: MjpegSink, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    monkeypatch.setattr(sink._page, "send", sent.append)
    for _ in range(10):
        sink.write(GREY)
    assert sent == []
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as viewer:
        viewer.request("GET", "/stream")
        assert viewer.getresponse().status == 200

        def is_sent() -> bool:
            sink.write(GREY)
            return bool(sent)

        until(is_sent)


def test_port_in_use_is_an_error(sink: MjpegSink, port: int) -> None:
    complaint = rf"port {port} cannot be used: .*; choose another port"
    with pytest.raises(RealtimeStyleError, match=complaint):
        MjpegSink(str(port))


def shows(page: Page, level: int) -> bool:
    """True when a browser's page is of this grey in its middle."""
    from playwright.sync_api import Error

    try:
        picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    except Error:  # it cannot take one while a page is being put up
        return False
    assert picture is not None
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2].astype(int)
    return bool(abs(middle - level).max() <= 2)


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, int]]:
    """The pipe to a server of frames that soon gives viewers up, in a thread, and its port."""
    monkeypatch.setattr(StreamingProtocol, "stalled_s", 1.0)
    ours, theirs = Pipe()
    server = threading.Thread(target=serve_frames, args=(theirs, 0, "127.0.0.1"), daemon=True)
    server.start()
    yield ours, ours.recv()
    ours.send_bytes(END)
    server.join(20)


def test_viewer_that_left_silently_makes_room(feed: tuple[Connection, int], page: Page) -> None:
    pipe, port = feed
    noise = np.random.default_rng(0).integers(0, 256, (720, 1280, 3), np.uint8)
    noise[300:420, 580:700] = 77
    jpeg = cv2.imencode(".jpg", noise)[1].tobytes()
    gone = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(MAX_VIEWERS)]
    for viewer in gone:
        viewer.sendall(b"GET /stream HTTP/1.1\r\nHost: here\r\n\r\n")
        assert viewer.recv(12) == b"HTTP/1.1 200"  # and never read on
    page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
    assert ask(port, "/stream")[0] == 503

    def arrives() -> bool:
        pipe.send_bytes(jpeg)
        return shows(page, 77)

    until(arrives, 60)
    for viewer in gone:
        viewer.close()


def test_browser_hides_a_picture_that_ends_and_finds_it_again(port: int, page: Page) -> None:
    for visit, level in enumerate((77, 200)):
        frame = np.full((120, 160, 3), level, np.uint8)
        with OutputGroup({"second screen": lambda: MjpegSink(str(port))}) as outputs:
            if visit == 0:
                page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")

            def arrives(
                outputs: OutputGroup = outputs, frame: Frame = frame, level: int = level
            ) -> bool:
                outputs.put(frame)
                return shows(page, level)

            until(arrives, 30)
        until(lambda: shows(page, 0), 30)
