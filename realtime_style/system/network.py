"""Address of this machine in its local network."""

from __future__ import annotations

import socket

_NOT_REACHABLE = ("127.", "0.")  # loopback, and none assigned


def own_address() -> str | None:
    """IPv4 address under which others in the local network reach this machine; None without one.

    Nothing is sent.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Documentation address (RFC 5737): connecting a UDP socket only looks up the route.
            probe.connect(("192.0.2.1", 9))
            address = str(probe.getsockname()[0])
        except OSError:  # no route, as on a machine that is its own hotspot
            return next(iter(_interface_addresses()), None)
    return None if address.startswith(_NOT_REACHABLE) else address


def _interface_addresses() -> list[str]:
    """IPv4 addresses of the interfaces that are up, without loopback."""
    import psutil

    states = psutil.net_if_stats()
    return [
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        if name in states and states[name].isup
        for entry in entries
        if entry.family == socket.AF_INET and not entry.address.startswith(_NOT_REACHABLE)
    ]
