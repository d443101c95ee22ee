"""The verb ``styles``."""

from __future__ import annotations

import argparse

from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.styles.catalog import StyleRef, list_styles

OPTIONS = ()


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """The styles known by name."""
    styles = list_styles()
    column = max((len(style.info.name) for style in styles), default=0)
    lines = [line for style in styles for line in _describe(style, column)]
    print_result(common, [_as_dict(style) for style in styles], "\n".join(lines))
    return 0


def _as_dict(style: StyleRef) -> dict[str, object]:
    info = style.info
    return {
        "name": info.name,
        "title": info.title,
        "artist": info.artist,
        "year": info.year,
        "licence": info.licence,
        "file": style.file,
        "index": style.index,
    }


def _describe(style: StyleRef, column: int) -> tuple[str, str]:
    info = style.info
    about = ", ".join(part for part in (info.title, info.artist, info.year) if part)
    own_file = "" if style.shipped else f"; {style.file}"
    licence = info.licence or "licence not stated"
    return f"{info.name:{column}}  {about}", f"{'':{column}}  {licence}{own_file}"
