"""The live picture for a second screen: a page for any browser, and a motion JPEG stream for everything else."""

from __future__ import annotations

import base64
import importlib.util

import cv2

from realtime_style.errors import SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.sinks.base import Sink
from realtime_style.web.address import parse_address
from realtime_style.web.child_process import ChildProcess

_QUALITY = 85  # JPEG's, 0 to 100


class MjpegSink(Sink):
    """Serves frames over HTTP in a process of its own (:mod:`realtime_style.sinks.mjpeg.server`).

    Only what somebody watches is compressed.
    """

    def __init__(self, where: str) -> None:
        """`where` is PORT for viewers on this machine alone, or ADDRESS:PORT; ``0.0.0.0:PORT`` is for the whole network.

        Raises RealtimeStyleError when its packages are missing or the port cannot be had.
        """
        if any(importlib.util.find_spec(package) is None for package in ("starlette", "uvicorn")):
            raise SinkError(
                'a second screen needs more packages; pip install "realtime-style[web]"'
            )
        host, port = parse_address(where)
        self._page = ChildProcess(
            "sinks.mjpeg.server",
            ["--host", host],
            port=port,
            remedy="choose another one for the second screen",
        )
        self.address = f"http://{host}:{self._page.port}/"
        """Where a browser finds it."""
        self._viewers = 0

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        if not self._page.serves():
            raise SinkError(f"the second screen at {self.address} is not served")
        for line in self._page.heard():
            self._viewers = int(line)
        if self._viewers:
            done, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            assert done
            self._page.send(base64.b64encode(jpeg.tobytes()).decode("ascii"))

    def close(self) -> None:
        """End the page; may be called twice."""
        self._page.close()
