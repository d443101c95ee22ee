"""The greeting card: the painting in a mat, a wish, the artist, the date and the host."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np

from realtime_style.display.geometry import Box
from realtime_style.display.sprites import Colour, blank
from realtime_style.display.text import BOLD, draw_text
from realtime_style.frames import Frame
from realtime_style.kiosk.config.schema import SIZES_MM
from realtime_style.media.images import Picture

DPI = 300
_PAPER: Colour = (240, 246, 249)
_INK: Colour = (52, 44, 40)
_FAINT: Colour = (120, 112, 106)
_KEYLINE: Colour = (178, 172, 166)


@dataclass(frozen=True)
class CardText:
    """The words on a card."""

    wish: str
    """The season's greeting."""
    artist: str
    """The line that names the artist."""
    date: str
    host: str = ""


def card_size(size: str, *, portrait: bool) -> tuple[int, int]:
    """Width and height of a card in px at 300 dpi."""
    longer, shorter = (round(side / 25.4 * DPI) for side in SIZES_MM[size])
    return (shorter, longer) if portrait else (longer, shorter)


def draw_card(
    picture: Frame, text: CardText, size: str = "A6", logo: Picture | None = None
) -> Frame:
    """The card of a picture, both (H, W, 3) uint8 BGR.

    Landscape for a wide picture, portrait for a tall one.
    """
    width, height = card_size(size, portrait=picture.shape[0] > picture.shape[1])
    unit = min(width, height) / 100
    card = blank(width, height, _PAPER)
    margin = round(6 * unit)
    foot = Box(margin, height - round(11.5 * unit), width - 2 * margin, round(7 * unit))
    wish = Box(margin, foot.y - round(11 * unit), width - 2 * margin, round(10.5 * unit))
    _put_picture(
        card,
        picture,
        Box(margin, margin, width - 2 * margin, wish.y - margin - round(1.5 * unit)),
        unit,
    )
    draw_text(
        card,
        text.wish,
        wish,
        round(5.5 * unit),
        _INK,
        smallest=round(2 * unit),
        weight=BOLD,
        lines=2,
    )
    right = foot.x + foot.width
    if logo is not None:
        right -= _put_logo(card, logo, foot) + round(2 * unit)
    half = (right - foot.x) * (3 if text.host else 5) // 5
    small = round(3 * unit)
    name, date = (
        Box(foot.x, foot.y + row * foot.height // 2, half, foot.height // 2) for row in (0, 1)
    )
    draw_text(card, text.artist, name, small, _INK, align=0)
    draw_text(card, text.date, date, small, _FAINT, align=0)
    host = Box(foot.x + half, foot.y, right - foot.x - half, foot.height)
    draw_text(card, text.host, host, small, _INK, align=1, lines=2)
    return card


def encode_card(card: Frame, kind: str) -> bytes:
    """A card as ``png`` or ``pdf``, at its true size, without metadata."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(card[..., ::-1]))
    content = io.BytesIO()
    if kind == "pdf":
        # By default Pillow writes the time of creation, and a title.
        image.save(
            content, "PDF", resolution=DPI, quality=95, title="", creationDate=None, modDate=None
        )
    else:
        image.save(content, "PNG", dpi=(DPI, DPI))
    return content.getvalue()


def _put_picture(card: Frame, picture: Frame, room: Box, unit: float) -> None:
    """Draw the whole picture as large as it fits, with a fine line around it."""
    rim = round(unit)
    inner = room.inset(rim)
    scale = min(inner.width / picture.shape[1], inner.height / picture.shape[0])
    width, height = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    scaled = cv2.resize(
        picture, (width, height), interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    )
    x, y = room.x + (room.width - width) // 2, room.y + (room.height - height) // 2
    line = max(1, round(0.15 * unit))
    cv2.rectangle(
        card, (x - rim, y - rim), (x + width + rim - 1, y + height + rim - 1), _KEYLINE, line
    )
    card[y : y + height, x : x + width] = scaled


def _put_logo(card: Frame, logo: Picture, foot: Box) -> int:
    """Draw the host's logo at the right end of the foot, with its alpha; returns its width."""
    scale = min(foot.height / logo.bgr.shape[0], foot.width / 4 / logo.bgr.shape[1])
    size = (max(1, round(logo.bgr.shape[1] * scale)), max(1, round(logo.bgr.shape[0] * scale)))
    colours = cv2.resize(logo.bgr, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = np.full(logo.bgr.shape[:2], 255, np.uint8) if logo.alpha is None else logo.alpha
    cover = (
        cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    )
    x, y = foot.x + foot.width - size[0], foot.y + (foot.height - size[1]) // 2
    under = card[y : y + size[1], x : x + size[0]]
    under[:] = np.rint(under * (1 - cover) + colours * cover).astype(np.uint8)
    return int(size[0])
