"""Rectangles on a screen, and pictures fitted into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fit = Literal["contain", "cover"]
"""``contain``: the whole picture, black beside it. ``cover``: no black, the edges cut off."""


@dataclass(frozen=True)
class Box:
    """A rectangle, px; x and y are its top left corner and may lie outside the screen."""

    x: int
    y: int
    width: int
    height: int

    def holds(self, x: int, y: int) -> bool:
        """True if this point is inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def inset(self, by: int) -> Box:
        """The rectangle that is smaller by `by` px on every side, but never negative."""
        return Box(
            self.x + by, self.y + by, max(0, self.width - 2 * by), max(0, self.height - 2 * by)
        )

    def overlaps(self, other: Box) -> bool:
        """True if the two have an area in common."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def fitted_box(size_wh: tuple[int, int], room: Box, fit: Fit = "contain") -> Box:
    """The box of a picture of this size, its shape kept, in the middle of `room`.

    `contain` makes it as large as fits; `cover` as small as leaves no part of `room` free.
    """
    scales = room.width / size_wh[0], room.height / size_wh[1]
    scale = min(scales) if fit == "contain" else max(scales)
    width, height = (max(1, round(side * scale)) for side in size_wh)
    return Box(
        room.x + (room.width - width) // 2, room.y + (room.height - height) // 2, width, height
    )
