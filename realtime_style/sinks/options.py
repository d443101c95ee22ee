"""Options of the screen and of the outputs beside it. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Literal

from realtime_style.system.declare import Count, Options, Rule, option
from realtime_style.web.address import parse_address


def _address(text: str) -> str:
    parse_address(text)
    return text


Address = Annotated[str, Rule("[ADDRESS:]PORT, such as 8082 or 0.0.0.0:8082", parse=_address)]
StreamUrl = Annotated[
    str,
    Rule(
        "an RTMP address, such as rtmp://HOST/APP/KEY",
        lambda url: url.startswith(("rtmp://", "rtmps://")),
    ),
]


@dataclass(frozen=True, kw_only=True)
class OutputOptions(Options):
    """Further places for the live picture."""

    mjpeg: Address | None = option(
        None,
        "also show the picture in browsers: on this machine, or with 0.0.0.0:PORT in the network",
        metavar="[ADDRESS:]PORT",
    )
    virtual_camera: str | None = option(
        None,
        "also send the picture to a virtual camera, which other programs can choose; without a "
        "NAME to the first found",
        metavar="NAME",
        const="auto",
    )
    stream: StreamUrl | None = option(
        None, "also send the picture to a streaming service, over RTMP", metavar="URL"
    )

    @property
    def shown_elsewhere(self) -> bool:
        """People who are not in front of the camera may see the picture."""
        return any(getattr(self, entry.name) for entry in fields(OutputOptions))


@dataclass(frozen=True, kw_only=True)
class DisplayOptions(Options):
    """How the picture fills the screen."""

    fullscreen: bool = option(False, "fill the screen")
    fit: Literal["contain", "cover"] = option(
        "contain", "show the whole picture on black (contain), or fill the screen and crop (cover)"
    )
    monitor: Count = option(0, "monitor to show the picture on, counted from 0", metavar="N")
