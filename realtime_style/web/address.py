"""Addresses that web pages listen on."""

from __future__ import annotations

LOCALHOST = "127.0.0.1"


def parse_address(where: str) -> tuple[str, int]:
    """Address and port of ``[ADDRESS:]PORT``; without an address, this machine alone.

    Raises ValueError.
    """
    host, _, port = where.rpartition(":")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{where!r} is not [ADDRESS:]PORT, such as 8082 or 0.0.0.0:8082")
    return host or LOCALHOST, int(port)
