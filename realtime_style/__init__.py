"""realtime_style: see a camera, a clip or a photograph painted in the manner of a great painter, live.

::

    from realtime_style import Stylizer, open_camera, parse_mix

    with open_camera("0") as camera, Stylizer(parse_mix("starry-night")) as paint:
        for frame in camera:        # (H, W, 3) uint8 BGR
            painted = paint(frame)  # the same

Importing the package is free: what a name needs is loaded when the name is first used.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realtime_style.display.window import Window
    from realtime_style.errors import RealtimeStyleError
    from realtime_style.media.images import Picture, read_image, write_image
    from realtime_style.sinks.video_file import VideoWriter
    from realtime_style.sources.camera import open_camera
    from realtime_style.sources.open_source import open_source
    from realtime_style.styles.catalog import StyleRef, find_style, list_styles
    from realtime_style.styles.format import StyleInfo, StyleMetadata
    from realtime_style.styles.mix import parse_mix
    from realtime_style.stylize.style_model import StyleModel
    from realtime_style.stylize.stylizer import Stylizer

__version__ = "0.1.0"

if (
    sys.platform == "win32"
):  # else cameras take up to minutes to open; OpenCV knows only what was set before it was loaded
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")

_HOME = {
    "Stylizer": "stylize.stylizer",
    "Picture": "media.images",
    "RealtimeStyleError": "errors",
    "StyleInfo": "styles.format",
    "StyleMetadata": "styles.format",
    "StyleRef": "styles.catalog",
    "StyleModel": "stylize.style_model",
    "VideoWriter": "sinks.video_file",
    "Window": "display.window",
    "find_style": "styles.catalog",
    "list_styles": "styles.catalog",
    "open_camera": "sources.camera",
    "open_source": "sources.open_source",
    "parse_mix": "styles.mix",
    "read_image": "media.images",
    "write_image": "media.images",
}

__all__ = [
    "Picture",
    "RealtimeStyleError",
    "StyleInfo",
    "StyleMetadata",
    "StyleModel",
    "StyleRef",
    "Stylizer",
    "VideoWriter",
    "Window",
    "__version__",
    "find_style",
    "list_styles",
    "open_camera",
    "open_source",
    "parse_mix",
    "read_image",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'realtime_style' has no attribute {name!r}")
    return getattr(importlib.import_module(f"realtime_style.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
