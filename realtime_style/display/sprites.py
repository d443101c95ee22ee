"""Still images with transparency, to lie over the picture; and the shapes they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from realtime_style.display.geometry import Box
from realtime_style.frames import Frame

Colour = tuple[int, int, int]
"""BGR."""

WHITE: Colour = (255, 255, 255)
DARK: Colour = (30, 26, 22)
"""Backing of text and controls."""

SHADE = 0.8
"""Opacity of backings: the picture shows through, white letters still stand out."""


@dataclass(frozen=True, eq=False)
class Image:
    """An image with transparency. Two are the same only if they are the same object.

    The display caches what it makes of an image, so draw it once and keep it.
    """

    bgra: npt.NDArray[np.uint8]
    """(H, W, 4) uint8, colours not premultiplied by alpha."""


@dataclass(frozen=True)
class Sprite:
    """An image and its place on the screen, px; it is scaled to fill `box`."""

    image: Image
    box: Box


def blank(width: int, height: int, colour: Colour) -> Frame:
    """A frame of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def rounded(width: int, height: int, radius: int) -> npt.NDArray[Any]:
    """A rectangle with round corners as coverage, (H, W) float32 0..1, smooth at the edge."""
    scale = 4
    mask = np.zeros((height * scale, width * scale), np.uint8)
    r = min(radius, width // 2, height // 2) * scale
    w, h = width * scale - 1, height * scale - 1
    cv2.rectangle(mask, (r, 0), (w - r, h), 255, cv2.FILLED)
    cv2.rectangle(mask, (0, r), (w, h - r), 255, cv2.FILLED)
    for x, y in ((r, r), (w - r, r), (r, h - r), (w - r, h - r)):
        cv2.circle(mask, (x, y), r, 255, cv2.FILLED)
    reduced = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.float32) / 255


def with_alpha(frame: Frame, alpha: npt.NDArray[Any]) -> Image:
    """A frame with this opacity, (H, W) 0..1, as an image."""
    opacity = np.rint(np.asarray(alpha, np.float32) * 255).astype(np.uint8)
    return Image(np.ascontiguousarray(np.dstack([frame, opacity])))


def opaque(frame: Frame) -> Image:
    """A frame as an image without transparency."""
    return with_alpha(frame, np.ones(frame.shape[:2], np.float32))
