"""Styles that the keys of the live window go through."""

from __future__ import annotations

import logging
from pathlib import Path

from realtime_style.errors import StyleError
from realtime_style.styles.catalog import StyleRef, open_style_file, scan_styles
from realtime_style.styles.mix import Mix

log = logging.getLogger(__name__)


def build_playlist(first: Mix) -> tuple[list[Mix], list[str]]:
    """The mixes to go through: `first`, the other styles of its files, then every style known by name.

    A broken style file does not stop the show: it is left out, and the second value has a line on each.
    """
    playlist = [first]
    seen = {_identity(first[0][0])} if len(first) == 1 else set()
    known, problems = scan_styles()
    styles: list[StyleRef] = []
    opened = problems.keys() | {style.file for style in known}
    for file in {style.file: None for style, _ in first if style.file not in opened}:
        try:
            styles += open_style_file(file)
        except StyleError as error:
            problems[file] = error
    for style in [*styles, *known]:
        if _identity(style) not in seen:
            seen.add(_identity(style))
            playlist.append(((style, 1.0),))
    return playlist, [str(error) for error in problems.values()]


def _identity(style: StyleRef) -> tuple[Path, int]:
    return style.file.resolve(), style.index
