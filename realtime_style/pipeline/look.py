"""Composing a picture: the one place where a frame becomes what people see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.stylize.temporal import DEFAULT_STEADINESS

Effect = Callable[[Frame, Frame], Frame]
"""A live effect: ``(photo, painted) -> painted``, all (H, W, 3) uint8 BGR of one size.

`photo` is what the camera saw, mirrored if the picture is; it must not be changed. `painted` may be
changed and returned. Effects run in the thread that paints.
"""


@dataclass(frozen=True)
class Look:
    """Wishes for a picture; they may change from frame to frame."""

    mix: Mix
    strength: float = 1.0
    """0..1: from the photograph to the whole style."""
    steadiness: float = DEFAULT_STEADINESS
    """0..1: how still strokes are held from frame to frame."""
    keep_colours: bool = False
    """Light and shade of the painting in the photograph's colours."""
    mirror: bool = False
    split: bool = False
    """Photograph beside painting."""
    frozen: bool = False
    """Paint the frame before again instead of a new one."""


def compose(frame: Frame, look: Look, stylizer: Stylizer, effects: Sequence[Effect]) -> Frame:
    """The picture for `frame`, (H, W, 3) uint8 BGR, of the same shape, without words on it.

    Mirrored, painted, passed through the effects in order, and split, as the look says.
    """
    photo = np.asarray(cv2.flip(frame, 1), np.uint8) if look.mirror else frame
    stylizer.mix, stylizer.strength = look.mix, look.strength
    stylizer.steadiness, stylizer.keep_colours = look.steadiness, look.keep_colours
    picture = stylizer(photo)
    for effect in effects:
        picture = effect(photo, picture)
    return split(photo, picture) if look.split else picture


def split(photo: Frame, painted: Frame) -> Frame:
    """The photograph's left half beside the painting's right half, a white line between them.

    Both frames have the same shape; the result is new.
    """
    height, width = photo.shape[:2]
    result = painted.copy()
    result[:, : width // 2] = photo[:, : width // 2]
    result[:, width // 2 : width // 2 + max(1, height // 240)] = 255
    return result
