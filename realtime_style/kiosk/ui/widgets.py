"""Buttons, labels, tiles and a slider, as images with transparent corners. Sizes are px.

Each is drawn once and kept: on most frames nothing changes.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from realtime_style.display.geometry import Box
from realtime_style.display.panel import Panel
from realtime_style.display.sprites import (
    DARK,
    SHADE,
    WHITE,
    Colour,
    Image,
    blank,
    opaque,
    rounded,
    with_alpha,
)
from realtime_style.display.text import BOLD, REGULAR, Weight, draw_text, fit_text
from realtime_style.frames import Frame
from realtime_style.frames.ops import cover_crop

BLUE: Colour = (150, 82, 24)
GREEN: Colour = (70, 120, 30)
RED: Colour = (40, 40, 200)
GREY: Colour = (92, 88, 84)

_KEPT = 48  # of each kind: more than any scene has
_PASSING = 12  # as many as the host's menu has lines, and more


@lru_cache(_KEPT)
def panel(
    width: int, height: int, colour: Colour = DARK, opacity: float = SHADE, radius: int = 0
) -> Image:
    """A plain area with round corners."""
    return with_alpha(blank(width, height, colour), rounded(width, height, radius) * opacity)


def padding(size: int) -> int:
    """Room beside the text of a label whose letters have this size."""
    return round(size * 0.4)


def _draw_label(
    text: str,
    width: int,
    height: int,
    size: int,
    *,
    weight: Weight = REGULAR,
    align: float = 0.5,
    lines: int = 1,
    shade: bool = True,
) -> Image:
    """White letters, on a dark panel or on nothing."""
    pad = padding(size)
    inner = Box(pad, 0, width - 2 * pad, height)
    image = Panel(width, height, pad, shade=shade)
    if text:
        fitted = fit_text(text, inner, size, weight=weight, lines=lines)
        image.write(fitted, inner, weight=weight, align=align)
    return image.image()


label = lru_cache(_KEPT)(_draw_label)
passing_label = lru_cache(_PASSING)(_draw_label)
"""A label with a time or figures in it, which soon change: half a megabyte each."""


@lru_cache(_KEPT)
def button(text: str, width: int, height: int, colour: Colour = BLUE) -> Image:
    """A button with words on it."""
    frame = blank(width, height, colour)
    inner = Box(0, 0, width, height).inset(round(height * 0.12))
    draw_text(frame, text, inner, round(height * 0.4), WHITE, weight=BOLD, lines=2)
    radius = round(height * 0.25)
    _outline(frame, radius)
    return with_alpha(frame, rounded(width, height, radius))


@lru_cache(8)
def shutter(size: int, *, film: bool) -> Image:
    """The round button that takes a picture: white, or red for a film."""
    frame = blank(size, size, DARK)
    centre = size // 2
    cv2.circle(frame, (centre, centre), round(size * 0.48), WHITE, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(frame, (centre, centre), round(size * 0.42), DARK, round(size * 0.03), cv2.LINE_AA)
    cv2.circle(
        frame, (centre, centre), round(size * 0.38), RED if film else WHITE, cv2.FILLED, cv2.LINE_AA
    )
    return with_alpha(frame, rounded(size, size, size // 2))


class Tiles:
    """A tile for each artist: a swatch in his style, with name and year."""

    def __init__(self, artists: list[tuple[Frame | None, str, str]]) -> None:
        """Swatch (H, W, 3) uint8 BGR or None, name and year of each."""
        self._artists = artists
        self._made: dict[tuple[int, int, int, bool], Image] = {}

    def __len__(self) -> int:
        return len(self._artists)

    def image(self, artist: int, width: int, height: int, *, chosen: bool) -> Image:
        """The tile of an artist; the chosen one is framed."""
        key = artist, width, height, chosen
        if key not in self._made:
            self._made[key] = self._draw(*key)
        return self._made[key]

    def _draw(self, artist: int, width: int, height: int, chosen: bool) -> Image:
        swatch, name, year = self._artists[artist]
        frame = blank(width, height, BLUE if chosen else DARK)
        rim = max(2, round(width * 0.04))
        side = width - 2 * rim
        high = round(side * 0.78)  # the name has to be legible at two metres
        picture = blank(side, high, GREY) if swatch is None else cover_crop(swatch, (side, high))
        frame[rim : rim + high, rim : rim + side] = picture
        below = Box(rim, rim + high, side, height - high - 2 * rim)
        first = Box(below.x, below.y, below.width, round(below.height * (0.62 if year else 1)))
        draw_text(frame, name, first, round(below.height * 0.42), WHITE, weight=BOLD, smallest=7)
        rest = Box(below.x, first.y + first.height, below.width, below.height - first.height)
        draw_text(frame, year, rest, round(below.height * 0.36), WHITE, smallest=7)
        _outline(frame, rim * 2, WHITE if chosen else GREY)
        return with_alpha(frame, rounded(width, height, rim * 2))


@lru_cache(64)
def slider(left: str, right: str, share_permille: int, width: int, height: int) -> Image:
    """A slider as broad as a hand, words at both ends."""
    frame = blank(width, height, DARK)
    knob = round(height * 0.31)
    y, begin, end = round(height * 0.66), height // 2, width - height // 2
    x = round(begin + (end - begin) * share_permille / 1000)
    cv2.line(frame, (begin, y), (end, y), GREY, max(3, height // 8), cv2.LINE_AA)
    cv2.line(frame, (begin, y), (x, y), WHITE, max(3, height // 8), cv2.LINE_AA)
    words = Box(height // 3, 0, width - 2 * (height // 3), round(height * 0.38))
    for text, align in ((left, 0.0), (right, 1.0)):
        draw_text(frame, text, words, round(height * 0.26), WHITE, align=align)
    cv2.circle(frame, (x, y), knob, WHITE, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(frame, (x, y), round(knob * 0.78), BLUE, cv2.FILLED, cv2.LINE_AA)
    shade = rounded(width, height, height // 3) * SHADE
    return with_alpha(frame, np.maximum(shade, frame.max(2) > 60))


def slider_share(box: Box, x: int) -> float:
    """Position of the knob, 0..1, after a touch at `x` on a slider drawn into `box`."""
    begin, end = box.x + box.height // 2, box.x + box.width - box.height // 2
    return min(1.0, max(0.0, (x - begin) / max(1, end - begin)))


def qr_code(link: str) -> Image:
    """The QR code of a link, with its quiet zone, large enough to be scaled down."""
    import segno

    modules = np.array(
        [list(row) for row in segno.make(link, error="m").matrix_iter(scale=10, border=4)], np.uint8
    )
    return opaque(np.repeat(np.where(modules > 0, 0, 255).astype(np.uint8)[..., None], 3, axis=2))


def _outline(frame: Frame, radius: int, colour: Colour = WHITE) -> None:
    height, width = frame.shape[:2]
    thick = max(2, round(height * 0.03))
    inner = rounded(width - 2 * thick, height - 2 * thick, max(0, radius - thick)) > 0.5
    edge = np.ones((height, width), bool)
    edge[thick:-thick, thick:-thick] = ~inner
    frame[edge] = colour
