"""What the web pages have in common: a server that hurries its clients, and headers that keep things private."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

CLIENTS = 256
"""Connections at a time; more are told to come back."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

FROM_ONE = 64
"""Of these from one address: who holds more than a browser ever does must not keep everybody else out."""

_FIRST_REQUEST_S = 10.0
_LEAVING_S = 3.0
_STUCK_S = 10.0  # without a byte getting through, a viewer has gone
_LIFE_S = 120.0  # enough for a film over a bad hotspot


def serve(
    app: Starlette, port: int, hear: Callable[[], None], *, host: str = "", lasting: bool = False
) -> int:
    """The life of a page's process: say on standard output which port it got, or why none; serve, and end when `hear` returns.

    `host` is the address to listen on, empty for all. Connections end after two minutes unless they are `lasting`.
    `hear` runs in a thread of its own and reads standard input to its end, which is the end of the program that started this
    one. Returns the exit code.
    """
    if hasattr(os, "nice"):
        os.nice(10)  # no crowd of phones shall take frames from the screen
    try:
        listener = _listen(host, port)
    except OSError as error:
        print(f"port {port} cannot be used: {error.strerror}", flush=True)
        return 1
    server = _server_of(app, StreamingProtocol if lasting else TimeoutProtocol)

    def end_with_the_program() -> None:
        try:
            hear()
        finally:
            server.should_exit = True

    threading.Thread(target=end_with_the_program, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])
    return 0


def _server_of(app: Starlette, protocol: type[H11Protocol]) -> uvicorn.Server:
    """It writes no logs, which would hold addresses and links."""
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CLIENTS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=8192,
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. The page of a program that was killed a moment ago may still be leaving."""
    patience = time.perf_counter() + _LEAVING_S
    while True:
        try:
            return socket.create_server((host, port), backlog=CLIENTS)
        except OSError:
            if time.perf_counter() > patience:
                raise
            time.sleep(0.1)


class TimeoutProtocol(H11Protocol):
    """HTTP for clients that say what they want in time; others would hold a connection for ever."""

    life_s: float | None = _LIFE_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if (
            self.client is not None
            and sum(_address(other) == self.client[0] for other in self.connections) > FROM_ONE
        ):
            transport.abort()
        self._ends = [self.loop.call_later(_FIRST_REQUEST_S, self._abort_unless_asked)]
        if self.life_s is not None:
            self._ends.append(self.loop.call_later(self.life_s, transport.abort))

    def _abort_unless_asked(self) -> None:
        if self.cycle is None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        for end in self._ends:
            end.cancel()
        super().connection_lost(exc)


def _address(connection: Any) -> str:
    return connection.client[0] if connection.client is not None else ""


class StreamingProtocol(TimeoutProtocol):
    """For answers that go on until one side has had enough. One to a connection: nothing hurries a second request."""

    life_s = None

    def pause_writing(self) -> None:
        """Nothing gets through to the other side, as when it has left the network without a word: it holds somebody's place."""
        super().pause_writing()
        self._stuck = self.loop.call_later(_STUCK_S, self.transport.abort)
        self._ends.append(self._stuck)

    def resume_writing(self) -> None:
        """Something got through."""
        super().resume_writing()
        self._stuck.cancel()
        self._ends.remove(self._stuck)

    def on_response_complete(self) -> None:
        self.transport.close()
        super().on_response_complete()
