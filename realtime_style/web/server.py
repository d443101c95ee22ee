"""HTTP server with limits, and private headers, for the processes of all pages."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from realtime_style.web.child_process import messages

MAX_CONNECTIONS = 256
"""Connections at a time; further clients get a 503."""

MAX_PER_ADDRESS = 64
"""Connections from one address: more than a browser opens, too few to keep everybody else out."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""Added to every response that does not set them itself."""

_PORT_FREE_S = 3.0  # the page of a program that was killed a moment ago may still be closing


def build_app(routes: Sequence[Route], not_found: Callable[[Request], Response]) -> Starlette:
    """A web application with HEADERS; `not_found` answers every request that is not routed."""

    async def missing(request: Request, error: Exception) -> Response:
        return not_found(request)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(_PrivateHeaders)],
        exception_handlers={404: missing, 405: missing},
    )
    app.router.redirect_slashes = False
    return app


def serve(
    app: Starlette,
    pipe: Connection,
    port: int,
    *,
    host: str = "",
    streaming: bool = False,
    read: Callable[[Iterator[bytes]], object] = list,
) -> int:
    """Send the parent the port, or why there is none, and serve `app` until `read` returns.

    `read` runs in a thread and is given the parent's messages, which end when the parent does.
    `host` is the address to listen on, empty for all. Connections end after two minutes unless
    they are `streaming`. Returns the exit code of the page's process.
    """
    try:
        listener = _listen(host, port)
    except OSError as error:
        pipe.send(f"port {port} cannot be used: {error.strerror}")
        return 1
    server = _server(app, StreamingProtocol if streaming else TimeoutProtocol)

    def read_and_end() -> None:
        try:
            read(messages(pipe))
        finally:
            server.should_exit = True

    threading.Thread(target=read_and_end, name="messages", daemon=True).start()
    pipe.send(listener.getsockname()[1])
    server.run(sockets=[listener])
    return 0


def _server(app: Starlette, protocol: type[H11Protocol]) -> uvicorn.Server:
    """A server that writes no logs, as they would hold addresses and links."""
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=8192,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    deadline = time.perf_counter() + _PORT_FREE_S
    while True:
        try:
            return socket.create_server((host, port), backlog=MAX_CONNECTIONS)
        except OSError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.1)


class _PrivateHeaders:
    """Middleware that adds HEADERS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_private)


class TimeoutProtocol(H11Protocol):
    """HTTP that closes connections of clients that are slow to ask, or one of too many."""

    request_s = 10.0
    """Time for the first request of a connection."""
    connection_s: float | None = 120.0
    """Longest time of a connection: enough for a film over a bad hotspot."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if (
            self.client is not None
            and sum(_address(other) == self.client[0] for other in self.connections)
            > MAX_PER_ADDRESS
        ):
            transport.abort()
        self._timers = [self.loop.call_later(self.request_s, self._abort_without_request)]
        if self.connection_s is not None:
            self._timers.append(self.loop.call_later(self.connection_s, transport.abort))

    def _abort_without_request(self) -> None:
        if self.cycle is None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers:
            timer.cancel()
        super().connection_lost(exc)


def _address(connection: Any) -> str:
    return connection.client[0] if connection.client is not None else ""


class StreamingProtocol(TimeoutProtocol):
    """For responses that last until one side has had enough; one request for each connection.

    A second request could not be held to a time limit.
    """

    connection_s = None
    stalled_s = 10.0
    """Time without a byte getting through, after which a viewer counts as gone."""

    def pause_writing(self) -> None:
        """Start the time limit of a client that takes no more bytes.

        It may have left the network, and would occupy the place of another viewer.
        """
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stalled_s, self.transport.abort)
        self._timers.append(self._stalled)

    def resume_writing(self) -> None:
        """Stop the time limit: bytes got through."""
        super().resume_writing()
        self._stalled.cancel()
        self._timers.remove(self._stalled)

    def on_response_complete(self) -> None:
        self.transport.close()
        super().on_response_complete()
