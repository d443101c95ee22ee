"""Interface of everything that takes frames."""

from __future__ import annotations

from abc import abstractmethod
from types import TracebackType
from typing import Protocol, Self

from realtime_style.frames import Frame, check_frame


class Sink(Protocol):
    """Takes frames; a context manager. Raises SinkError when frames cannot be put there."""

    @abstractmethod
    def write(self, frame: Frame) -> None:
        """Take a frame, (H, W, 3) uint8 BGR, which must not change afterwards.

        A sink with a thread of its own uses it later.
        """

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
    """Counts frames and drops them: for timing, and where only the summary matters."""

    def __init__(self) -> None:
        self.frames = 0

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        self.frames += 1

    def close(self) -> None:
        """Nothing to finish."""
