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
    """Ask this machine, from an address of it; returns status and body. The path goes as it is, dots and all."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=20, source_address=(address, 0)
    )
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answer_to_a_huge_request(port: int) -> bytes:
    """What a server says to a megabyte of headers; nothing when it only hangs up."""
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
    """As many that begin to ask for something and never go on."""
    slow = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(count)]
    try:
        for client in slow:
            client.sendall(b"GET / HT")
        yield slow
    finally:
        for client in slow:
            client.close()


def seconds_until_cut_off(client: socket.socket) -> float:
    """How long the server still waits for this one."""
    began = time.perf_counter()
    with suppress(ConnectionResetError):  # cut off, too
        assert client.recv(100) == b""
    return time.perf_counter() - began


def all_at_once(count: int, fetch: Callable[[str], bool]) -> list[bool]:
    """What `fetch` returns to each of `count` clients that ask together, given an address of its own each."""
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
