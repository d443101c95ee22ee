"""The process that serves the live picture to browsers: a page, and a motion JPEG stream.

Each message from the parent is a frame as JPEG; each message to it the number of viewers.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from secrets import token_hex

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from realtime_style.web.server import HEADERS, build_app, serve

MAX_VIEWERS = 8
"""Viewers at a time; further ones get a 503."""

_FIRST_FRAME_S = 10.0

# A broken stream leaves its last frame on the page. The page asks for the run's name every two
# seconds, hides the picture while nobody answers, so that no face stays there, and reloads the
# stream when another run does, or when there was no room for one more viewer.
_SCRIPT = """
const picture = document.querySelector("img"); let run = null;
picture.onerror = () => setTimeout(() => { picture.src = "stream?" + Math.random(); }, 3000);
setInterval(async () => {
  try {
    const now = await (await fetch("run")).text();
    if (run !== null && now !== run) picture.src = "stream?" + now + Math.random();
    run = now;
    picture.hidden = false;
  } catch (error) { run = ""; picture.hidden = true; }
}, 2000);
"""

_PAGE = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>realtime_style</title>
<style>html, body {{ margin: 0; height: 100%; background: #000; overflow: hidden; cursor: none }}
img {{ width: 100%; height: 100%; object-fit: contain }}</style>
<img src="stream" alt=""><script>{_SCRIPT}</script>
</html>
"""

_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")
_POLICY = "Content-Security-Policy"
_PAGE_HEADERS = {_POLICY: f"{HEADERS[_POLICY]}; script-src 'sha256-{_HASH}'; connect-src 'self'"}


class Broadcast:
    """Hands the newest frame from the thread that reads to all viewers, in the event loop."""

    def __init__(self, report: Callable[[int], None]) -> None:
        """`report` is called with the number of viewers whenever it changes."""
        self._report = report
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[bytes | None]] = set()
        self._ended = False
        self._viewers = 0

    def read(self, jpegs: Iterable[bytes]) -> None:
        """Hand on each frame, and the end of them. Runs in the reading thread."""
        for jpeg in jpegs:
            self._resolve(jpeg)
        with self._lock:
            self._ended = True
        self._resolve(None)

    def _resolve(self, jpeg: bytes | None) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            with suppress(RuntimeError):  # the event loop has ended
                future.get_loop().call_soon_threadsafe(_set_result, future, jpeg)

    async def next(self) -> bytes | None:
        """Wait for the next frame; None at the end."""
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._ended:
                return None
            self._waiting.add(future)
        try:
            return await future
        finally:
            with self._lock:
                self._waiting.discard(future)

    def enter(self) -> bool:
        """Count one more viewer; False when there are enough."""
        if self._viewers >= MAX_VIEWERS:
            return False
        self._viewers += 1
        self._report(self._viewers)
        return True

    def leave(self) -> None:
        """Count one viewer less."""
        self._viewers -= 1
        self._report(self._viewers)


def _set_result(future: asyncio.Future[bytes | None], jpeg: bytes | None) -> None:
    if not future.done():
        future.set_result(jpeg)


def mjpeg_app(broadcast: Broadcast) -> Starlette:
    """The web application: ``/`` a page, ``/stream`` motion JPEG, ``/frame.jpg`` one picture."""
    run = token_hex(8)

    async def page(request: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_PAGE_HEADERS)

    async def name_run(request: Request) -> Response:
        return PlainTextResponse(run)

    async def stream(request: Request) -> Response:
        return _Stream(broadcast)

    async def frame(request: Request) -> Response:
        if not broadcast.enter():
            return _full()
        try:
            async with asyncio.timeout(_FIRST_FRAME_S):
                jpeg = await broadcast.next()
        except TimeoutError:
            jpeg = None
        finally:
            broadcast.leave()
        if jpeg is None:
            return PlainTextResponse("there is no picture now\n", 503)
        return Response(jpeg, media_type="image/jpeg")

    return build_app(
        [
            Route("/", page),
            Route("/run", name_run),
            Route("/stream", stream),
            Route("/frame.jpg", frame),
        ],
        not_found=lambda request: PlainTextResponse("nothing here\n", 404),
    )


class _Stream(StreamingResponse):
    """Motion JPEG for one viewer, until that one leaves. Slow viewers get fewer frames."""

    def __init__(self, broadcast: Broadcast) -> None:
        super().__init__(
            _multipart(broadcast), media_type="multipart/x-mixed-replace; boundary=frame"
        )
        self._broadcast = broadcast

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._broadcast.enter():
            await _full()(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._broadcast.leave()


async def _multipart(broadcast: Broadcast) -> AsyncIterator[bytes]:
    """The stream's parts, each with the boundary after it: browsers wait for it."""
    yield b"--frame\r\n"
    while (jpeg := await broadcast.next()) is not None:
        yield b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--frame\r\n" % (
            len(jpeg),
            jpeg,
        )


def _full() -> Response:
    return PlainTextResponse(f"{MAX_VIEWERS} are watching already\n", 503)


def main(pipe: Connection, port: int, host: str) -> int:
    """Serve the frames that come through `pipe`; see `realtime_style.web.child_process`."""

    def report(viewers: int) -> None:
        with suppress(OSError):  # the parent has ended
            pipe.send_bytes(b"%d" % viewers)

    broadcast = Broadcast(report)
    return serve(mjpeg_app(broadcast), pipe, port, host=host, streaming=True, read=broadcast.read)
