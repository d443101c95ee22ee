"""The process of the page behind the QR code: a visitor's own picture, by its link.

It knows no more than the folder of pictures.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from realtime_style.kiosk.config.i18n import REFERENCE, Catalogue, load_catalogues
from realtime_style.kiosk.pictures.store import KINDS, PictureReader
from realtime_style.web.server import build_app, serve

_PAGE = """<!doctype html>
<html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 46rem; padding: 1rem; font: 1.2rem/1.5 system-ui, sans-serif;
background: #f9f6f0; color: #282c34 }}
img, video {{ width: 100%; display: block; margin-bottom: 1rem }}
a {{ display: block; margin: .6rem 0; padding: .8rem; border-radius: .5rem; background: #1f4e8c;
color: #fff; text-align: center; text-decoration: none }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def share_app(reader: PictureReader, languages: Mapping[str, Catalogue]) -> Starlette:
    """The web application: ``/TOKEN`` is a page, ``/TOKEN.KIND`` a file."""

    async def answer(request: Request) -> Response:
        token, _, kind = request.path_params["name"].partition(".")
        if kind:
            return _file(reader, token, kind) or gone(request)
        return _page(reader, token, _language(request, languages)) or gone(request)

    def gone(request: Request) -> Response:
        words = _language(request, languages)
        body = f"<p>{html.escape(words('gone_more'))}</p>"
        return HTMLResponse(_html(words, "gone", body), 404)

    return build_app([Route("/{name}", answer)], not_found=gone)


def _page(reader: PictureReader, token: str, words: Catalogue) -> Response | None:
    kinds, expires = reader.kinds(token), reader.expires(token)
    if expires is None:
        return None
    parts = {
        "mp4": f'<video src="{token}.mp4" controls loop muted autoplay playsinline></video>',
        "png": f'<img src="{token}.png" alt="">',
    }
    body = [part for kind, part in parts.items() if kind in kinds]
    body += [
        f'<a href="{token}.{kind}" download="card.{kind}">{html.escape(words("save_" + kind))}</a>'
        for kind in kinds
    ]
    until = datetime.fromtimestamp(expires).strftime("%H:%M")
    body.append(f"<p>{html.escape(words('until', time=until))}</p>")
    return HTMLResponse(_html(words, "card", "\n".join(body)))


def _html(words: Catalogue, title: str, body: str) -> str:
    return _PAGE.format(language=words.code, title=html.escape(words(title)), body=body)


def _file(reader: PictureReader, token: str, kind: str) -> Response | None:
    path = reader.find(token, kind)
    if path is None:
        return None
    try:
        return FileResponse(path, media_type=KINDS[kind], stat_result=path.stat())
    except FileNotFoundError:  # deleted since
        return None


def _language(request: Request, languages: Mapping[str, Catalogue]) -> Catalogue:
    """The first language that the visitor's phone asks for and there is a catalogue of."""
    for wanted in request.headers.get("accept-language", "")[:200].split(","):
        code = wanted.split(";")[0].strip()[:2].lower()
        if code in languages:
            return languages[code]
    return languages[REFERENCE]


def main(pipe: Connection, port: int, folder: Path, catalogues: Path | None) -> int:
    """Serve the folder; see `realtime_style.web.child_process`."""
    app = share_app(PictureReader(folder), load_catalogues(catalogues))
    return serve(app, pipe, port)
