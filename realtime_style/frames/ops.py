"""Resize, crop and warp frames."""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame

Image = TypeVar("Image", npt.NDArray[np.uint8], npt.NDArray[np.float32])


def fit_within(frame: Frame, long_side: int) -> Frame:
    """Reduce `frame` to at most `long_side` pixels on its longer side; never enlarge it."""
    height, width = frame.shape[:2]
    size_wh = size_within(width, height, long_side)
    if size_wh == (width, height):
        return frame
    return _uint8(cv2.resize(frame, size_wh, interpolation=cv2.INTER_AREA))


def size_within(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Width and height of a frame of this size after :func:`fit_within`, in px."""
    scale = min(1.0, long_side / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def cover_crop(frame: Frame, size_wh: tuple[int, int]) -> Frame:
    """Scale `frame` without distortion to cover `size_wh`, and crop it to its middle."""
    width, height = size_wh
    scale = max(width / frame.shape[1], height / frame.shape[0])
    size = (max(width, round(frame.shape[1] * scale)), max(height, round(frame.shape[0] * scale)))
    resized = cv2.resize(
        frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    top, left = (resized.shape[0] - height) // 2, (resized.shape[1] - width) // 2
    return _uint8(np.ascontiguousarray(resized[top : top + height, left : left + width]))


def warp(image: Image, flow: npt.NDArray[np.float32]) -> Image:
    """Sample `image` (H, W) or (H, W, C) at each pixel's position plus `flow` (H, W, 2).

    The flow is x and y in pixels.
    """
    rows = np.arange(flow.shape[0], dtype=np.float32)[:, np.newaxis]
    columns = np.arange(flow.shape[1], dtype=np.float32)[np.newaxis]
    result = cv2.remap(
        image,
        flow[..., 0] + columns,
        flow[..., 1] + rows,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(result, image.dtype)


def _uint8(frame: Any) -> Frame:
    """Narrow the type: OpenCV's stubs return Any or a wider array type."""
    return np.asarray(frame, dtype=np.uint8)
