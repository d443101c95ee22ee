"""A fake virtual camera, which needs no driver."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from realtime_style.frames import Frame


class FakeVirtualCamera:
    """Backend for pyvirtualcam: ``pyvirtualcam.register_backend("fake", FakeVirtualCamera)``.

    There is one device, as with real drivers, so its state belongs to the class.
    """

    plugged = True
    """True while the device opens and accepts frames."""
    frames: ClassVar[list[Frame]] = []
    """Frames sent so far, (H, W, 3) uint8 BGR."""
    opened = 0
    """Number of times the device was opened."""

    @classmethod
    def reset(cls) -> None:
        """Restore the initial state."""
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
        """Do nothing: there is no device to release."""

    def device(self) -> str:
        return self._device

    def native_fourcc(self) -> int | None:
        return None
