"""The page behind the QR code, served by its own process and asked over real sockets."""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.kiosk.pages.client import ShareServer
from realtime_style.kiosk.pictures.store import PictureStore
from tests.helpers.web import (
    all_at_once,
    answer_to_a_huge_request,
    seconds_until_cut_off,
    slow_clients,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def page(folder: Path) -> Iterator[ShareServer]:
    hand_over = ShareServer(folder, port=0, address="127.0.0.1")
    yield hand_over
    hand_over.close()


def get(
    page: ShareServer, path: str, method: str = "GET", *, address: str = "127.0.0.1", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection(
        "127.0.0.1", page.port, timeout=20, source_address=(address, 0)
    )
    try:
        connection.request(
            method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        return (
            response.status,
            response.read(),
            {name.lower(): value for name, value in response.getheaders()},
        )
    finally:
        connection.close()


def test_visitor_fetches_the_own_picture_and_page(page: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2).keep({"png": b"\x89PNG card", "pdf": b"%PDF"})
    link = page.link(kept.token)
    assert link == f"http://127.0.0.1:{page.port}/{kept.token}"
    status, body, headers = get(page, f"/{kept.token}", Accept_Language="fr-CH,en;q=0.5")
    assert status == 200
    assert "Votre carte" in body.decode()
    assert f"{kept.token}.png" in body.decode()
    assert f"{kept.token}.mp4" not in body.decode()
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    for kind, content in (("png", b"\x89PNG card"), ("pdf", b"%PDF")):
        status, body, headers = get(page, f"/{kept.token}.{kind}")
        assert (status, body) == (200, content)
        assert headers["x-content-type-options"] == "nosniff"
    assert "Your card" in get(page, f"/{kept.token}", Accept_Language="zz")[1].decode()


def test_link_is_gone_when_its_time_is_over(page: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2, clock=lambda: time.time() - 7199).keep({"png": b"card"})
    assert get(page, f"/{kept.token}.png")[0] == 200
    time.sleep(1.5)
    assert get(page, f"/{kept.token}.png")[0] == 404
    assert get(page, f"/{kept.token}")[0] == 404


def test_nothing_else_is_served(page: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2).keep({"png": b"secret card"})
    name = next(path.name for path in folder.iterdir() if path.read_bytes() == b"secret card")
    (folder / "secret.png").write_bytes(b"secret")
    tries = [
        "/",
        "/secret.png",
        f"/{name}",
        f"/{kept.token}.pdf",
        f"/{kept.token}/",
        f"/{kept.token}.png/",
        "/*",
        "/%2e%2e/x",
    ]
    tries += [
        "/../../../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        f"//{kept.token}.png",
        f"/x/../{kept.token}.png",
        "/docs",
    ]
    tries += [
        f"/{kept.token[:-1]}.png",
        f"/{kept.token}A.png",
        f"/{kept.token.swapcase()}.png",
        f"/{kept.token}%00.png",
    ]
    tries += [
        f"/{kept.token}.png%0a",
        "/openapi.json",
        "/" + "A" * 5000,
        f"/{kept.token}.PNG",
        f"/?{kept.token}",
    ]
    for path in tries:
        status, body, _ = get(page, path)
        assert status in {400, 404}, path
        assert b"secret" not in body, path
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert get(page, f"/{kept.token}.png", method)[0] == 405
    assert get(page, f"/{kept.token}.png", "HEAD")[:2] == (200, b"")


def test_huge_requests_are_cut_off(page: ShareServer) -> None:
    answer = answer_to_a_huge_request(page.port)
    assert b" 400 " in answer or answer == b""


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_slow_clients_are_cut_off_and_keep_nobody_out(page: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2).keep({"png": b"card"})
    with slow_clients(page.port, 300) as slow:  # more than there is room for, from one address
        assert get(page, f"/{kept.token}.png", address="127.0.1.1")[:2] == (200, b"card")
        assert seconds_until_cut_off(slow[0]) < 12


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_two_hundred_phones_at_once_all_get_their_picture(page: ShareServer, folder: Path) -> None:
    content = os.urandom(300_000)
    kept = PictureStore(folder, hours=2).keep({"png": content})

    def fetch(address: str) -> bool:
        return get(page, f"/{kept.token}.png", address=address)[:2] == (200, content)

    assert all_at_once(200, fetch) == [True] * 200


def test_page_that_died_is_served_again_and_ends_with_the_kiosk(folder: Path) -> None:
    hand_over = ShareServer(folder, port=0, address="127.0.0.1")
    hand_over._page._process.kill()
    hand_over._page._process.wait()
    kept = PictureStore(folder, hours=2).keep({"png": b"card"})
    began = time.perf_counter()
    while hand_over.link(kept.token) is None:
        assert time.perf_counter() - began < 20
        time.sleep(0.05)
    assert get(hand_over, f"/{kept.token}.png")[0] == 200
    process = hand_over._page._process
    hand_over.close()
    assert process.returncode == 0


def test_port_that_is_taken_is_told(folder: Path, page: ShareServer) -> None:
    with pytest.raises(
        RealtimeStyleError,
        match=r"port \d+ cannot be used: .*; set another port, or on = false, in \[take_home\]",
    ):
        ShareServer(folder, port=page.port)


def test_film_is_given_in_the_parts_that_a_phone_asks_for(page: ShareServer, folder: Path) -> None:
    film = bytes(range(256)) * 1000
    kept = PictureStore(folder, hours=2).keep({"mp4": film})
    path, size = f"/{kept.token}.mp4", len(film)
    for asked, first, end in (
        ("0-1", 0, 2),
        ("100-", 100, size),
        ("-5", size - 5, size),
        (f"7-{size * 2}", 7, size),
    ):
        status, body, headers = get(page, path, Range=f"bytes={asked}")
        assert (status, body) == (206, film[first:end])
        assert headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
        assert headers["content-length"] == str(end - first)
    for nonsense in (
        "bytes=5-2",
        f"bytes={size}-",
        "bytes=-",
        "bytes=0-1,4-5",
        "pages=1-2",
        "bytes=a-b",
    ):
        assert get(page, path, Range=nonsense)[:2] == (200, film)
