"""The page behind the QR code, in its own process, over real sockets."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.kiosk.pages.client import ShareServer
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.web.server import HEADERS
from tests.helpers.processes import children_with
from tests.helpers.waiting import until
from tests.helpers.web import (
    all_at_once,
    answer_to_a_huge_request,
    request,
    slow_clients,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ShareServer]:
    with closing(ShareServer(folder, port=0, address="127.0.0.1")) as server:
        yield server


def get(server: ShareServer, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    return request(server.port, path, **headers)


def test_visitor_fetches_picture_and_page(server: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2).keep({"png": b"\x89PNG card", "pdf": b"%PDF"})
    link = server.link(kept.token)
    assert link == f"http://127.0.0.1:{server.port}/{kept.token}"
    status, body, headers = get(server, f"/{kept.token}", Accept_Language="fr-CH,en;q=0.5")
    assert status == 200
    assert "Votre carte" in body.decode()
    assert f"{kept.token}.png" in body.decode()
    assert f"{kept.token}.mp4" not in body.decode()
    assert "server" not in headers
    for kind, content in (("png", b"\x89PNG card"), ("pdf", b"%PDF")):
        status, body, _ = get(server, f"/{kept.token}.{kind}")
        assert (status, body) == (200, content)
    assert "Your card" in get(server, f"/{kept.token}", Accept_Language="zz")[1].decode()


def test_every_answer_has_the_private_headers(server: ShareServer, folder: Path) -> None:
    token = PictureStore(folder, hours=2).keep({"png": b"card"}).token
    for path, status, sent in (
        (f"/{token}", 200, {}),
        (f"/{token}.png", 200, {}),
        (f"/{token}.png", 206, {"Range": "bytes=0-1"}),
        (f"/{token}.png", 416, {"Range": "bytes=9-"}),
        (f"/{token}.png", 400, {"Range": "bytes=x"}),
        ("/nothing", 404, {}),
        ("/nothing/here", 404, {}),
    ):
        answer, _, headers = get(server, path, **sent)
        assert answer == status
        for name, value in HEADERS.items():
            assert headers[name.lower()] == value, (path, name)


def test_link_expires(server: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2, clock=lambda: time.time() - 7198).keep({"png": b"card"})
    assert get(server, f"/{kept.token}.png")[0] == 200
    until(lambda: get(server, f"/{kept.token}.png")[0] == 404)
    assert get(server, f"/{kept.token}")[0] == 404


def test_deleted_picture_is_gone(server: ShareServer, folder: Path) -> None:
    store = PictureStore(folder, hours=2)
    kept = store.keep({"png": b"card"})
    store.clear()
    assert get(server, f"/{kept.token}.png")[0] == 404


def test_nothing_else_is_served(server: ShareServer, folder: Path) -> None:
    token = PictureStore(folder, hours=2).keep({"png": b"secret card"}).token
    name = next(path.name for path in folder.iterdir() if path.read_bytes() == b"secret card")
    (folder / "secret.png").write_bytes(b"secret")
    for path in (
        "/",
        "/secret.png",
        f"/{name}",
        f"/{token}.pdf",
        f"/{token}/",
        f"/{token}.png/",
        "/*",
        "/%2e%2e/x",
        "/../../../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        f"//{token}.png",
        f"/x/../{token}.png",
        "/docs",
        f"/{token[:-1]}.png",
        f"/{token}A.png",
        f"/{token.swapcase()}.png",
        f"/{token}%00.png",
        f"/{token}.png%0a",
        "/openapi.json",
        "/" + "A" * 5000,
        f"/{token}.PNG",
        f"/?{token}",
    ):
        status, body, _ = get(server, path)
        assert status in {400, 404}, path
        assert b"secret" not in body, path
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        status, body, _ = request(server.port, f"/{token}.png", method)
        assert status == 404
        assert b"secret" not in body
    assert request(server.port, f"/{token}.png", "HEAD")[:2] == (200, b"")


def test_huge_requests_are_cut_off(server: ShareServer) -> None:
    answer = answer_to_a_huge_request(server.port)
    assert b" 400 " in answer or answer == b""


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_slow_clients_keep_nobody_out(server: ShareServer, folder: Path) -> None:
    kept = PictureStore(folder, hours=2).keep({"png": b"card"})
    with slow_clients(server.port, 300):  # more than there is room for, from one address
        answer = request(server.port, f"/{kept.token}.png", address="127.0.1.1")
        assert answer[:2] == (200, b"card")


@pytest.mark.skipif(sys.platform != "linux", reason="needs the many addresses of a Linux machine")
def test_two_hundred_phones_at_once_get_their_picture(server: ShareServer, folder: Path) -> None:
    content = os.urandom(300_000)
    kept = PictureStore(folder, hours=2).keep({"png": content})

    def fetch(address: str) -> bool:
        answer = request(server.port, f"/{kept.token}.png", address=address)
        return answer[:2] == (200, content)

    assert all_at_once(200, fetch) == [True] * 200


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the page's process in /proc")
def test_killed_page_is_served_again_by_itself(tmp_path: Path) -> None:
    kept = PictureStore(tmp_path, hours=2).keep({"png": b"card"})
    others = children_with("kiosk.pages.share")
    with closing(ShareServer(tmp_path, port=0, address="127.0.0.1")) as server:
        (pid,) = children_with("kiosk.pages.share") - others
        os.kill(pid, signal.SIGKILL)
        until(lambda: children_with("kiosk.pages.share") - others - {pid})
        until(lambda: server.link(kept.token) is not None)
        assert get(server, f"/{kept.token}.png")[0] == 200


def test_port_in_use_is_an_error(server: ShareServer, folder: Path) -> None:
    complaint = r"port \d+ cannot be used: .*; set another port, or on = false, in \[take_home\]"
    with pytest.raises(RealtimeStyleError, match=complaint):
        ShareServer(folder, port=server.port)


@pytest.fixture
def film(folder: Path) -> tuple[str, bytes]:
    """The path of a film, and its bytes."""
    content = bytes(range(256)) * 1000
    return f"/{PictureStore(folder, hours=2).keep({'mp4': content}).token}.mp4", content


def test_film_is_served_in_parts(server: ShareServer, film: tuple[str, bytes]) -> None:
    path, content = film
    size = len(content)
    for asked, first, end in (
        ("0-1", 0, 2),
        ("100-", 100, size),
        ("-5", size - 5, size),
        (f"7-{size * 2}", 7, size),
    ):
        status, body, headers = get(server, path, Range=f"bytes={asked}")
        assert (status, body) == (206, content[first:end])
        assert headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
        assert headers["content-length"] == str(end - first)
        assert headers["content-type"] == "video/mp4"


def test_film_is_served_in_several_parts_at_once(
    server: ShareServer, film: tuple[str, bytes]
) -> None:
    path, content = film
    status, body, headers = get(server, path, Range="bytes=0-9,1000-1009")
    assert status == 206
    assert headers["content-type"].startswith("multipart/byteranges")
    assert content[:10] in body
    assert content[1000:1010] in body
    assert len(body) < 1000


def test_part_of_another_version_is_the_whole_film(
    server: ShareServer, film: tuple[str, bytes]
) -> None:
    path, content = film
    tag = get(server, path)[2]["etag"]
    assert get(server, path, Range="bytes=0-1", If_Range=tag)[:2] == (206, content[:2])
    assert get(server, path, Range="bytes=0-1", If_Range='"another"')[:2] == (200, content)


@pytest.mark.parametrize(
    ("asked", "status"),
    [("bytes=5-2", 400), ("bytes={}-", 416), ("bytes=-", 400), ("pages=1-2", 400)],
)
def test_bad_range_is_refused(
    server: ShareServer, film: tuple[str, bytes], asked: str, status: int
) -> None:
    path, content = film
    answer, body, headers = get(server, path, Range=asked.format(len(content)))
    assert answer == status
    assert len(body) < 100
    if status == 416:
        assert headers["content-range"] == f"bytes */{len(content)}"
