"""Address of this machine in its local network."""

from __future__ import annotations

import errno
import os
import socket
from types import SimpleNamespace

import psutil
import pytest

from realtime_style.system.network import own_address


@pytest.fixture
def no_route(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is its own hotspot, with no way out of its network."""

    class Nowhere(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    monkeypatch.setattr(socket, "socket", Nowhere)


def put_interfaces(monkeypatch: pytest.MonkeyPatch, **addresses: tuple[str, bool]) -> None:
    """Give the machine interfaces by name, each with its IPv4 address and whether it is up."""
    monkeypatch.setattr(
        psutil,
        "net_if_addrs",
        lambda: {
            name: [
                SimpleNamespace(family=socket.AF_INET6, address="fe80::1"),
                SimpleNamespace(family=socket.AF_INET, address=address),
            ]
            for name, (address, _) in addresses.items()
        },
    )
    monkeypatch.setattr(
        psutil,
        "net_if_stats",
        lambda: {name: SimpleNamespace(isup=up) for name, (_, up) in addresses.items()},
    )


def test_own_address_is_reachable_for_others() -> None:
    address = own_address()
    assert address is None or not address.startswith("127.")


@pytest.mark.usefixtures("no_route")
def test_hotspot_without_a_route_gives_its_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    put_interfaces(
        monkeypatch,
        lo=("127.0.0.1", True),
        docker0=("172.17.0.1", False),
        wlan0=("10.42.0.1", True),
    )
    assert own_address() == "10.42.0.1"


@pytest.mark.usefixtures("no_route")
def test_machine_without_a_network_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    put_interfaces(monkeypatch, lo=("127.0.0.1", True))
    assert own_address() is None


@pytest.mark.usefixtures("no_route")
def test_real_interfaces_are_read() -> None:
    address = own_address()
    assert address is None or not address.startswith(("127.", "0."))
