"""Frames: the only kind of picture outside training."""

from __future__ import annotations

from typing import Any, TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 BGR, C-contiguous."""
Moved = TypeVar("Moved", npt.NDArray[np.uint8], npt.NDArray[np.float32])


def check_frame(frame: Any) -> Frame:
    """`frame` itself, or ValueError saying what was seen and what is wanted."""
    if not isinstance(frame, np.ndarray):
        raise ValueError(f"a frame is a numpy array, not {type(frame).__name__}")
    if frame.dtype != np.uint8:
        raise ValueError(f"unexpected frame dtype: {frame.dtype} != uint8")
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        raise ValueError(f"unexpected frame shape: {frame.shape} != (H, W, 3)")
    return np.ascontiguousarray(frame)


def mix_frames(first: Frame, second: Frame, second_share: float) -> Frame:
    """Per pixel ``(1 - share) * first + share * second``, rounded; share 0..1. Both frames have the same shape."""
    if second_share <= 0:
        return first
    if second_share >= 1:
        return second
    return _uint8(cv2.addWeighted(first, 1 - second_share, second, second_share, 0))


def toned(painted: Frame, photo: Frame, share: float) -> Frame:
    """`painted` with brightness and contrast of each channel moved towards those of `photo`, all the way at share 1.

    Mean and standard deviation are interpolated, as in adaptive instance normalisation (Huang and Belongie, ICCV 2017).
    """
    if share <= 0:
        return painted
    (mean, spread), (own_mean, own_spread) = cv2.meanStdDev(painted), cv2.meanStdDev(photo)
    gain = (spread + share * (own_spread - spread)) / np.maximum(spread, 1.0)
    levels = (np.arange(256) - mean) * gain + mean + share * (own_mean - mean)  # (3, 256)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8).T[:, np.newaxis]
    return _uint8(cv2.LUT(painted, np.ascontiguousarray(table)))


def recoloured(painted: Frame, photo: Frame) -> Frame:
    """The light and shade of `painted` in the colours of `photo`, of the same shape: luma of one, chroma of the other.

    Gatys et al., "Preserving Color in Neural Artistic Style Transfer" (2016), section 4, with the luma of ITU-R BT.601.
    """
    mixed = cv2.cvtColor(photo, cv2.COLOR_BGR2YCrCb)
    cv2.mixChannels([cv2.cvtColor(painted, cv2.COLOR_BGR2YCrCb)], [mixed], [0, 0])
    return _uint8(cv2.cvtColor(mixed, cv2.COLOR_YCrCb2BGR))


def fit_within(frame: Frame, long_side: int) -> Frame:
    """`frame`, reduced if needed so that its longer side has at most `long_side` pixels; never enlarged."""
    height, width = frame.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return frame
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _uint8(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))


def fill(frame: Frame, size_wh: tuple[int, int]) -> Frame:
    """The middle of `frame`, scaled without distortion and cut to exactly this size."""
    width, height = size_wh
    scale = max(width / frame.shape[1], height / frame.shape[0])
    size = (max(width, round(frame.shape[1] * scale)), max(height, round(frame.shape[0] * scale)))
    resized = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    top, left = (resized.shape[0] - height) // 2, (resized.shape[1] - width) // 2
    return _uint8(np.ascontiguousarray(resized[top : top + height, left : left + width]))


def moved(image: Moved, flow: npt.NDArray[np.float32]) -> Moved:
    """`image` (H, W) or (H, W, C) sampled at each pixel's place plus its `flow` (H, W, 2), x and y in pixels."""
    rows = np.arange(flow.shape[0], dtype=np.float32)[:, np.newaxis]
    columns = np.arange(flow.shape[1], dtype=np.float32)[np.newaxis]
    result = cv2.remap(image, flow[..., 0] + columns, flow[..., 1] + rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(result, image.dtype)


def _uint8(frame: Any) -> Frame:
    """OpenCV's type stubs return Any or a wider array type; uint8 in is uint8 out."""
    return np.asarray(frame, dtype=np.uint8)
