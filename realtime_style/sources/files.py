"""Files as sources: every frame of a video, or pictures one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from realtime_style.errors import SourceError
from realtime_style.frames import Frame
from realtime_style.media.images import read_image
from realtime_style.media.video_reader import VideoReader
from realtime_style.sources.base import Source, StreamInfo


class VideoSource(Source):
    """Every frame of a video file, upright, with square pixels, in order; without sound.

    It is read as by ``realtime-style video``: exact frame rates, phone clips turned upright, and a
    damaged file is told from one that has ended. Raises VideoUnreadable, at once or, when the
    damage shows only later, while iterating.
    """

    def __init__(self, path: Path) -> None:
        self._clip = VideoReader(path, square_pixels=True)
        self._closed = False
        width, height = self._clip.size
        fps = float(self._clip.rate)
        details = f"{width}x{height} {fps:.5g} fps"
        self.info = StreamInfo(width, height, fps, False, path.name, details)

    def __iter__(self) -> Iterator[Frame]:
        import av

        if self._closed:
            return
        for entry in self._clip.read():
            if isinstance(entry, av.VideoFrame):
                yield self._clip.to_bgr(entry)
            if self._closed:
                return

    def close(self) -> None:
        self._closed = True
        self._clip.close()


class ImageFiles(Source):
    """Still pictures, one frame each, in the order given. Sizes may differ; `info` has the first.

    Raises ImageUnreadable for a file that is no image: the first at once, others while iterating.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if not paths:
            raise SourceError("no images were given; name at least one")
        self._paths = list(paths)
        self._closed = False
        self._first = read_image(self._paths[0]).bgr
        height, width = self._first.shape[:2]
        alone = len(self._paths) == 1
        name = self._paths[0].name if alone else str(self._paths[0].parent)
        details = f"{width}x{height}" + ("" if alone else f", the first of {len(self._paths)}")
        self.info = StreamInfo(width, height, None, False, name, details)

    def __iter__(self) -> Iterator[Frame]:
        for position, path in enumerate(self._paths):
            if self._closed:
                return
            yield self._first if position == 0 else read_image(path).bgr

    def close(self) -> None:
        self._closed = True
