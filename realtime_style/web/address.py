"""Where a page listens."""

from __future__ import annotations

THIS_MACHINE = "127.0.0.1"


def parse_address(where: str) -> tuple[str, int]:
    """Address and port of ``[ADDRESS:]PORT``; raises ValueError. Without an address: this machine alone."""
    host, _, port = where.rpartition(":")
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{where!r} is no [ADDRESS:]PORT, such as 8082 or 0.0.0.0:8082")
    return host or THIS_MACHINE, int(port)
