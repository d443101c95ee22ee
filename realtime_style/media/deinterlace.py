"""Deinterlacing: the two halves of a frame, taken one after the other, made one picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

if TYPE_CHECKING:
    import av
    from av.filter import Graph


class Deinterlacer:
    """One frame out for each frame in, at the same time of the clip, by FFmpeg's bwdif.

    Where nothing moves the second half is kept; elsewhere it is made anew, as its lines would be
    the teeth of a comb. Frames that are not marked as interlaced come out as they are. From the
    first interlaced one on, each frame waits for the next.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        # Of the frames inside: the filter counts in other units.
        self._times: deque[tuple[int | None, int, Fraction | None]] = deque()

    def __call__(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        """Frames that are ready now that `frame` has come."""
        kind = frame.width, frame.height, frame.format.name
        if kind != self._kind:
            yield from self.finish()
        if self._graph is None:
            if not frame.interlaced_frame:
                yield frame
                return
            self._graph, self._kind = _bwdif(frame), kind
        self._times.append((frame.pts, frame.duration, frame.time_base))
        self._graph.vpush(frame)
        yield from self._ready(self._graph)

    def finish(self) -> Iterator[av.VideoFrame]:
        """The frames that are left."""
        graph, self._graph = self._graph, None
        if graph is not None:
            graph.vpush(None)
            yield from self._ready(graph)

    def _ready(self, graph: Graph) -> Iterator[av.VideoFrame]:
        import av

        while True:
            try:
                frame = graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            frame.pts, frame.duration, frame.time_base = self._times.popleft()
            yield frame


def _bwdif(frame: av.VideoFrame) -> Graph:
    from av.filter import Graph

    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    bwdif, sink = graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph
