"""The live picture as a camera for other programs here: video calls, streaming, recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from realtime_style.errors import SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.sinks.base import Sink

if TYPE_CHECKING:
    import pyvirtualcam

_RATE = 30.0  # stated to the programs that read; frames are sent when they come


class VirtualCameraSink(Sink):
    """Sends frames to a virtual camera by pyvirtualcam: v4l2loopback on Linux, OBS's elsewhere."""

    def __init__(self, device: str = "auto", *, size_wh: tuple[int, int] | None = None) -> None:
        """`device` is pyvirtualcam's name of the camera, such as /dev/video10; auto: the first one.

        The camera is opened for frames of `size_wh`, None: when the first one comes; and again when
        the size changes. Raises SinkError when pyvirtualcam or a camera is missing.
        """
        self._device = None if device == "auto" else device
        self._camera: pyvirtualcam.Camera | None = None
        if size_wh is not None:
            self._open(size_wh)

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        size_wh = frame.shape[1], frame.shape[0]
        if self._camera is None or (self._camera.width, self._camera.height) != size_wh:
            self.close()
            self._open(size_wh)
        assert self._camera is not None
        self._camera.send(frame)

    def close(self) -> None:
        """Give the camera back; may be called twice."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _open(self, size_wh: tuple[int, int]) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise SinkError(
                f"a virtual camera needs pyvirtualcam ({error}); "
                'pip install "realtime-style[virtual-camera]"'
            ) from error
        try:
            self._camera = pyvirtualcam.Camera(
                *size_wh, _RATE, fmt=pyvirtualcam.PixelFormat.BGR, device=self._device
            )
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise SinkError(
                f"no virtual camera of {size_wh[0]}x{size_wh[1]}: {reason}; "
                "on Linux: sudo modprobe v4l2loopback exclusive_caps=1, elsewhere: install OBS"
            ) from error
