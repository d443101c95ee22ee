"""A live effect of your own, here a vignette: ``python demos/vignette.py [CAMERA]``; q quits."""

from __future__ import annotations

import sys
from functools import lru_cache

import cv2
import numpy as np

from realtime_style import RealtimeStyleError, WebcamOptions, run_webcam


@lru_cache(maxsize=2)
def shade(width: int, height: int) -> np.ndarray:
    """Brightness from 1 in the middle to 0.25 in the corners, (H, W, 3) float32."""
    across, down = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    distance = np.hypot(across[None, :], down[:, None]) / np.sqrt(2)
    return np.repeat((1 - 0.75 * distance**2)[..., None], 3, axis=2).astype(np.float32)


def vignette(photo: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Darken the corners of the painting, (H, W, 3) uint8 BGR; the photo is not needed here."""
    height, width = painted.shape[:2]
    return cv2.multiply(painted, shade(width, height), dtype=cv2.CV_8U)


def main() -> int:
    camera = sys.argv[1] if len(sys.argv) > 1 else "0"
    try:
        options = WebcamOptions(style="starry-night", camera=camera)
        run_webcam(options, effects=[vignette])
    except RealtimeStyleError as error:
        print(f"vignette: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
