"""Text that fits its box, in the typefaces that OpenCV 5 carries: all of Latin, Greek, Cyrillic and Chinese, no font file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from realtime_style.frames import Frame

Colour = tuple[int, int, int]
"""BGR."""

REGULAR, BOLD = 400, 700
"""Weights of the typeface."""

_LINE = 1.25  # height of a line over the size of its letters
_RISE = 0.73  # how far capitals rise above the base line, over the size


@dataclass(frozen=True)
class Box:
    """A rectangle on a frame, px."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """Whether this point is inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def inset(self, by: int) -> Box:
        """A smaller one in its middle."""
        return Box(
            self.x + by, self.y + by, max(0, self.width - 2 * by), max(0, self.height - 2 * by)
        )


@dataclass(frozen=True)
class FittedText:
    """A text as it fits a box."""

    lines: tuple[str, ...]
    size: int
    """Of the letters, px."""


def text_width(text: str, size: int, weight: int = REGULAR) -> int:
    """Width of one line, px."""
    if not text:
        return 0
    # The picture's size does not matter, but that there is one does.
    box = cv2.getTextSize((1, 1), text, (0, 0), _typeface(), size, weight)
    return int(box[2])


def fitted(
    text: str, box: Box, largest: int, *, smallest: int = 8, weight: int = REGULAR, lines: int = 1
) -> FittedText:
    """The text at the largest size, up to `largest`, at which it fits into the box on at most so many lines.

    Lines are broken at spaces. What does not fit at `smallest` either loses its end to an ellipsis.
    """
    for size in range(largest, smallest - 1, -1):
        broken = _broken(text, box.width, size, weight)
        if len(broken) <= min(lines, _room(box, size)) and all(
            text_width(line, size, weight) <= box.width for line in broken
        ):
            return FittedText(tuple(broken), size)
    kept = _broken(text, box.width, smallest, weight)[: max(1, min(lines, _room(box, smallest)))]
    return FittedText(
        tuple(_cut(line, box.width, smallest, weight) for line in [*kept[:-1], kept[-1] + "…"]),
        smallest,
    )


def draw_text(
    frame: Frame,
    text: str,
    box: Box,
    largest: int,
    colour: Colour,
    *,
    smallest: int = 8,
    weight: int = REGULAR,
    align: float = 0.5,
    lines: int = 1,
) -> None:
    """Write the text into the box, in the middle of its height; `align` 0 is left, 0.5 centred, 1 right."""
    if not text:
        return
    setting = fitted(text, box, largest, smallest=smallest, weight=weight, lines=lines)
    height = round(setting.size * _LINE)
    top = box.y + (box.height - height * len(setting.lines)) // 2
    for number, line in enumerate(setting.lines):
        x = box.x + round((box.width - text_width(line, setting.size, weight)) * align)
        base = top + number * height + round(setting.size * (_LINE + _RISE) / 2)
        cv2.putText(frame, line, (x, base), colour, _typeface(), setting.size, weight)


def blank(width: int, height: int, colour: Colour) -> Frame:
    """A frame of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


@cache
def _typeface() -> Any:
    return cv2.FontFace("sans")


def _room(box: Box, size: int) -> int:
    """Lines of this size that fit into the box."""
    return int(box.height / (size * _LINE))


def _broken(text: str, width: int, size: int, weight: int) -> list[str]:
    lines = [""]
    for word in re.split(
        r"[ \t\n]+", text.strip()
    ):  # not at no-break spaces, as stand before French punctuation
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size, weight) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _cut(line: str, width: int, size: int, weight: int) -> str:
    while line and text_width(line, size, weight) > width:
        line = line[:-2].rstrip() + "…" if len(line) > 1 else ""
    return line
