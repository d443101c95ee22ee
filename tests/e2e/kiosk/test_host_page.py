"""The host's phone page, in its own process, over real sockets."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from realtime_style.kiosk.pages.client import HostServer
from realtime_style.kiosk.state.model import Host, HostChooseArtist
from tests.helpers.processes import children_with
from tests.helpers.waiting import until
from tests.helpers.web import (
    all_at_once,
    answer_to_a_huge_request,
    ask,
    slow_clients,
)

TOKEN = "kVq2Zr8mT0aYxW4cN6bLpQ"


@pytest.fixture(scope="module")
def server() -> Iterator[HostServer]:
    with closing(HostServer(port=0, token=TOKEN)) as server:
        yield server


@pytest.fixture(autouse=True)
def no_requests_are_left(server: HostServer) -> None:
    server.requests()


def state(server: HostServer) -> dict[str, object]:
    status: dict[str, object] = json.loads(ask(server.port, f"/{TOKEN}/state")[1])
    return status


def publish(server: HostServer, **status: object) -> None:
    """Publish a status and wait until the page has it."""
    server.publish(status)
    until(lambda: status.items() <= state(server).items())


def requests(server: HostServer, count: int) -> list[Host | HostChooseArtist]:
    found: list[Host | HostChooseArtist] = []

    def are_there() -> bool:
        found.extend(server.requests())
        return len(found) >= count

    until(are_there)
    return found


def test_host_reads_the_status(server: HostServer) -> None:
    publish(
        server,
        scene="LIVE",
        fps=29.9,
        style="<b>Turner</b>",
        camera_lost="",
        by_style={"turner": 3},
    )
    assert state(server)["well"] is True
    status, page = ask(server.port, f"/{TOKEN}/")
    assert status == 200
    assert b"The kiosk is well" in page
    assert b"29.9" in page
    assert b"turner 3" in page
    assert b"<b>Turner" not in page
    assert ask(server.port, f"/{TOKEN}/health") == (200, b"well\n")


def test_health_reports_a_lost_camera(server: HostServer) -> None:
    publish(server, scene="ATTRACT", camera_lost="unplugged")
    assert ask(server.port, f"/{TOKEN}/health") == (503, b"not well\n")
    assert b"needs you" in ask(server.port, f"/{TOKEN}/")[1]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the page's process in /proc")
def test_killed_page_comes_back_with_the_next_status() -> None:
    others = children_with("kiosk.pages.host")
    with closing(HostServer(port=0, token=TOKEN)) as server:
        publish(server, scene="LIVE")
        (pid,) = children_with("kiosk.pages.host") - others
        os.kill(pid, signal.SIGKILL)

        def is_back() -> bool:
            server.publish({"scene": "CARD"})  # as the kiosk does, whoever is there to read it
            with suppress(OSError):
                return state(server).get("scene") == "CARD"
            return False

        until(is_back)


def test_kiosk_gets_requests_of_the_host(server: HostServer) -> None:
    for host in ("PAUSE", "NEXT_ARTIST", "RESTART"):
        assert ask(server.port, f"/{TOKEN}/ask?for={host}", "POST")[0] == 303
    assert requests(server, 3) == [Host.PAUSE, Host.NEXT_ARTIST, Host.RESTART]
    assert ask(server.port, f"/{TOKEN}/ask?for=LEAVE", "POST")[0] == 400
    assert ask(server.port, f"/{TOKEN}/ask?for=__class__", "POST")[0] == 400
    assert ask(server.port, f"/{TOKEN}/ask", "POST")[0] == 400
    assert server.requests() == []


def test_host_chooses_an_artist_on_the_phone(server: HostServer) -> None:
    publish(server, scene="LIVE", artists=["Vincent van Gogh, 1889", "<i>Hokusai</i>"])
    page = ask(server.port, f"/{TOKEN}/")[1].decode()
    assert "Vincent van Gogh, 1889</button>" in page
    assert "<i>Hokusai" not in page
    (action,) = re.findall(r'action="([^"]+)"><button class="artist">&lt;i&gt;Hokusai', page)
    assert ask(server.port, f"/{TOKEN}/{action}", "POST")[0] == 303
    for nobody in (
        "CHOOSE",
        "CHOOSE%202",
        "CHOOSE%20-1",
        "CHOOSE%20%E0%A5%AB",
        "CHOOSE%2001",
        "CHOOSE%200%0AQUIT",
    ):
        assert ask(server.port, f"/{TOKEN}/ask?for={nobody}", "POST")[0] == 400
    assert requests(server, 1) == [HostChooseArtist(1)]


@pytest.mark.parametrize("path", ["/{}/", "/{}/state", "/{}/health", "/{}/ask?for=QUIT"])
@pytest.mark.parametrize(
    "token", ["", "wrong", TOKEN[:-1], TOKEN + "A", TOKEN.swapcase(), "%00", "..", "é"]
)
def test_without_the_token_there_is_nothing(server: HostServer, path: str, token: str) -> None:
    from urllib.parse import quote

    for method in ("GET", "POST"):
        status, body = ask(server.port, path.format(quote(token, safe="%")), method)
        assert status == 404
        assert body == b"nothing here\n"
    assert server.requests() == []


def test_link_requests_nothing(server: HostServer) -> None:
    assert ask(server.port, f"/{TOKEN}/ask?for=QUIT", "GET")[0] == 404
    assert server.requests() == []


def test_huge_requests_are_cut_off(server: HostServer) -> None:
    answer = answer_to_a_huge_request(server.port)
    assert b" 400 " in answer or answer == b""


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_slow_clients_do_not_keep_the_host_out(server: HostServer) -> None:
    with slow_clients(server.port, 300):
        assert ask(server.port, f"/{TOKEN}/state", address="127.0.1.1")[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_two_hundred_who_guess_find_nothing(server: HostServer) -> None:
    def guess(address: str) -> bool:
        path = f"/{secrets.token_urlsafe(16)}/ask?for=QUIT"
        return ask(server.port, path, "POST", address=address) == (404, b"nothing here\n")

    assert all_at_once(200, guess) == [True] * 200
    assert ask(server.port, f"/{TOKEN}/state")[0] == 200
    assert server.requests() == []
