"""The kiosk's ends of its two web pages: the visitors' pictures, and the host's phone page."""

from __future__ import annotations

import json
import socket
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

from realtime_style.kiosk.state.model import Host, HostChoose
from realtime_style.web.child_process import ChildProcess

CHOOSE = "CHOOSE"
"""What the host's page says before the number of a painter; all else it says is the name of a :class:`Host`."""

_SIOCGIFADDR = 0x8915  # linux/sockios.h
_NOBODYS = ("127.", "0.")


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


def own_address() -> str | None:
    """The number under which this machine is known in its local network; None on no network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(
                ("192.0.2.1", 9)
            )  # an address for documentation: only the way there is asked for
            address = str(probe.getsockname()[0])
        except (
            OSError
        ):  # no way out, which is how it is with a hotspot of its own: its address will do
            return next(iter(_addresses()), None)
    return None if address.startswith(_NOBODYS) else address


def _addresses() -> list[str]:
    """IPv4 addresses of this machine under which others may reach it."""
    if sys.platform == "linux":
        found = [_address_of(name) for _, name in socket.if_nameindex()]
    else:
        try:
            found = [
                str(entry[4][0])
                for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
            ]
        except OSError:
            found = []
    return [address for address in found if address and not address.startswith(_NOBODYS)]


def _address_of(interface: str) -> str | None:
    """The address of an interface; None when it has none."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(
                asking.fileno(), _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15])
            )
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])
