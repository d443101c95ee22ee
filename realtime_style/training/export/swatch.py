"""Swatches: small samples of a style for buttons, painted by the style on a made-up scene."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from PIL import Image

from realtime_style.frames import Frame
from realtime_style.stylize.style_model import StyleModel

SWATCH_PX = 96
"""Side of a swatch."""
_SCENE_PX = 2 * SWATCH_PX
"""Strokes are made for larger pictures."""


def make_swatch(model: StyleModel, index: int) -> str:
    """Swatch of one style of a file: a square JPEG, base64, as :class:`StyleInfo` keeps it."""
    weights = np.eye(len(model.metadata.styles), dtype=np.float32)[index]
    painted = cv2.resize(
        model(sample_scene(), weights), (SWATCH_PX, SWATCH_PX), interpolation=cv2.INTER_AREA
    )
    packed = io.BytesIO()
    Image.fromarray(cv2.cvtColor(painted, cv2.COLOR_BGR2RGB)).save(packed, "JPEG", quality=80)
    return base64.b64encode(packed.getvalue()).decode("ascii")


def sample_scene() -> Frame:
    """A low sun over hills and a house, (192, 192, 3) uint8 BGR.

    Large shapes, edges, light and shade, many colours.
    """
    side = _SCENE_PX
    rows, columns = np.mgrid[0:side, 0:side] / side
    warm, blue = np.array([130.0, 190.0, 250.0]), np.array([230.0, 160.0, 90.0])
    scene = blue + (warm - blue) * rows[..., np.newaxis] ** 0.8 * 1.4
    glow = np.exp(-20 * ((columns - 0.68) ** 2 + (rows - 0.36) ** 2))[..., np.newaxis]
    scene = scene + glow * np.array([40.0, 80.0, 90.0])
    for height, waves, colour in (
        (0.52, 2.3, (120, 100, 70)),
        (0.62, 3.1, (60, 130, 90)),
        (0.76, 1.4, (50, 90, 60)),
    ):
        ridge = height + 0.06 * np.sin(waves * 2 * np.pi * columns + 9 * height)
        shade = 1 + 0.4 * np.sin(17 * columns + 9 * rows)[..., np.newaxis]
        scene = np.where((rows > ridge)[..., np.newaxis], np.array(colour, float) * shade, scene)
    frame: Frame = np.clip(scene, 0, 255).astype(np.uint8)
    cv2.circle(frame, (130, 68), 18, (140, 235, 255), cv2.FILLED, cv2.LINE_AA)
    cv2.rectangle(frame, (38, 112), (82, 146), (200, 215, 235), cv2.FILLED)
    cv2.fillPoly(
        frame, [np.array([(32, 114), (60, 90), (88, 114)], np.int32)], (50, 60, 190), cv2.LINE_AA
    )
    cv2.rectangle(frame, (52, 122), (64, 146), (60, 60, 80), cv2.FILLED)
    return frame
