"""The frame type, the only kind of picture outside training, and operations on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Frame = npt.NDArray[np.uint8]
"""(H, W, 3) uint8 BGR, C-contiguous."""


class LiveFrame(NamedTuple):
    """A frame of a live source, with its time and number."""

    image: Frame
    captured_at: float
    """Seconds on the source's clock; now minus this is the frame's age."""
    number: int
    """Frames that the source delivered before this one, dropped ones included."""


def check_frame(frame: Any) -> Frame:
    """Return `frame`, C-contiguous; raise ValueError with what it is and what is wanted."""
    if not isinstance(frame, np.ndarray):
        raise ValueError(f"a frame is a numpy array, not {type(frame).__name__}")
    if frame.dtype != np.uint8:
        raise ValueError(f"unexpected frame dtype: {frame.dtype} != uint8")
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        raise ValueError(f"unexpected frame shape: {frame.shape} != (H, W, 3)")
    return np.ascontiguousarray(frame)
