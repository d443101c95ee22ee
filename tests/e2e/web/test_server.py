"""The pages' HTTP server, in a thread: time limits, and privacy of whatever it answers."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from multiprocessing.connection import Connection, Pipe

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from realtime_style.web.child_process import END
from realtime_style.web.server import HEADERS, TimeoutProtocol, build_app, serve
from tests.helpers.waiting import until
from tests.helpers.web import ask, is_cut_off, request, slow_clients


def nothing(request: Request) -> Response:
    return PlainTextResponse("nothing", 404)


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello", headers={"Cache-Control": "private"})


async def endless(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0.1)

    return StreamingResponse(parts())


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The parent's end of the pipe to a server whose time limits are short."""
    monkeypatch.setattr(TimeoutProtocol, "request_s", 2.0)
    monkeypatch.setattr(TimeoutProtocol, "connection_s", 2.0)
    app = build_app([Route("/", hello), Route("/endless", endless)], not_found=nothing)
    ours, theirs = Pipe()
    server = threading.Thread(target=serve, args=(app, theirs, 0), daemon=True)
    server.start()
    yield ours
    ours.close()
    server.join(20)
    assert not server.is_alive()


@pytest.fixture
def port(pipe: Connection) -> int:
    return int(pipe.recv())


def test_every_answer_is_private_but_for_its_own_headers(port: int) -> None:
    for path, method, status in (("/", "GET", 200), ("/x", "GET", 404), ("/", "POST", 404)):
        answer, _, headers = request(port, path, method)
        assert answer == status
        for name in HEADERS:
            assert name.lower() in headers
    assert request(port, "/")[2]["cache-control"] == "private"


def test_client_that_never_asks_is_cut_off(port: int) -> None:
    with slow_clients(port, 2) as slow:
        assert is_cut_off(slow[0])
        assert is_cut_off(slow[1])


def test_crowd_from_one_address_is_cut_off_and_others_are_served(port: int) -> None:
    with slow_clients(port, 300) as slow:
        assert ask(port, "/", address="127.0.1.1") == (200, b"hello")
        assert is_cut_off(slow[-1])


def test_connection_does_not_last_for_ever(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as client:
        client.request("GET", "/endless")
        answer = client.getresponse()
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()


def test_server_ends_with_the_last_message(pipe: Connection, port: int) -> None:
    pipe.send_bytes(b"a message that this page does not read")
    pipe.send_bytes(END)

    def has_ended() -> bool:
        try:
            ask(port, "/")
        except (OSError, http.client.HTTPException):
            return True
        return False

    until(has_ended)
