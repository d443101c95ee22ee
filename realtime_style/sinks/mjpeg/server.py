"""The second screen's page and stream, in a process of its own. Frames come by standard input, a JPEG in base64 a line."""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from secrets import token_hex

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from realtime_style.web.server import HEADERS, serve

VIEWERS = 8
"""At a time; more are told to come back."""

_FIRST_FRAME_S = 10.0

# The picture stops without a word when the stream breaks: nobody's face shall stay there, and when a server is back, the page
# asks for the stream again. So it does when there was no place.
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
_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": HEADERS["Content-Security-Policy"]
    + f"; script-src 'sha256-{_HASH}'; connect-src 'self'",
}


class Board:
    """The newest frame, from the thread that reads to the event loop that serves."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        """`tell` is told how many are watching whenever it changes."""
        self._tell = tell
        self._lock = threading.Lock()
        self._waiting: set[asyncio.Future[bytes | None]] = set()
        self._ended = False
        self._viewers = 0

    def put(self, jpeg: bytes) -> None:
        """Give it to all that wait. Called by the reading thread."""
        self._give(jpeg)

    def end(self) -> None:
        """There will be no more. Called by the reading thread."""
        self._ended = True
        self._give(None)

    def _give(self, jpeg: bytes | None) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        for future in waiting:
            future.get_loop().call_soon_threadsafe(_fulfil, future, jpeg)

    async def next(self) -> bytes | None:
        """The next frame that comes; None at the end."""
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
        """One more is watching; False when it is one too many."""
        if self._viewers >= VIEWERS:
            return False
        self._viewers += 1
        self._tell(self._viewers)
        return True

    def leave(self) -> None:
        """One less."""
        self._viewers -= 1
        self._tell(self._viewers)


def _fulfil(future: asyncio.Future[bytes | None], jpeg: bytes | None) -> None:
    if not future.done():
        future.set_result(jpeg)


def mjpeg_app(board: Board) -> Starlette:
    """The web application: ``/`` a page, ``/stream`` motion JPEG, ``/frame.jpg`` one picture."""
    run = token_hex(8)

    async def page(request: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_HEADERS)

    async def which_run(request: Request) -> Response:
        return PlainTextResponse(run, headers=HEADERS)

    async def stream(request: Request) -> Response:
        return _Stream(board)

    async def frame(request: Request) -> Response:
        if not board.enter():
            return _full()
        try:
            async with asyncio.timeout(_FIRST_FRAME_S):
                jpeg = await board.next()
        except TimeoutError:
            jpeg = None
        finally:
            board.leave()
        if jpeg is None:
            return PlainTextResponse("there is no picture now\n", 503, headers=HEADERS)
        return Response(jpeg, media_type="image/jpeg", headers=HEADERS)

    async def elsewhere(request: Request, error: Exception) -> Response:
        return PlainTextResponse("nothing here\n", 404, headers=HEADERS)

    routes = [
        Route("/", page),
        Route("/run", which_run),
        Route("/stream", stream),
        Route("/frame.jpg", frame),
    ]
    app = Starlette(routes=routes, exception_handlers={404: elsewhere, 405: elsewhere})
    app.router.redirect_slashes = False
    return app


class _Stream(StreamingResponse):
    """Motion JPEG for one viewer, until that one has had enough. Whoever is slow gets fewer frames."""

    def __init__(self, board: Board) -> None:
        super().__init__(
            _parts(board), media_type="multipart/x-mixed-replace; boundary=frame", headers=HEADERS
        )
        self._board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._board.enter():
            await _full()(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._board.leave()


async def _parts(board: Board) -> AsyncIterator[bytes]:
    """The boundary goes with the frame before it: browsers wait for it."""
    yield b"--frame\r\n"
    while (jpeg := await board.next()) is not None:
        yield b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--frame\r\n" % (
            len(jpeg),
            jpeg,
        )


def _full() -> Response:
    return PlainTextResponse(f"{VIEWERS} are watching already\n", 503, headers=HEADERS)


def _tell(viewers: int) -> None:
    with suppress(OSError):  # the program that started this one has ended
        os.write(sys.stdout.fileno(), b"%d\n" % viewers)


def main(argv: Sequence[str] | None = None) -> int:
    """The process: serve until standard input ends; a line of output says the port, each further one how many watch."""
    parser = argparse.ArgumentParser(
        prog="python -m realtime_style.sinks.mjpeg.server", description=__doc__
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args(argv)
    board = Board(_tell)

    def hear() -> None:
        for line in sys.stdin:
            board.put(base64.b64decode(line))
        board.end()

    return serve(mjpeg_app(board), args.port, hear, host=args.host, lasting=True)


if __name__ == "__main__":
    sys.exit(main())
