"""Interfaces of sources of frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from realtime_style.frames import Frame, LiveFrame


@dataclass(frozen=True)
class StreamInfo:
    """Description of a stream as it came, which may differ from what was requested."""

    width: int
    """px"""
    height: int
    """px"""
    fps: float | None
    """Frames per second, never rounded; None if the device or file does not say."""
    live: bool
    """True: frames arrive on their own clock and the newest wins. False: every frame, in order, as
    fast as the caller takes them."""
    name: str
    """For people: ``camera 0``, ``clip.mp4``."""
    details: str
    """For people: size, rate and format, ``asked 640x480 30 fps MJPG, got 640x480 30 fps YUYV``."""


class Source(ABC):
    """A source of frames: a context manager, iterable once."""

    info: StreamInfo
    dropped: int = 0
    """Frames that were never handed out because a newer one was there; always 0 for files."""

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Frames, (H, W, 3) uint8 BGR. Each is the caller's own, to keep or to paint on."""

    @abstractmethod
    def close(self) -> None:
        """Give the device or file back; may be called twice. A loop over the source then ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LiveSource(Protocol):
    """A live picture that is never waited for, for the pipeline; ReconnectingCamera is one."""

    @property
    def info(self) -> StreamInfo | None:
        """Description of the stream; None before its first frame."""

    @property
    def dropped(self) -> int:
        """Frames that were never taken because a newer one was there."""

    @property
    def problem(self) -> str:
        """Why there is no picture, one line; empty while there is one."""

    @property
    def hung(self) -> bool:
        """True while a driver does not come back; only a new process helps then."""

    def take(self, timeout_s: float) -> LiveFrame | None:
        """The newest frame not taken yet; None when none came within `timeout_s` seconds."""

    def close(self) -> None:
        """Give the device back; may be called twice."""
