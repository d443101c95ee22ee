"""Requests as browsers and worse send them."""

from __future__ import annotations

import http.client


def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask this machine; returns status and body. The path goes as it is, dots and all."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
