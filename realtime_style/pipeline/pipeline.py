"""Source to stylizer to whoever shows, records or sends the picture.

The next frame is begun in the thread that paints before the picture of this one is handed out: it
is painted while this one is shown, recorded or encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from realtime_style.frames import Frame, LiveFrame
from realtime_style.pipeline.look import Look
from realtime_style.pipeline.meter import Meter
from realtime_style.pipeline.paint_worker import PaintWorker
from realtime_style.sources.base import LiveSource

Item = TypeVar("Item")
Result = TypeVar("Result")


class PaintedFrame(NamedTuple):
    """A picture and the frame it was made of."""

    picture: Frame
    """Without words on it: what is shown, recorded, sent and saved."""
    source: LiveFrame


class LivePipeline:
    """Paints the newest frame of a live source, again and again; never waits long for the source."""

    def __init__(self, source: LiveSource, worker: PaintWorker, *, meter: Meter) -> None:
        """Stage ``wait`` of `meter` gets the time spent waiting for frames."""
        self.source, self.worker, self.meter = source, worker, meter
        self._under_way: LiveFrame | None = None
        self._held: LiveFrame | None = None

    def step(self, look: Look | None, timeout_s: float) -> PaintedFrame | None:
        """Finish the picture under way and begin the next; None when there was no frame in time.

        `look` is for the picture begun now. None: nothing is to be painted; a picture under way is
        thrown away, frames are taken and dropped. Raises RealtimeStyleError when painting fails on
        the CPU, and the source's permanent fault.
        """
        if self._under_way is None:
            with self.meter.stage("wait"):
                self._begin(look, timeout_s)
        if self._under_way is None:
            return None
        frame, self._under_way = self._under_way, None
        picture = self.worker.finish()
        if look is None:
            return None
        self.meter.tick()
        self._begin(look, 0)
        return PaintedFrame(picture, frame)

    def _begin(self, look: Look | None, timeout_s: float) -> None:
        if look is not None and look.frozen and self._held is not None:
            frame: LiveFrame | None = self._held
        else:
            frame = self.source.take(timeout_s)
        if frame is None or look is None:
            return
        self._held = self._under_way = frame
        self.worker.start(frame.image, look)


def in_order(
    items: Iterable[Item],
    work: Callable[[Item], Result],
    *,
    needs_work: Callable[[Item], bool] = lambda item: True,
) -> Generator[tuple[Item, Result | None]]:
    """Every item with the result of `work`, in order and without loss, for files.

    The next item is worked on in a thread of its own while the caller handles the result of this
    one. Items that need no work (packets of sound) pass by at once, with None. Raises what `items`
    and `work` raise, after the results before.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="paint") as executor:
        under_way: tuple[Item, Future[Result]] | None = None
        for item in items:
            if not needs_work(item):
                yield item, None
                continue
            following = item, executor.submit(work, item)
            if under_way is not None:
                yield under_way[0], under_way[1].result()
            under_way = following
        if under_way is not None:
            yield under_way[0], under_way[1].result()
