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
    """Every frame of a video file, upright and in order, for loops of your own; sound is what the video verb keeps.

    The decoder is the video verb's, PyAV: exact frame rates, phone clips turned upright, and a file that is damaged is
    told from one that has ended. Raises VideoUnreadable, at once or, when the damage shows only later, while iterating.
    """

    def __init__(self, path: Path) -> None:
        self._clip = VideoReader(path)
        self._closed = False
        width, height = self._clip.size
        rate = self._clip.rate
        details = f"{width}x{height} {float(rate):.5g} fps"
        self.info = StreamInfo(
            width, height, float(rate), self._clip.total, False, path.name, details, rate
        )

    def __iter__(self) -> Iterator[Frame]:
        import av

        if self._closed:
            return
        for entry in self._clip.read():
            if isinstance(entry, av.VideoFrame):
                yield self._clip.upright(entry)
            if self._closed:
                return

    def close(self) -> None:
        self._closed = True
        self._clip.close()


class ImageFiles(Source):
    """Still pictures, one frame each, in the order given. Each has its own size; `info` has the first one's.

    Raises ImageUnreadable for a file that is no image: the first at once, others when their turn comes.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        if not paths:
            raise SourceError("no images were given; name at least one")
        self._paths = list(paths)
        self._closed = False
        self._first = read_image(self._paths[0]).bgr
        height, width = self._first.shape[:2]
        name = self._paths[0].name if len(self._paths) == 1 else str(self._paths[0].parent)
        details = f"{width}x{height}" + (
            f", the first of {len(self._paths)}" if len(self._paths) > 1 else ""
        )
        self.info = StreamInfo(width, height, None, len(self._paths), False, name, details)

    def __iter__(self) -> Iterator[Frame]:
        for position, path in enumerate(self._paths):
            if self._closed:
                return
            yield self._first if position == 0 else read_image(path).bgr

    def close(self) -> None:
        self._closed = True
