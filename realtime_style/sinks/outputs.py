"""Outputs of a live picture beside its screen: their options, names and factories.

A new output is a sink in a module of its own, and here a field of `OutputOptions` and a line of
`OUTPUTS`; command line, outputs of the kiosk and its sign for visitors follow. Light, because
``--help`` reads it: factories import what they need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

from realtime_style.system.declare import Options, Rule, option
from realtime_style.web.address import parse_address

if TYPE_CHECKING:
    from realtime_style.sinks.base import Sink

Size = tuple[int, int] | None
"""(width, height) of the picture in px; None: not known yet."""


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
    """Further places for the live picture; None: not asked for."""

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
        return bool(output_factories(self))


def _open_mjpeg(where: str, size_wh: Size) -> Sink:
    from realtime_style.sinks.mjpeg.sink import MjpegSink

    return MjpegSink(where)


def _open_virtual_camera(device: str, size_wh: Size) -> Sink:
    from realtime_style.sinks.virtual_camera import VirtualCameraSink

    return VirtualCameraSink(device, size_wh=size_wh)


def _open_stream(url: str, size_wh: Size) -> Sink:
    from realtime_style.sinks.stream import StreamSink

    return StreamSink(url)


@dataclass(frozen=True)
class OutputSpec:
    """One kind of output."""

    field: str
    """Its field of `OutputOptions`."""
    name: str
    """For people."""
    open: Callable[[str, Size], Sink]
    """Opens it by the value of the field, for pictures of a size. Raises SinkError."""


OUTPUTS = (
    OutputSpec("mjpeg", "second screen", _open_mjpeg),
    OutputSpec("virtual_camera", "virtual camera", _open_virtual_camera),
    OutputSpec("stream", "stream", _open_stream),
)


def output_factories(
    options: OutputOptions, *, size_wh: tuple[int, int] | None = None
) -> dict[str, Callable[[], Sink]]:
    """Factories, by names for people, of the outputs that `options` asks for."""
    asked = {spec: getattr(options, spec.field) for spec in OUTPUTS}
    return {spec.name: partial(spec.open, value, size_wh) for spec, value in asked.items() if value}
