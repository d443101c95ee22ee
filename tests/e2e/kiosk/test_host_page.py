"""The host's side: PIN, and the phone page over real sockets."""

from __future__ import annotations

import json
import re
import secrets
import sys
import time
from collections.abc import Iterator

import pytest

from realtime_style.kiosk.pages.client import HostServer
from realtime_style.kiosk.state.model import Host, HostChoose
from tests.helpers.web import (
    all_at_once,
    answer_to_a_huge_request,
    ask,
    seconds_until_cut_off,
    slow_clients,
)

TOKEN = "kVq2Zr8mT0aYxW4cN6bLpQ"


@pytest.fixture(scope="module")
def desk() -> Iterator[HostServer]:
    desk = HostServer(port=0, token=TOKEN)
    yield desk
    desk.close()


def state_of(desk: HostServer, **wanted: object) -> dict[str, object]:
    began = time.perf_counter()
    while True:
        seen: dict[str, object] = json.loads(ask(desk.port, f"/{TOKEN}/state")[1])
        if all(seen.get(name) == value for name, value in wanted.items()):
            return seen
        assert time.perf_counter() - began < 5
        time.sleep(0.05)


def test_host_reads_how_the_kiosk_is(desk: HostServer) -> None:
    desk.tell(
        {
            "scene": "LIVE",
            "fps": 29.9,
            "painter": "<b>Turner</b>",
            "camera_lost": "",
            "by_painter": {"turner": 3},
        }
    )
    assert state_of(desk, scene="LIVE", by_painter={"turner": 3})["well"] is True
    status, page = ask(desk.port, f"/{TOKEN}/")
    assert status == 200
    assert b"The kiosk is well" in page
    assert b"29.9" in page
    assert b"turner 3" in page
    assert b"<b>Turner" not in page
    assert ask(desk.port, f"/{TOKEN}/health") == (200, b"well\n")


def test_health_tells_a_lost_camera(desk: HostServer) -> None:
    desk.tell({"scene": "ATTRACT", "camera_lost": "unplugged"})
    state_of(desk, scene="ATTRACT")
    assert ask(desk.port, f"/{TOKEN}/health") == (503, b"not well\n")
    assert b"needs you" in ask(desk.port, f"/{TOKEN}/")[1]


def test_page_that_died_takes_nothing_with_it_and_comes_back(desk: HostServer) -> None:
    desk.tell({"scene": "LIVE"})
    desk._page._process.kill()
    desk._page._process.wait()
    began = time.perf_counter()
    longest = 0.0
    while True:
        before = time.perf_counter()
        desk.tell({"scene": "CARD"})
        longest = max(longest, time.perf_counter() - before)
        assert time.perf_counter() - began < 20
        if desk._page._process.poll() is None and ask(desk.port, f"/{TOKEN}/health")[0] == 200:
            break
        time.sleep(0.05)
    assert longest < 0.2  # the screen waits for none of it


def test_kiosk_hears_what_the_host_asks_for(desk: HostServer) -> None:
    desk.asked()
    for host in ("PAUSE", "NEXT_PAINTER", "RESTART"):
        assert ask(desk.port, f"/{TOKEN}/ask?for={host}", "POST")[0] == 303
    began = time.perf_counter()
    heard: list[Host | HostChoose] = []
    while len(heard) < 3 and time.perf_counter() - began < 5:
        heard += desk.asked()
    assert heard == [Host.PAUSE, Host.NEXT_PAINTER, Host.RESTART]
    assert ask(desk.port, f"/{TOKEN}/ask?for=LEAVE", "POST")[0] == 400
    assert ask(desk.port, f"/{TOKEN}/ask?for=__class__", "POST")[0] == 400
    assert ask(desk.port, f"/{TOKEN}/ask", "POST")[0] == 400
    assert desk.asked() == []


def test_host_chooses_a_painter_from_the_phone(desk: HostServer) -> None:
    desk.asked()
    desk.tell({"scene": "LIVE", "painters": ["Vincent van Gogh, 1889", "<i>Hokusai</i>"]})
    state_of(desk, painters=["Vincent van Gogh, 1889", "<i>Hokusai</i>"])
    page = ask(desk.port, f"/{TOKEN}/")[1].decode()
    assert "Vincent van Gogh, 1889</button>" in page
    assert "<i>Hokusai" not in page
    (action,) = re.findall(r'action="([^"]+)"><button class="painter">&lt;i&gt;Hokusai', page)
    assert ask(desk.port, f"/{TOKEN}/{action}", "POST")[0] == 303
    for nobody in (
        "CHOOSE",
        "CHOOSE%202",
        "CHOOSE%20-1",
        "CHOOSE%20%E0%A5%AB",
        "CHOOSE%2001",
        "CHOOSE%200%0AQUIT",
    ):
        assert ask(desk.port, f"/{TOKEN}/ask?for={nobody}", "POST")[0] == 400
    began = time.perf_counter()
    heard: list[object] = []
    while not heard and time.perf_counter() - began < 5:
        heard += desk.asked()
    assert heard == [HostChoose(1)]


@pytest.mark.parametrize("path", ["/{}/", "/{}/state", "/{}/health", "/{}/ask?for=QUIT"])
@pytest.mark.parametrize(
    "token", ["", "wrong", TOKEN[:-1], TOKEN + "A", TOKEN.swapcase(), "%00", "..", "é"]
)
def test_without_the_token_there_is_nothing(desk: HostServer, path: str, token: str) -> None:
    from urllib.parse import quote

    for method in ("GET", "POST"):
        status, body = ask(desk.port, path.format(quote(token, safe="%")), method)
        assert status == 404
        assert body == b"nothing here\n"
    assert desk.asked() == []


def test_nothing_is_asked_by_a_link(desk: HostServer) -> None:
    assert ask(desk.port, f"/{TOKEN}/ask?for=QUIT", "GET")[0] == 404
    assert desk.asked() == []


def test_huge_requests_are_cut_off(desk: HostServer) -> None:
    answer = answer_to_a_huge_request(desk.port)
    assert b" 400 " in answer or answer == b""


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_slow_clients_are_cut_off_and_do_not_keep_the_host_out(desk: HostServer) -> None:
    with slow_clients(desk.port, 300) as slow:
        assert ask(desk.port, f"/{TOKEN}/state", address="127.0.1.1")[0] == 200
        assert seconds_until_cut_off(slow[0]) < 12


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_two_hundred_who_guess_find_nothing_while_the_host_is_served(desk: HostServer) -> None:
    def guess(address: str) -> bool:
        path = f"/{secrets.token_urlsafe(16)}/ask?for=QUIT"
        return ask(desk.port, path, "POST", address=address) == (404, b"nothing here\n")

    desk.asked()
    assert all_at_once(200, guess) == [True] * 200
    assert ask(desk.port, f"/{TOKEN}/state")[0] == 200
    assert desk.asked() == []
