"""Requests as browsers and worse send them, and ports that are free."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def free_port() -> int:
    """A port that nothing listens on; another for each call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def ask(
    port: int, path: str, method: str = "GET", *, address: str = "127.0.0.1"
) -> tuple[int, bytes]:
    """Send a request to this machine, from one of its addresses; returns status and body.

    The path is sent unchanged, dots and all.
    """
    status, body, _ = request(port, path, method, address=address)
    return status, body


def request(
    port: int, path: str, method: str = "GET", *, address: str = "127.0.0.1", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """The same with headers, ``Accept_Language`` for Accept-Language; returns them as well.

    Names of the returned headers are in small letters.
    """
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=20, source_address=(address, 0)
    )
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, headers=sent)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read(), received
    finally:
        connection.close()


def answer_to_a_huge_request(port: int) -> bytes:
    """A server's answer to a megabyte of headers; nothing when it only hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        with suppress(ConnectionResetError, BrokenPipeError):
            for _ in range(100):
                client.sendall(b"X-More: " + b"a" * 10_000 + b"\r\n")
                time.sleep(0.005)
            return client.recv(1000)
    return b""


@contextmanager
def slow_clients(port: int, count: int) -> Iterator[list[socket.socket]]:
    """Clients that begin a request and never go on; their sockets time out after 30 s."""
    slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
    try:
        for client in slow:
            client.sendall(b"GET / HT")
        yield slow
    finally:
        for client in slow:
            client.close()


def is_cut_off(client: socket.socket) -> bool:
    """True when the server closes the connection; raises TimeoutError if it does not."""
    with suppress(ConnectionResetError):
        return client.recv(100) == b""
    return True


def all_at_once(count: int, fetch: Callable[[str], bool]) -> list[bool]:
    """Results of `fetch` for clients that ask together, each given an address of its own."""
    results: list[bool] = []
    addresses = [f"127.0.1.{number + 1}" for number in range(count)]
    clients = [
        threading.Thread(target=lambda address=address: results.append(fetch(address)))
        for address in addresses
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join(60)
    return results
