"""Cameras of this machine: their numbers, and advice for one that did not open."""

from __future__ import annotations

import sys
from pathlib import Path


def is_device(spec: str) -> bool:
    """True for a camera's number or device path, False for a clip or pattern in its place."""
    return spec.isdecimal() or spec.startswith("/dev/")


def list_cameras() -> list[str] | None:
    """Numbers of the cameras present, as `open_camera` takes them.

    None where only opening each of them would tell.
    """
    if sys.platform != "linux":
        return None
    names = [node.name[5:] for node in Path("/dev").glob("video*")]
    numbers = sorted(int(name) for name in names if name.isdecimal())
    return [str(number) for number in numbers if _takes_pictures(number)]


def camera_advice(spec: str) -> str:
    """Next step for a user whose camera `spec` did not open, as a sentence or two."""
    instead = "Try --camera clip.mp4 or --camera pattern"
    cameras = list_cameras()
    if cameras is None:
        return f"{instead}."
    found = f"Cameras found: {', '.join(cameras) or 'none'}."
    number = spec.removeprefix("/dev/video")
    if number in cameras:
        return (
            f"{found} It is there: close other programs that use it, "
            f"and check that you may read /dev/video{number}."
        )
    return f"{found} Try --camera {cameras[0]}." if cameras else f"{found} {instead}."


def _takes_pictures(number: int) -> bool:
    """False for the second device of a USB camera, which gives metadata only."""
    index = Path(f"/sys/class/video4linux/video{number}/index")
    try:
        return index.read_text().strip() == "0"
    except OSError:
        return True
