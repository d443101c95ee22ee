"""The host's phone page: how the kiosk is, and what can be asked of it from afar; a process of its own.

The kiosk writes its state, a JSON line a second, to this process and reads what the host asks for, a word a line, from it.
Whoever knows the token in the address is the host; for everybody else there is nothing here.
"""

from __future__ import annotations

import argparse
import hmac
import html
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
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
from realtime_style.web.server import HEADERS, serve

STALE_S = 5.0
"""A state older than this means that the kiosk does not move."""

ASKABLE = (Host.PAUSE, Host.NEXT_PAINTER, Host.RESTART, Host.QUIT)
"""What the page can ask for; for the last two it takes a second tap."""

_WORDS = {
    Host.PAUSE: "Technical break on / off",
    Host.NEXT_PAINTER: "Next painter",
    Host.RESTART: "Restart",
    Host.QUIT: "Quit",
}

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
<title>Kiosk</title>
<style>
body {{ margin: 0 auto; max-width: 40rem; padding: 1rem; font: 1.1rem/1.5 system-ui, sans-serif;
background: #f9f6f0; color: #282c34 }}
th {{ text-align: left; padding-right: 1rem; font-weight: normal; color: #555 }}
button {{ width: 100%; margin: .4rem 0; padding: .8rem; border: 0; border-radius: .5rem; background: #1f4e8c; color: #fff;
font-size: 1.1rem }}
summary {{ margin-top: 2rem; padding: .8rem }}
.painter {{ background: #4a4f57; padding: .5rem }}
</style>
<h1>{title}</h1>
<table>{rows}</table>
{buttons}
<h2>Painters</h2>
{painters}
<details><summary>Restart or quit</summary>
{endings}
</details>
</html>
"""


class Board:
    """The last state that the kiosk sent."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._state: Mapping[str, Any] = {}
        self._at = float("-inf")

    def put(self, state: Mapping[str, Any]) -> None:
        """Note it."""
        self._state, self._at = state, self._clock()

    @property
    def painters(self) -> Sequence[str]:
        """Their names, as far as the kiosk has told."""
        names: Sequence[str] = self._state.get("painters", ())
        return names

    def read(self) -> tuple[Mapping[str, Any], bool]:
        """The state, and whether the kiosk moves and shows pictures."""
        fresh = self._clock() - self._at < STALE_S
        return self._state, fresh and not self._state.get("camera_lost")


def host_app(token: str, board: Board, ask: Callable[[str], None]) -> Starlette:
    """The web application: ``/TOKEN/`` the page, ``/TOKEN/state`` and ``/TOKEN/health`` for programs, POST ``/TOKEN/ask``.

    `ask` is called with what the kiosk is asked for, a line as HostServer reads it.
    """

    def known(request: Request) -> bool:
        return hmac.compare_digest(request.path_params["token"].encode(), token.encode())

    async def page(request: Request) -> Response:
        return HTMLResponse(_page(*board.read()), headers=HEADERS) if known(request) else _nothing()

    async def state(request: Request) -> Response:
        if not known(request):
            return _nothing()
        values, well = board.read()
        return JSONResponse({"well": well, **values}, headers=HEADERS)

    async def health(request: Request) -> Response:
        if not known(request):
            return _nothing()
        well = board.read()[1]
        return PlainTextResponse(
            "well\n" if well else "not well\n", 200 if well else 503, headers=HEADERS
        )

    async def asked(request: Request) -> Response:
        if not known(request):
            return _nothing()
        wanted = request.query_params.get("for", "")
        if wanted not in {*(host.name for host in ASKABLE), *_choices(board.painters)}:
            return PlainTextResponse("there is no such thing to ask for\n", 400, headers=HEADERS)
        ask(wanted)
        return RedirectResponse("./", 303, headers=HEADERS)

    async def elsewhere(request: Request, error: Exception) -> Response:
        return _nothing()

    routes = [
        Route("/{token}/", page),
        Route("/{token}/state", state),
        Route("/{token}/health", health),
    ]
    routes.append(Route("/{token}/ask", asked, methods=["POST"]))
    app = Starlette(routes=routes, exception_handlers={404: elsewhere, 405: elsewhere})
    app.router.redirect_slashes = False
    return app


def _page(state: Mapping[str, Any], well: bool) -> str:
    row = "<tr><th>{}</th><td>{}</td></tr>"
    told = {name: value for name, value in state.items() if name != "painters"}
    rows = "".join(
        row.format(html.escape(name.replace("_", " ")), html.escape(_words(value)))
        for name, value in told.items()
    )
    buttons, endings = (
        "".join(_button(host.name, _WORDS[host]) for host in some)
        for some in (ASKABLE[:2], ASKABLE[2:])
    )
    names = state.get("painters", ())
    painters = "".join(
        _button(*choice, "painter") for choice in zip(_choices(names), names, strict=True)
    )
    title = "The kiosk is well" if well else "The kiosk needs you"
    return _PAGE.format(title=title, rows=rows, buttons=buttons, painters=painters, endings=endings)


def _choices(painters: Sequence[str]) -> list[str]:
    """What is asked for to have each of the painters."""
    return [f"{CHOOSE} {number}" for number in range(len(painters))]


def _button(wanted: str, words: str, kind: str = "") -> str:
    form = '<form method="post" action="ask?for={}"><button class="{}">{}</button></form>'
    return form.format(quote(wanted), kind, html.escape(words))


def _words(value: object) -> str:
    return (
        ", ".join(f"{name} {count}" for name, count in value.items())
        if isinstance(value, dict)
        else str(value)
    )


def _nothing() -> Response:
    return PlainTextResponse("nothing here\n", 404, headers=HEADERS)


def main(argv: Sequence[str] | None = None) -> int:
    """The process. The token comes by the environment, as arguments can be read by everybody on the machine."""
    parser = argparse.ArgumentParser(
        prog="python -m realtime_style.kiosk.pages.host", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args(argv)
    board = Board()

    def hear() -> None:
        for line in sys.stdin:
            board.put(json.loads(line))

    def ask(wanted: str) -> None:
        print(wanted, flush=True)

    return serve(host_app(os.environ["KIOSK_TOKEN"], board, ask), args.port, hear)


if __name__ == "__main__":
    sys.exit(main())
