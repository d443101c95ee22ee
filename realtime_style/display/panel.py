"""Text on a soft dark backing, as an image."""

from __future__ import annotations

import cv2
import numpy as np

from realtime_style.display.geometry import Box
from realtime_style.display.sprites import (
    DARK,
    SHADE,
    WHITE,
    Colour,
    Image,
    blank,
    rounded,
    with_alpha,
)
from realtime_style.display.text import REGULAR, FittedText, Weight, text_mask


class Panel:
    """A translucent rectangle with round corners, px, to write opaque text and dots on."""

    def __init__(self, width: int, height: int, radius: int = 0, *, shade: bool = True) -> None:
        """Without `shade` there is no backing, only what is written, which has to be white."""
        self._colours = blank(width, height, DARK if shade else WHITE)
        self._opacity = rounded(width, height, radius) * (SHADE if shade else 0.0)

    def write(
        self,
        text: FittedText,
        box: Box,
        colour: Colour = WHITE,
        *,
        weight: Weight = REGULAR,
        align: float = 0.5,
    ) -> None:
        """Write lines into the box, in the middle of its height; `align` 0 is left, 1 right."""
        rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        ink = text_mask(text, box.width, box.height, weight=weight, align=align)
        under = self._colours[rows, columns]
        mixed = under * (1 - ink[..., None]) + np.asarray(colour, np.float32) * ink[..., None]
        under[:] = np.rint(mixed).astype(np.uint8)
        self._opacity[rows, columns] = np.maximum(self._opacity[rows, columns], ink)

    def dot(self, x: int, y: int, radius: int, colour: Colour) -> None:
        """Draw an opaque disc around this point."""
        cv2.circle(self._colours, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA)
        disc = np.zeros(self._opacity.shape, np.uint8)
        cv2.circle(disc, (x, y), radius, 255, cv2.FILLED, cv2.LINE_AA)
        self._opacity = np.maximum(self._opacity, disc / np.float32(255))

    def image(self) -> Image:
        """The panel with everything on it."""
        return with_alpha(self._colours, self._opacity)
