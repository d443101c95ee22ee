"""The address that the link on the card has."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from realtime_style.kiosk.pages.client import own_address


def test_kiosk_with_a_hotspot_and_no_way_out_gives_its_own_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Nowhere(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    usual = own_address()
    monkeypatch.setattr("realtime_style.kiosk.pages.client.socket.socket", Nowhere)
    found = own_address()
    assert (found is None) == (usual is None)
    assert found is None or not found.startswith(("127.", "0."))


def test_own_address_is_one_that_others_can_reach() -> None:
    address = own_address()
    assert address is None or not address.startswith("127.")
