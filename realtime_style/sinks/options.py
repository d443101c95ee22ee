"""Options of the outputs beside the screen. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from realtime_style.system.declare import Options, Rule, option
from realtime_style.web.address import parse_address


def _address(text: str) -> str:
    parse_address(text)
    return text


def _is_stream(url: str) -> bool:
    return url.startswith(("rtmp://", "rtmps://"))


Address = Annotated[str, Rule("[ADDRESS:]PORT, such as 8082 or 0.0.0.0:8082", parse=_address)]
StreamUrl = Annotated[str, Rule("an RTMP address, such as rtmp://HOST/APP/KEY", allows=_is_stream)]


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
