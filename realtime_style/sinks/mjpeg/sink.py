"""The live picture in browsers: a page, and a motion JPEG stream for other programs."""

from __future__ import annotations

import importlib.util

import cv2

from realtime_style.errors import SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.sinks.base import Sink
from realtime_style.web.address import parse_address
from realtime_style.web.child_process import ChildProcess

_QUALITY = 85  # JPEG's, 0 to 100


class MjpegSink(Sink):
    """Serves frames over HTTP, in a process of its own (:mod:`realtime_style.sinks.mjpeg.server`).

    A frame is compressed only while somebody watches.
    """

    def __init__(self, where: str) -> None:
        """Listen on `where`: PORT for viewers on this machine, ADDRESS:PORT for others.

        ``0.0.0.0:PORT`` is for the whole network. Raises RealtimeStyleError when packages are
        missing or the port cannot be had.
        """
        if any(importlib.util.find_spec(package) is None for package in ("starlette", "uvicorn")):
            raise SinkError(
                "serving the picture to browsers needs more packages; "
                'pip install "realtime-style[web]"'
            )
        host, port = parse_address(where)
        self._page = ChildProcess(
            "realtime_style.sinks.mjpeg.server",
            host,
            port=port,
            remedy="choose another port for the second screen",
        )
        self.address = f"http://{host}:{self._page.port}/"
        """The URL for a browser."""
        self._viewers = 0

    def write(self, frame: Frame) -> None:
        """Show a frame (H, W, 3) uint8 BGR. Raises SinkError while the page is not served."""
        check_frame(frame)
        if not self._page.running:
            raise SinkError(f"the second screen at {self.address} is not served")
        for message in self._page.received():
            self._viewers = int(message)
        if self._viewers:
            done, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            assert done
            self._page.send(jpeg.tobytes())

    def close(self) -> None:
        """End the page; may be called twice."""
        self._page.close()
