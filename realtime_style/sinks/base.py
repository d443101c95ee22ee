"""Interface of everything that takes frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TYPE_CHECKING, Self

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.frames import Frame, check_frame

if TYPE_CHECKING:
    pass


class Sink(ABC):
    """Where frames go: a context manager."""

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Take a frame, (H, W, 3) uint8 BGR. It is copied or used at once: the caller may paint on it afterwards."""

    @abstractmethod
    def close(self) -> None:
        """Finish; may be called twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class NullSink(Sink):
    """Takes frames and counts them: for timing, and where only the summary matters."""

    def __init__(self) -> None:
        self.frames = 0

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        self.frames += 1

    def close(self) -> None:
        """Nothing to finish."""
