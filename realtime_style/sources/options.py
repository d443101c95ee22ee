"""Options of a live camera. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from realtime_style.sources.backends import CAMERA_BACKENDS
from realtime_style.system.declare import Options, Rule, Size, above, one_of, option

FrameRate = Annotated[float, above(0)]
FourCC = Annotated[
    str,
    Rule("four letters, such as MJPG or YUYV", lambda code: len(code) == 4, parse=str.upper),
]


@dataclass(frozen=True, kw_only=True)
class CameraOptions(Options):
    """Camera to open, and the settings to request from it."""

    camera: str = option(
        "0", "number or device, a video file played in real time and looped, or pattern"
    )
    size: Size | None = option(None, "frame size to request from the camera", metavar="WxH")
    fps: FrameRate | None = option(None, "frame rate to request from the camera")
    fourcc: FourCC | None = option(None, "pixel format to request from the camera, e.g. MJPG")
    backend: Annotated[str, one_of(*CAMERA_BACKENDS)] = option(
        "auto", "capture API; try dshow if the camera opens slowly on Windows"
    )
