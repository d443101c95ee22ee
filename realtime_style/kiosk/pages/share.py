"""The page behind the QR code: a visitor's own picture, by its link, over the local network.

It runs in a process of its own, at low priority, so that no crowd of phones takes frames from the screen. All it knows is the
folder of keepsakes; it ends when the kiosk does.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from realtime_style.kiosk.config.i18n import REFERENCE, Words, load_words
from realtime_style.kiosk.pictures.store import KINDS, PictureReader
from realtime_style.web.server import HEADERS, serve

_CHUNK = 1 << 16

_PAGE = """<!doctype html>
<html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 46rem; padding: 1rem; font: 1.2rem/1.5 system-ui, sans-serif;
background: #f9f6f0; color: #282c34 }}
img, video {{ width: 100%; display: block; margin-bottom: 1rem }}
a {{ display: block; margin: .6rem 0; padding: .8rem; border-radius: .5rem; background: #1f4e8c; color: #fff;
text-align: center; text-decoration: none }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def share_app(shelf: PictureReader, languages: Mapping[str, Words]) -> Starlette:
    """The web application: ``/TOKEN`` is a page, ``/TOKEN.KIND`` a file; whatever else is asked for is not there."""

    async def answer(request: Request) -> Response:
        words = _language_of(request, languages)
        token, _, kind = request.path_params["name"].partition(".")
        if kind:
            return _file(shelf, token, kind, request.headers.get("range", "")) or _gone(words)
        return _page(shelf, token, words) or _gone(words)

    async def elsewhere(request: Request, error: Exception) -> Response:
        return _gone(_language_of(request, languages))

    app = Starlette(routes=[Route("/{name}", answer)], exception_handlers={404: elsewhere})
    app.router.redirect_slashes = False
    return app


def _page(shelf: PictureReader, token: str, words: Words) -> Response | None:
    kinds = shelf.kinds(token)
    if not kinds:
        return None
    expires = shelf.expires(token)
    parts = (
        [f'<video src="{token}.mp4" controls loop muted autoplay playsinline></video>']
        if "mp4" in kinds
        else []
    )
    parts += [f'<img src="{token}.png" alt="">'] if "png" in kinds else []
    parts += [
        f'<a href="{token}.{kind}" download="card.{kind}">{html.escape(words("save_" + kind))}</a>'
        for kind in kinds
    ]
    if expires is not None:
        parts.append(
            f"<p>{html.escape(words('until', time=datetime.fromtimestamp(expires).strftime('%H:%M')))}</p>"
        )
    return HTMLResponse(
        _PAGE.format(language=words.code, title=html.escape(words("card")), body="\n".join(parts)),
        headers=HEADERS,
    )


def _file(shelf: PictureReader, token: str, kind: str, wanted: str) -> Response | None:
    path = shelf.find(token, kind)
    if path is None:
        return None
    try:
        file = path.open("rb")  # once open, it is served to its end whatever a sweep does meanwhile
    except FileNotFoundError:
        return None
    size = os.fstat(file.fileno()).st_size
    first, end = _part(wanted, size) or (0, size)
    headers = {**HEADERS, "Accept-Ranges": "bytes", "Content-Length": str(end - first)}
    status = 200
    if end - first < size:
        status, headers["Content-Range"] = 206, f"bytes {first}-{end - 1}/{size}"
    file.seek(first)
    return StreamingResponse(_chunks(file, end - first), status, headers, KINDS[kind])


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """First byte and end of the single part that a ``Range`` header asks for; None for all of it, as for what makes no sense.

    Safari plays films only from where it gets parts (RFC 9110, section 14; a server may ignore what it does not like).
    """
    match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", wanted.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":  # the last so many bytes
        return max(0, size - int(match[2])), size
    first, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
    return (first, end) if first < end else None


def _chunks(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _gone(words: Words) -> Response:
    body = f"<p>{html.escape(words('gone_more'))}</p>"
    page = _PAGE.format(language=words.code, title=html.escape(words("gone")), body=body)
    return HTMLResponse(page, status_code=404, headers=HEADERS)


def _language_of(request: Request, languages: Mapping[str, Words]) -> Words:
    """The first language of the visitor's phone that there is."""
    for wanted in request.headers.get("accept-language", "")[:200].split(","):
        code = wanted.split(";")[0].strip()[:2].lower()
        if code in languages:
            return languages[code]
    return languages[REFERENCE]


def main(argv: Sequence[str] | None = None) -> int:
    """The process: serve a folder of keepsakes until standard input ends; the port it got is its one line of output."""
    parser = argparse.ArgumentParser(
        prog="python -m realtime_style.kiosk.pages.share", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--words", type=Path)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args(argv)
    app = share_app(PictureReader(args.folder), load_words(args.words))
    return serve(app, args.port, _hear)


def _hear() -> None:
    while os.read(sys.stdin.fileno(), _CHUNK):
        pass


if __name__ == "__main__":
    sys.exit(main())
