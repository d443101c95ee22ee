"""What an engine is: it runs a style file. And what all engines need."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from realtime_style.frames import Frame

Weights = npt.NDArray[np.float32]
Shape = tuple[int, ...]

# Frame sizes whose buffers or compiled networks are kept: a camera has one, a folder of photographs many. Compiled networks
# hold up to 80 bytes per pixel, so large photographs must not be kept beside each other.
_SIZES_KEPT = 4
_PIXELS_KEPT = 4 * 1920 * 1080


class Engine(Protocol):
    """Runs one style file."""

    provider: str
    """What it really runs on, e.g. ``CUDAExecutionProvider`` or ``OpenVINO CPU bf16``."""

    def run(self, frame: Frame, weights: Weights) -> Frame:
        """The stylized frame: (H, W, 3) uint8 BGR to the same; `weights` (N,) float32. One thread at a time."""
        ...

    def specialized(self, shape: Shape, weights: Weights) -> Callable[[Frame], Frame] | None:
        """What paints frames of just this shape (H, W, 3) with just these weights (N,), as :meth:`run` does, in less time.

        None where nothing would be won. Takes a tenth of a second to make, also while another thread paints.
        """
        ...

    def close(self) -> None:
        """Free what it holds."""
        ...


def make_room(kept: MutableMapping[Shape, Any], shape: Shape) -> None:
    """Forget the frame sizes used longest ago, the first ones, until another of `shape` may be added."""
    while kept and (
        len(kept) >= _SIZES_KEPT or sum(h * w for h, w, _ in [*kept, shape]) > _PIXELS_KEPT
    ):
        del kept[next(iter(kept))]


def reason_of(error: Exception) -> str:
    """What an engine's exception says, on one line; OpenVINO puts the places it came through on the lines before."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next(
        (line for line in lines if line and not line.startswith("Exception from ")),
        type(error).__name__,
    )
