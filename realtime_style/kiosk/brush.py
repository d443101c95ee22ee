"""What paints in a kiosk: in a thread, as one painting is shown while the next is made; on the processor where it has to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.pipeline.meter import Meter
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer

log = logging.getLogger(__name__)

_RESCUE_SIZE = 480  # px: what a processor paints in time when the graphics chip has failed


class PaintWorker:
    """Paints one frame at a time: `start` it, do something else, `finish` it."""

    def __init__(
        self,
        open_painter: Callable[[str], Stylizer],
        device: str,
        mixes: Sequence[Mix],
        *,
        rescued: bool = False,
        busy: Callable[[], AbstractContextManager[None]] = nullcontext,
        meter: Meter,
    ) -> None:
        """`open_painter` opens a painter on a device; `mixes` are all that will be asked for.

        `rescued`: paint on the processor and smaller from the start, as after a chip that failed. `busy` surrounds what may
        take as long as a start. Stage ``stylize`` of `meter` is what painting takes.
        """
        self._open_painter, self._mixes, self._rescued, self._busy, self._meter = (
            open_painter,
            mixes,
            rescued,
            busy,
            meter,
        )
        self._painter = open_painter("cpu" if rescued else device)
        if self._painter.fallback is not None:
            log.warning("painting could not take something faster: %s", self._painter.fallback)
        self._compiled: set[tuple[Path, tuple[int, ...]]] = set()
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="painter")
        self._painting: Future[Frame] | None = None
        self._ahead = _one_thread()

    @property
    def provider(self) -> str:
        """What it really runs on."""
        return self._painter.provider

    @property
    def at_work(self) -> bool:
        """Whether a painting was started and not finished yet."""
        return self._painting is not None

    def start(self, frame: Frame, mix: Mix, strength: float) -> None:
        """Start to paint a frame, which nobody may change meanwhile."""
        self._painting = self._hand.submit(self._paint, frame, mix, strength)

    def finish(self) -> Frame:
        """The painting that was started, waited for. Raises RealtimeStyleError when the processor fails, too."""
        assert self._painting is not None  # a mistake of the caller's
        painting, self._painting = self._painting, None
        return painting.result()

    def close(self) -> None:
        """Let go of the painter."""
        self._hand.shutdown()
        self._ahead.shutdown(cancel_futures=True)
        self._painter.close()

    def _paint(self, frame: Frame, mix: Mix, strength: float) -> Frame:
        try:
            return self._paint_with(mix, strength, frame)
        except RealtimeStyleError as error:
            if self._rescued:
                raise
            log.warning("painting failed, going on with the processor: %s", error)
            self._ahead.shutdown(cancel_futures=True)
            self._ahead = _one_thread()
            self._painter.close()
            self._painter = self._open_painter("cpu")
            self._rescued = True
            self._compiled = set()
            return self._paint_with(mix, strength, frame)

    def _paint_with(self, mix: Mix, strength: float, frame: Frame) -> Frame:
        self._painter.mix, self._painter.strength = mix, strength
        frame = fit_within(frame, _RESCUE_SIZE) if self._rescued else frame
        new = {
            (style.file, frame.shape) for style, _ in mix
        } - self._compiled  # engines compile for each size
        if strength <= 0:  # the photograph itself: nothing is compiled for it
            new = set()
        with self._meter.stage("stylize"), self._busy() if new else nullcontext():
            painted = self._painter(frame)
        if new and not self._compiled:
            self._load_ahead(frame)
        self._compiled |= new
        return painted

    def _load_ahead(self, frame: Frame) -> None:
        """Load the styles of other files, too: their first visitor shall not stand before a picture that stands still."""
        height, width = frame.shape[:2]
        for mix in self._mixes:
            self._ahead.submit(_load, self._painter, mix, width, height)


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="load style")


def _load(painter: Stylizer, mix: Mix, width: int, height: int) -> None:
    try:
        painter.preload(mix, width, height)
    except Exception as error:  # of any kind: engines raise types of their own, and nobody has asked for this style yet
        log.warning("style not loaded: %s", error)
