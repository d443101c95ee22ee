"""Contact sheets of pictures with labels, and strips that show time.

Frames are (H, W, 3) uint8 BGR.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from export.quality import STILL_SIGMA, Paint
from realtime_style.frames import Frame
from realtime_style.system.atomic import atomic_write

_PAPER = 255
_INK = (40, 40, 40)
_GAP = 6
"""px between pictures."""
_LABEL = 20
"""Height of a line of text, px."""
_TEXT = 13
"""Font size, px."""


def contact_sheet(
    rows: Sequence[Sequence[Frame]], columns: Sequence[str], row_labels: Sequence[str] = ()
) -> Frame:
    """Pictures of one size in rows, with labels above columns and, if given, left of rows."""
    height, width = rows[0][0].shape[:2]
    left = _GAP + (max(_text_width(label) for label in row_labels) + _GAP if row_labels else 0)
    sheet = np.full(
        (_LABEL + len(rows) * (height + _GAP) + _GAP, left + len(columns) * (width + _GAP), 3),
        _PAPER,
        np.uint8,
    )
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            top, start = _LABEL + row * (height + _GAP), left + column * (width + _GAP)
            sheet[top : top + height, start : start + width] = picture
    texts = [
        (left + column * (width + _GAP), 2, _cut(label, width))
        for column, label in enumerate(columns)
    ]
    texts += [
        (_GAP, _LABEL + row * (height + _GAP) + height // 2 - _TEXT, label)
        for row, label in enumerate(row_labels)
    ]
    return _with_texts(sheet, texts)


def time_slice(paint: Paint, scene: Frame, *, frames: int, seed: int = 0) -> Frame:
    """One line of pixels of a still scene with sensor noise, over time: (frames, W, 3).

    One row per frame: steady pixels are vertical lines; flicker shows as grain and breaks.
    """
    rng = np.random.default_rng(seed)
    middle = scene.shape[0] // 2
    lines = []
    for _ in range(frames):
        noisy = np.clip(np.rint(scene + rng.normal(0, STILL_SIGMA, scene.shape)), 0, 255).astype(
            np.uint8
        )
        lines.append(paint(noisy)[middle])
    return np.stack(lines)


def write_sheet(path: Path, sheet: Frame, quality: int = 85) -> None:
    """Write a JPEG small enough for a repository."""
    with atomic_write(path) as part:
        Image.fromarray(np.ascontiguousarray(sheet[..., ::-1])).save(
            part, "JPEG", quality=quality, optimize=True
        )


def _with_texts(sheet: Frame, texts: Sequence[tuple[int, int, str]]) -> Frame:
    image = Image.fromarray(sheet)  # grey ink on white paper is the same in BGR and RGB
    draw = ImageDraw.Draw(image)
    for x, y, text in texts:
        draw.text((x, y), text, fill=_INK, font=_font())
    return np.asarray(image)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT)


def _text_width(text: str) -> int:
    return round(_font().getlength(text))


def _cut(text: str, width: int) -> str:
    """The text, shortened with an ellipsis to `width` px."""
    if _text_width(text) <= width:
        return text
    while text and _text_width(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
