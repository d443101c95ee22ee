"""Colour and tone of a painted frame beside its photograph."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from realtime_style.frames import Frame


def mix_frames(first: Frame, second: Frame, second_share: float) -> Frame:
    """Per pixel ``(1 - share) * first + share * second``, rounded; share 0..1, same shapes."""
    if second_share <= 0:
        return first
    if second_share >= 1:
        return second
    return _uint8(cv2.addWeighted(first, 1 - second_share, second, second_share, 0))


def match_tone(painted: Frame, photo: Frame, share: float) -> Frame:
    """Move brightness and contrast of each channel towards the photograph's, fully at share 1.

    Mean and standard deviation are interpolated, as in adaptive instance normalisation (Huang and
    Belongie, ICCV 2017).
    """
    if share <= 0:
        return painted
    (mean, spread), (own_mean, own_spread) = cv2.meanStdDev(painted), cv2.meanStdDev(photo)
    gain = (spread + share * (own_spread - spread)) / np.maximum(spread, 1.0)
    levels = (np.arange(256) - mean) * gain + mean + share * (own_mean - mean)  # (3, 256)
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8).T[:, np.newaxis]
    return _uint8(cv2.LUT(painted, np.ascontiguousarray(table)))


def transfer_luma(painted: Frame, photo: Frame) -> Frame:
    """The luma of `painted` with the chroma of `photo`, of the same shape.

    Gatys et al., "Preserving Color in Neural Artistic Style Transfer" (2016), section 4, with the
    luma of ITU-R BT.601.
    """
    mixed = cv2.cvtColor(photo, cv2.COLOR_BGR2YCrCb)
    cv2.mixChannels([cv2.cvtColor(painted, cv2.COLOR_BGR2YCrCb)], [mixed], [0, 0])
    return _uint8(cv2.cvtColor(mixed, cv2.COLOR_YCrCb2BGR))


def _uint8(frame: Any) -> Frame:
    """`frame` typed as a Frame: OpenCV's stubs return wider types, uint8 in is uint8 out."""
    return np.asarray(frame, dtype=np.uint8)
