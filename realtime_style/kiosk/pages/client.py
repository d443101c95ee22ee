"""The kiosk's ends of its two web pages: the visitors' pictures, and the host's phone page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from realtime_style.kiosk.state.model import Host, HostChoose
from realtime_style.system.network import own_address
from realtime_style.web.child_process import ChildProcess

CHOOSE = "CHOOSE"
"""What the host's page says before the number of a painter; all else it says is the name of a :class:`Host`."""


class ShareServer:
    """Serves the pictures of a folder to those who have their link (:mod:`realtime_style.kiosk.pages.share`)."""

    def __init__(
        self, folder: Path, *, port: int, address: str = "", words: Path | None = None
    ) -> None:
        """Raises RealtimeStyleError when the port cannot be had."""
        more = ["--words", str(words)] if words is not None else []
        remedy = "set another port, or on = false, in [take_home] of a settings file (demos/kiosk.toml is one)"
        self._page = ChildProcess(
            "kiosk.pages.share", [str(folder), *more], port=port, remedy=remedy
        )
        self._address = address

    @property
    def port(self) -> int:
        """The one it got."""
        return self._page.port

    def link(self, token: str) -> str | None:
        """Where a phone finds a keepsake; None while this machine is on no network, or the page is not served."""
        address = self._address or own_address()
        if address is None or not self._page.serves():
            return None
        return f"http://{address}:{self.port}/{token}"

    def look_after(self) -> None:
        """Start the page again if it has ended: links that were given need it."""
        self._page.serves()

    def close(self) -> None:
        """End it; unfinished downloads are cut off after a second."""
        self._page.close()


class HostServer:
    """Tells the host's phone how the kiosk is, and hears what the host asks for (:mod:`realtime_style.kiosk.pages.host`)."""

    def __init__(self, *, port: int, token: str) -> None:
        """Raises RealtimeStyleError when the port cannot be had."""
        self._page = ChildProcess(
            "kiosk.pages.host",
            [],
            port=port,
            remedy="set another port in [host] of your settings",
            environment={"KIOSK_TOKEN": token},
        )

    @property
    def port(self) -> int:
        """The one it got."""
        return self._page.port

    def tell(self, state: Mapping[str, object]) -> None:
        """How the kiosk is now."""
        self._page.send(json.dumps(state))

    def asked(self) -> list[Host | HostChoose]:
        """What the host has asked for since the last call."""
        return [event for line in self._page.heard() if (event := _asked(line)) is not None]

    def close(self) -> None:
        """End it."""
        self._page.close()


def _asked(line: str) -> Host | HostChoose | None:
    """What a line of the host's page means."""
    word, _, number = line.partition(" ")
    if word == CHOOSE and number.isdecimal():
        return HostChoose(int(number))
    return Host[line] if line in Host.__members__ else None
