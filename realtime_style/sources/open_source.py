"""Open what a text names: a camera, a clip, pictures, the test pattern."""

from __future__ import annotations

from pathlib import Path

from realtime_style.media.images import IMAGE_SUFFIXES, images_in
from realtime_style.sources.base import Source
from realtime_style.sources.camera import open_camera
from realtime_style.sources.files import ImageFiles, VideoSource
from realtime_style.sources.pattern import TestPattern


def open_source(spec: str) -> Source:
    """Open a camera (``0``, ``/dev/video2``), a video, an image, a folder of images, or ``pattern``.

    Files give every frame, a camera its newest. Raises SourceError: VideoUnreadable,
    ImageUnreadable, CameraNotFound …
    """
    path = Path(spec)
    if spec == "pattern":
        return TestPattern()
    if spec.isdecimal() or spec.startswith("/dev/"):
        return open_camera(spec)
    if path.is_dir():
        return ImageFiles(images_in(path))
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFiles([path])
    return VideoSource(path)
