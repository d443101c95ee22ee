"""The kiosk's side of its web pages: visitors' pictures, and the host's phone page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from realtime_style.kiosk.state.model import Host, HostChooseArtist
from realtime_style.system.network import own_address
from realtime_style.web.child_process import ChildProcess

CHOOSE = "CHOOSE"
"""Request for an artist, followed by a number; every other request is the name of a Host."""


class ShareServer:
    """Serves the pictures of a folder by their links (:mod:`realtime_style.kiosk.pages.share`)."""

    def __init__(
        self, folder: Path, *, port: int, address: str = "", catalogues: Path | None = None
    ) -> None:
        """`address` is that of this machine in links; empty: found for each link.

        `catalogues` is a folder of further languages. Raises RealtimeStyleError when the port
        cannot be had.
        """
        remedy = (
            "set another port, or on = false, in [take_home] of a settings file "
            "(demos/kiosk.toml is one)"
        )
        self._page = ChildProcess(
            "realtime_style.kiosk.pages.share", folder, catalogues, port=port, remedy=remedy
        )
        self._address = address

    @property
    def port(self) -> int:
        """The port in use."""
        return self._page.port

    def link(self, token: str) -> str | None:
        """The URL of a picture; None without a network, or while the page is not served."""
        address = self._address or own_address()
        if address is None or not self._page.running:
            return None
        return f"http://{address}:{self.port}/{token}"

    def close(self) -> None:
        """End the page; unfinished downloads are cut off after a second."""
        self._page.close()


class HostServer:
    """Serves the host's phone page (:mod:`realtime_style.kiosk.pages.host`)."""

    def __init__(self, *, port: int, token: str) -> None:
        """`token` ends the page's address. Raises RealtimeStyleError if the port is taken."""
        self._page = ChildProcess(
            "realtime_style.kiosk.pages.host",
            token,
            port=port,
            remedy="set another port in [host] of your settings",
        )

    @property
    def port(self) -> int:
        """The port in use."""
        return self._page.port

    def publish(self, status: Mapping[str, object]) -> None:
        """Show this status on the page. Never waits."""
        self._page.send(json.dumps(status).encode())

    def requests(self) -> list[Host | HostChooseArtist]:
        """Requests of the host since the last call."""
        found = (_request(message.decode()) for message in self._page.received())
        return [request for request in found if request is not None]

    def close(self) -> None:
        """End the page."""
        self._page.close()


def _request(message: str) -> Host | HostChooseArtist | None:
    name, _, number = message.partition(" ")
    if name == CHOOSE and number.isdecimal():
        return HostChooseArtist(int(number))
    return Host[message] if message in Host.__members__ else None
