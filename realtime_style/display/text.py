"""Text that is fitted, wrapped or shortened, and drawn in a typeface of the package's own.

Inter covers Latin with all accents, Greek and Cyrillic. Words in other scripts are set in a
typeface of the system's, if one of FALLBACKS is installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from realtime_style.display.geometry import Box
from realtime_style.display.sprites import Colour
from realtime_style.frames import Frame

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Weight = Literal["Regular", "SemiBold"]
"""Weights of the typeface."""

REGULAR: Weight = "Regular"
BOLD: Weight = "SemiBold"

FALLBACKS = (
    "NotoSansCJK-Regular.ttc", "DroidSansFallbackFull.ttf", "wqy-microhei.ttc",  # Linux
    "msyh.ttc", "YuGothM.ttc", "malgun.ttf", "segoeui.ttf",  # Windows
    "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf",  # macOS
    "DejaVuSans.ttf",
)  # fmt: skip

LINE = 1.25
"""Height of a line over the size of its letters."""

_RISE = 0.727  # height of capitals over the size
_COVERED = re.compile(
    "[\n -~\u00a0-\u0148\u014a-\u01c3\u01cd-\u024f\u0259\u02c6\u02c7\u02d8-\u02dd"  # Latin
    "\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u0490\u0491\u1e00-\u1eff"
    "\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u202f\u2030\u2032\u2033\u2039\u203a"
    "\u20ac\u2122\u2190-\u2193\u2212\u25cf]*"  # signs
)


@dataclass(frozen=True)
class FittedText:
    """A text as it fits a box."""

    lines: tuple[str, ...]
    size: int
    """Of the letters, px per em."""


def text_width(text: str, size: int, weight: Weight = REGULAR) -> int:
    """Width of one line, px."""
    return round(_font(_face(text, weight), size).getlength(text)) if text else 0


def fit_text(
    text: str,
    box: Box,
    largest: int,
    *,
    smallest: int = 8,
    weight: Weight = REGULAR,
    lines: int = 1,
) -> FittedText:
    """The text at the largest size, at most `largest`, at which it fits into the box.

    It takes at most `lines` lines, broken at spaces. What does not fit at `smallest` either loses
    its end to an ellipsis.
    """
    for size in range(largest, smallest - 1, -1):
        broken = _words_in_lines(text, box.width, size, weight)
        if len(broken) <= min(lines, _room(box, size)) and all(
            text_width(line, size, weight) <= box.width for line in broken
        ):
            return FittedText(tuple(broken), size)
    broken = _words_in_lines(text, box.width, smallest, weight)
    kept = broken[: max(1, min(lines, _room(box, smallest)))]
    if len(kept) < len(broken):
        kept[-1] += "…"
    return FittedText(tuple(shorten(line, box.width, smallest, weight) for line in kept), smallest)


def wrap(text: str, width: int, size: int, weight: Weight = REGULAR) -> list[str]:
    """The text in lines of at most `width` px, broken at spaces.

    A word that is longer by itself, such as a path, is broken anywhere.
    """
    lines = []
    for line in _words_in_lines(text, width, size, weight):
        while len(line) > 1 and text_width(line, size, weight) > width:
            kept = _fitting(line, width, size, weight)
            lines.append(line[:kept])
            line = line[kept:]
        lines.append(line)
    return lines


def shorten(text: str, width: int, size: int, weight: Weight = REGULAR) -> str:
    """The text, or as much of it as fits into `width` px with an ellipsis at its end."""
    if text_width(text, size, weight) <= width:
        return text
    kept = text.rstrip("…")
    while kept and text_width(kept.rstrip() + "…", size, weight) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…" if kept else ""


def draw_text(
    frame: Frame,
    text: str,
    box: Box,
    largest: int,
    colour: Colour,
    *,
    smallest: int = 8,
    weight: Weight = REGULAR,
    align: float = 0.5,
    lines: int = 1,
) -> None:
    """Write text as `fit_text` fits it into the box, in the middle of its height.

    `align` 0 is left, 0.5 centred, 1 right.
    """
    if not text:
        return
    fitted = fit_text(text, box, largest, smallest=smallest, weight=weight, lines=lines)
    ink = text_mask(fitted, box.width, box.height, weight=weight, align=align)[..., None]
    part = frame[box.y : box.y + box.height, box.x : box.x + box.width]
    part[:] = np.rint(part * (1 - ink) + np.asarray(colour, np.float32) * ink).astype(np.uint8)


def text_mask(
    text: FittedText, width: int, height: int, *, weight: Weight = REGULAR, align: float = 0.5
) -> npt.NDArray[np.float32]:
    """Coverage of lines in the middle of a rectangle, (height, width) float32 0..1."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    top = (height - text.size * LINE * len(text.lines)) / 2
    for number, line in enumerate(text.lines):
        x = round((width - text_width(line, text.size, weight)) * align)
        base = round(top + text.size * (number * LINE + (LINE + _RISE) / 2))
        pen.text((x, base), line, 255, _font(_face(line, weight), text.size), anchor="ls")
    return np.asarray(mask, np.float32) / np.float32(255)


def _room(box: Box, size: int) -> int:
    """Number of lines of this size that fit into the box."""
    return int(box.height / (size * LINE))


def _words_in_lines(text: str, width: int, size: int, weight: Weight) -> list[str]:
    """Lines broken at spaces, but not at no-break spaces, as before French punctuation."""
    lines = [""]
    for word in re.split(r"[ \t\n]+", text.strip()):
        longer = f"{lines[-1]} {word}".strip(" ")
        if lines[-1] and text_width(longer, size, weight) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _fitting(line: str, width: int, size: int, weight: Weight) -> int:
    """Number of characters, at least one, that fit into `width` px."""
    kept = len(line)
    while kept > 1 and text_width(line[:kept], size, weight) > width:
        kept -= 1
    return kept


def _face(text: str, weight: Weight) -> str:
    """The typeface that has all characters of this text."""
    return weight if _COVERED.fullmatch(text) else _fallback() or weight


@cache
def _fallback() -> str | None:
    """File name of a typeface of the system's for further scripts; Pillow knows its folders."""
    from PIL import ImageFont

    for name in FALLBACKS:
        try:
            ImageFont.truetype(name, 16)
        except OSError:
            continue
        return name
    return None


@lru_cache(64)
def _font(face: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    if face not in (REGULAR, BOLD):
        return ImageFont.truetype(face, size)
    file = resources.files(__package__) / "fonts" / f"Inter-{face}.otf"
    return ImageFont.truetype(BytesIO(file.read_bytes()), size)
