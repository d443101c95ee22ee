"""The process of the host's phone page: the kiosk's status, and requests to it.

Each message from the kiosk is its status in JSON, one a second; each message to it a request.
The token in the address is the password: without it, there is nothing here.
"""

from __future__ import annotations

import hmac
import html
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from realtime_style.kiosk.pages.client import CHOOSE
from realtime_style.kiosk.state.model import Host
from realtime_style.web.server import build_app, serve

STALE_S = 5.0
"""A status older than this means that the kiosk hangs."""

_BUTTONS = {Host.PAUSE: "Technical break on / off", Host.NEXT_ARTIST: "Next artist"}
_GUARDED_BUTTONS = {Host.RESTART: "Restart", Host.QUIT: "Quit"}  # these take a second tap

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>Kiosk</title>
<style>
body {{ margin: 0 auto; max-width: 40rem; padding: 1rem; font: 1.1rem/1.5 system-ui, sans-serif;
background: #f9f6f0; color: #282c34 }}
th {{ text-align: left; padding-right: 1rem; font-weight: normal; color: #555 }}
button {{ width: 100%; margin: .4rem 0; padding: .8rem; border: 0; border-radius: .5rem;
background: #1f4e8c; color: #fff; font-size: 1.1rem }}
summary {{ margin-top: 2rem; padding: .8rem }}
.artist {{ background: #4a4f57; padding: .5rem }}
</style>
<h1>{title}</h1>
<table>{rows}</table>
{buttons}
<h2>Artists</h2>
{artists}
<details><summary>Restart or quit</summary>
{guarded}
</details>
</html>
"""


class LatestStatus:
    """The last status that the kiosk sent."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._status: Mapping[str, Any] = {}
        self._received = float("-inf")

    def read(self, messages: Iterable[bytes]) -> None:
        """Take in each message."""
        for message in messages:
            self._status, self._received = json.loads(message), self._clock()

    @property
    def artists(self) -> Sequence[str]:
        """Names of the artists, empty before the first status."""
        names: Sequence[str] = self._status.get("artists", ())
        return names

    def get(self) -> tuple[Mapping[str, Any], bool]:
        """The status, and True when the kiosk is well: it moves, and has a camera."""
        fresh = self._clock() - self._received < STALE_S
        return self._status, fresh and not self._status.get("camera_lost")


def host_app(token: str, latest: LatestStatus, send: Callable[[str], None]) -> Starlette:
    """The web application under ``/TOKEN/``.

    ``/TOKEN/`` is the page, ``/TOKEN/state`` and ``/TOKEN/health`` are for programs, and a POST
    to ``/TOKEN/ask`` calls `send` with a request.
    """

    def known(request: Request) -> bool:
        return hmac.compare_digest(request.path_params["token"].encode(), token.encode())

    async def page(request: Request) -> Response:
        return HTMLResponse(_page(*latest.get())) if known(request) else _nothing(request)

    async def state(request: Request) -> Response:
        if not known(request):
            return _nothing(request)
        status, well = latest.get()
        return JSONResponse({"well": well, **status})

    async def health(request: Request) -> Response:
        if not known(request):
            return _nothing(request)
        well = latest.get()[1]
        return PlainTextResponse("well\n" if well else "not well\n", 200 if well else 503)

    async def ask(request: Request) -> Response:
        if not known(request):
            return _nothing(request)
        wanted = request.query_params.get("for", "")
        buttons = (*_BUTTONS, *_GUARDED_BUTTONS)
        if wanted not in {*(host.name for host in buttons), *_choices(latest.artists)}:
            return PlainTextResponse("there is no such request\n", 400)
        send(wanted)
        return RedirectResponse("./", 303)

    routes = [
        Route("/{token}/", page),
        Route("/{token}/state", state),
        Route("/{token}/health", health),
        Route("/{token}/ask", ask, methods=["POST"]),
    ]
    return build_app(routes, not_found=_nothing)


def _page(status: Mapping[str, Any], well: bool) -> str:
    names = status.get("artists", ())
    rows = (
        f"<tr><th>{html.escape(name.replace('_', ' '))}</th>"
        f"<td>{html.escape(_text(value))}</td></tr>"
        for name, value in status.items()
        if name != "artists"
    )
    choices = zip(_choices(names), names, strict=True)
    return _PAGE.format(
        title="The kiosk is well" if well else "The kiosk needs you",
        rows="".join(rows),
        buttons="".join(_button(host.name, label) for host, label in _BUTTONS.items()),
        artists="".join(_button(choice, name, "artist") for choice, name in choices),
        guarded="".join(_button(host.name, label) for host, label in _GUARDED_BUTTONS.items()),
    )


def _choices(artists: Sequence[str]) -> list[str]:
    """The request for each of the artists."""
    return [f"{CHOOSE} {number}" for number in range(len(artists))]


def _button(request: str, label: str, style: str = "") -> str:
    return (
        f'<form method="post" action="ask?for={quote(request)}">'
        f'<button class="{style}">{html.escape(label)}</button></form>'
    )


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return str(value)


def _nothing(request: Request) -> Response:
    return PlainTextResponse("nothing here\n", 404)


def main(pipe: Connection, port: int, token: str) -> int:
    """Serve the page; see `realtime_style.web.child_process`."""
    latest = LatestStatus()
    app = host_app(token, latest, lambda request: pipe.send_bytes(request.encode()))
    return serve(app, pipe, port, read=latest.read)
