"""What the kiosk's screens are made of: buttons, labels, tiles and a slider, as images with see-through corners.

Sizes are px. Everything is drawn once and kept: on most frames nothing of it changes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame
from realtime_style.frames.ops import cover_crop
from realtime_style.kiosk.ui.text import BOLD, REGULAR, Box, Colour, blank, draw_text
from realtime_style.kiosk.ui.window import Image

WHITE: Colour = (255, 255, 255)
DARK: Colour = (30, 26, 22)
BLUE: Colour = (150, 82, 24)
GREEN: Colour = (70, 120, 30)
RED: Colour = (40, 40, 200)
GREY: Colour = (92, 88, 84)

_KEPT = 48  # of each kind: more than any scene has
_PASSING = 12  # as many as the host's menu has lines, and more
_SHADE = 0.72  # of dark panels: the picture shows through, white letters still stand out


@lru_cache(_KEPT)
def panel(
    width: int, height: int, colour: Colour = DARK, opacity: float = _SHADE, radius: int = 0
) -> Image:
    """A plain area with round corners."""
    return Image(
        _with_alpha(blank(width, height, colour), _rounded(width, height, radius) * opacity)
    )


def _draw_label(
    text: str,
    width: int,
    height: int,
    size: int,
    *,
    weight: int = REGULAR,
    align: float = 0.5,
    lines: int = 1,
    shade: bool = True,
) -> Image:
    """White letters, on a dark panel or on nothing."""
    pad = round(size * 0.4)
    inner = Box(pad, 0, width - 2 * pad, height)
    cover = blank(width, height, (0, 0, 0))
    draw_text(cover, text, inner, size, WHITE, weight=weight, align=align, lines=lines)
    ink = cover[..., 0].astype(np.float32)[..., None] / 255
    if not shade:
        return Image(_with_alpha(blank(width, height, WHITE), ink[..., 0]))
    letters = np.rint(ink * 255 + (1 - ink) * np.array(DARK)).astype(np.uint8)
    return Image(
        _with_alpha(letters, np.maximum(_rounded(width, height, pad) * _SHADE, ink[..., 0]))
    )


label = lru_cache(_KEPT)(_draw_label)
passing_label = lru_cache(_PASSING)(_draw_label)
"""The same for words with a time or figures in them, which are soon others: half a megabyte each."""


@lru_cache(_KEPT)
def button(text: str, width: int, height: int, colour: Colour = BLUE) -> Image:
    """Something to press, with words on it."""
    frame = blank(width, height, colour)
    inner = Box(0, 0, width, height).inset(round(height * 0.12))
    draw_text(frame, text, inner, round(height * 0.4), WHITE, weight=BOLD, lines=2)
    radius = round(height * 0.25)
    _outline(frame, radius)
    return Image(_with_alpha(frame, _rounded(width, height, radius)))


@lru_cache(8)
def shutter(size: int, *, film: bool) -> Image:
    """The round button that takes a picture: white, or red for a moving one."""
    frame = blank(size, size, DARK)
    centre = size // 2
    cv2.circle(frame, (centre, centre), round(size * 0.48), WHITE, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(frame, (centre, centre), round(size * 0.42), DARK, round(size * 0.03), cv2.LINE_AA)
    cv2.circle(
        frame, (centre, centre), round(size * 0.38), RED if film else WHITE, cv2.FILLED, cv2.LINE_AA
    )
    return Image(_with_alpha(frame, _rounded(size, size, size // 2)))


class Tiles:
    """The painters: a swatch each, painted by themselves, with name and year."""

    def __init__(self, painters: list[tuple[Frame | None, str, str]]) -> None:
        """Swatch (H, W, 3) uint8 BGR or None, name and year of each."""
        self._painters = painters
        self._made: dict[tuple[int, int, int, bool], Image] = {}

    def __len__(self) -> int:
        return len(self._painters)

    def image(self, painter: int, width: int, height: int, *, chosen: bool) -> Image:
        """The tile of a painter; the chosen one is framed."""
        key = painter, width, height, chosen
        if key not in self._made:
            self._made[key] = self._draw(*key)
        return self._made[key]

    def _draw(self, painter: int, width: int, height: int, chosen: bool) -> Image:
        swatch, name, year = self._painters[painter]
        frame = blank(width, height, BLUE if chosen else DARK)
        rim = max(2, round(width * 0.04))
        side = width - 2 * rim
        high = round(side * 0.78)  # the name has to be read at two metres
        picture = blank(side, high, GREY) if swatch is None else cover_crop(swatch, (side, high))
        frame[rim : rim + high, rim : rim + side] = picture
        below = Box(rim, rim + high, side, height - high - 2 * rim)
        first = Box(below.x, below.y, below.width, round(below.height * (0.62 if year else 1)))
        draw_text(frame, name, first, round(below.height * 0.42), WHITE, weight=BOLD, smallest=7)
        rest = Box(below.x, first.y + first.height, below.width, below.height - first.height)
        draw_text(frame, year, rest, round(below.height * 0.36), WHITE, smallest=7)
        _outline(frame, rim * 2, WHITE if chosen else GREY)
        return Image(_with_alpha(frame, _rounded(width, height, rim * 2)))


@lru_cache(64)
def slider(left: str, right: str, share_permille: int, width: int, height: int) -> Image:
    """A slider as broad as a hand, words at both ends."""
    frame = blank(width, height, DARK)
    knob = round(height * 0.31)
    y, begin, end = round(height * 0.66), height // 2, width - height // 2
    x = round(begin + (end - begin) * share_permille / 1000)
    cv2.line(frame, (begin, y), (end, y), GREY, max(3, height // 8), cv2.LINE_AA)
    cv2.line(frame, (begin, y), (x, y), WHITE, max(3, height // 8), cv2.LINE_AA)
    words = round(height * 0.26)
    for text, align in ((left, 0.0), (right, 1.0)):
        draw_text(
            frame,
            text,
            Box(height // 3, 0, width - 2 * (height // 3), round(height * 0.38)),
            words,
            WHITE,
            align=align,
        )
    cv2.circle(frame, (x, y), knob, WHITE, cv2.FILLED, cv2.LINE_AA)
    cv2.circle(frame, (x, y), round(knob * 0.78), BLUE, cv2.FILLED, cv2.LINE_AA)
    return Image(
        _with_alpha(
            frame, np.maximum(_rounded(width, height, height // 3) * _SHADE, frame.max(2) > 60)
        )
    )


def slider_share(box: Box, x: int) -> float:
    """Where a touch at `x` moves the knob of a slider drawn into `box`: 0..1."""
    begin, end = box.x + box.height // 2, box.x + box.width - box.height // 2
    return min(1.0, max(0.0, (x - begin) / max(1, end - begin)))


def opaque(frame: Frame) -> Image:
    """A picture as an image."""
    return Image(np.ascontiguousarray(np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)])))


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
    inner = _rounded(width - 2 * thick, height - 2 * thick, max(0, radius - thick)) > 0.5
    edge = np.ones((height, width), bool)
    edge[thick:-thick, thick:-thick] = ~inner
    frame[edge] = colour


def _rounded(width: int, height: int, radius: int) -> npt.NDArray[Any]:
    """(H, W) 0..1: a rectangle with round corners, smooth at the edge."""
    scale = 4
    mask = np.zeros((height * scale, width * scale), np.uint8)
    r = min(radius, width // 2, height // 2) * scale
    w, h = width * scale - 1, height * scale - 1
    cv2.rectangle(mask, (r, 0), (w - r, h), 255, cv2.FILLED)
    cv2.rectangle(mask, (0, r), (w, h - r), 255, cv2.FILLED)
    for x, y in ((r, r), (w - r, r), (r, h - r), (w - r, h - r)):
        cv2.circle(mask, (x, y), r, 255, cv2.FILLED)
    return (
        np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        / 255
    )


def _with_alpha(frame: Frame, alpha: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.dstack([frame, np.rint(np.asarray(alpha, np.float32) * 255).astype(np.uint8)])
