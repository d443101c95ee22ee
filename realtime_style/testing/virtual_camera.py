"""A virtual camera without a driver, for tests, ours and yours."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from realtime_style.frames import Frame


class FakeVirtualCamera:
    """A backend for pyvirtualcam: ``pyvirtualcam.register_backend("fake", FakeVirtualCamera)``.

    It stands for one device, as drivers do: what it was given and how it behaves belongs to the class.
    """

    plugged = True
    """Whether it can be opened and takes frames."""
    frames: ClassVar[list[Frame]] = []
    """What it was sent, (H, W, 3) uint8 BGR."""
    opened = 0
    """How often."""

    @classmethod
    def reset(cls) -> None:
        """As if nothing had happened."""
        cls.plugged, cls.opened = True, 0
        cls.frames.clear()

    def __init__(
        self, *, width: int, height: int, fps: float, fourcc: int, device: str | None
    ) -> None:
        if not self.plugged:
            raise RuntimeError("no virtual camera\nis plugged in")
        self._shape, self._device = (height, width, 3), device or "fake"
        type(self).opened += 1

    def send(self, frame: np.ndarray) -> None:
        if not self.plugged:
            raise OSError("the virtual camera has gone")
        self.frames.append(np.array(frame, np.uint8).reshape(self._shape))

    def close(self) -> None:
        """Nothing to give back."""

    def device(self) -> str:
        return self._device

    def native_fourcc(self) -> int | None:
        return None
