"""Engine interface and the helpers that engines share."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame

Weights = npt.NDArray[np.float32]
Shape = tuple[int, ...]

# Frame sizes whose buffers or compiled networks are kept: a camera has one, a folder of photographs
# many. Compiled networks hold up to 80 bytes per pixel, so several large photographs are too much.
_SIZES_KEPT = 4
_PIXELS_KEPT = 4 * 1920 * 1080


class Engine(Protocol):
    """One style file, loaded and ready to run."""

    provider: str
    """Device and library it really runs on, e.g. ``CUDAExecutionProvider`` or ``OpenVINO CPU bf16``."""

    def run(self, frame: Frame, weights: Weights) -> Frame:
        """Stylize a frame: (H, W, 3) uint8 BGR to a new array of the same shape.

        `weights` is (N,) float32. Not for use from several threads at once.
        """
        ...

    def specialized(self, shape: Shape, weights: Weights) -> Callable[[Frame], Frame] | None:
        """A faster equivalent of :meth:`run` for frames of this shape (H, W, 3) and these weights.

        None where it would not be faster. Takes 40 to 200 ms to make; may be called while another
        thread calls :meth:`run`.
        """
        ...

    def close(self) -> None:
        """Free buffers and compiled networks."""
        ...


def make_room(kept: MutableMapping[Shape, Any], shape: Shape) -> None:
    """Drop the least recently used sizes, the first ones, until another of `shape` may be added."""
    while kept and (
        len(kept) >= _SIZES_KEPT or sum(h * w for h, w, _ in [*kept, shape]) > _PIXELS_KEPT
    ):
        del kept[next(iter(kept))]
