"""The thread that paints: one picture at a time, on the CPU where a graphics chip fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.pipeline.look import Effect, Look, compose
from realtime_style.pipeline.meter import Meter
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer

log = logging.getLogger(__name__)

_RESCUE_SIZE = 480  # px: a CPU paints this in time where a graphics chip has failed

OpenStylizer = Callable[[str], Stylizer]
"""Opens the stylizer on a device, one of engines.table.DEVICES."""


class PaintWorker:
    """Paints one frame at a time in a thread: `start` it, do something else, `finish` it.

    When painting fails it goes on with the CPU and a smaller size, once, and says so.
    """

    def __init__(
        self,
        open_stylizer: OpenStylizer,
        device: str,
        *,
        meter: Meter,
        effects: Sequence[Effect] = (),
        rescued: bool = False,
        busy: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Open the stylizer. Raises what opening a style raises.

        Stage ``stylize`` of `meter` gets the time that painting takes. `rescued`: paint smaller on
        the CPU from the start, as after a chip that failed. `busy` surrounds the first painting of
        a style at a size, which may take as long as a start.
        """
        self._open_stylizer, self._meter = open_stylizer, meter
        self._effects, self._busy = tuple(effects), busy
        self.problem = ""
        """Why it paints smaller on the CPU, one line; empty while it does not."""
        self._rescued = rescued
        self._stylizer = open_stylizer("cpu" if rescued else device)
        if rescued:
            self._paint_smaller()
        self._compiled: set[tuple[Path, tuple[int, ...]]] = set()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="paint")
        self._painting: Future[Frame] | None = None

    @property
    def provider(self) -> str:
        """Engine and device that really paint."""
        return self._stylizer.provider

    @property
    def fallback(self) -> str | None:
        """Why ``auto`` did not take a better device; None when it did."""
        return self._stylizer.fallback

    @property
    def paint_size(self) -> int | None:
        """Long side in px at which frames are painted at most; None: as they are."""
        return self._stylizer.paint_size

    @property
    def busy(self) -> bool:
        """True from `start` to `finish`."""
        return self._painting is not None

    def warm_up(self, width: int, height: int) -> None:
        """Compile and allocate for frames of this size with the first mix."""
        self._stylizer.warm_up(width, height)

    def preload(self, mix: Mix, width: int, height: int) -> None:
        """Load `mix` for frames of this size; may be called from any thread."""
        self._stylizer.preload(mix, width, height)

    def start(self, frame: Frame, look: Look) -> None:
        """Start to paint a frame, which must not change meanwhile."""
        assert self._painting is None
        self._painting = self._executor.submit(self._paint, frame, look)

    def finish(self) -> Frame:
        """Wait for the picture that was started. Raises RealtimeStyleError when the CPU fails."""
        assert self._painting is not None
        painting, self._painting = self._painting, None
        return painting.result()

    def close(self) -> None:
        """Wait for the picture under way, and free the stylizer."""
        self._executor.shutdown()
        self._stylizer.close()

    def _paint(self, frame: Frame, look: Look) -> Frame:
        try:
            return self._compose(frame, look)
        except RealtimeStyleError as error:
            if self._rescued:
                raise
            self.problem = f"painting failed, going on smaller on the CPU: {error}"
            log.warning("%s", self.problem)
            self._stylizer.close()
            self._stylizer = self._open_stylizer("cpu")
            self._paint_smaller()
            self._rescued, self._compiled = True, set()
            return self._compose(frame, look)

    def _paint_smaller(self) -> None:
        self._stylizer.paint_size = min(self._stylizer.paint_size or _RESCUE_SIZE, _RESCUE_SIZE)

    def _compose(self, frame: Frame, look: Look) -> Frame:
        new = {(style.file, frame.shape) for style, _ in look.mix} - self._compiled
        if look.strength <= 0:  # the photograph itself: nothing is compiled for it
            new = set()
        with self._meter.stage("stylize"), self._busy() if new else nullcontext():
            picture = compose(frame, look, self._stylizer, self._effects)
        self._compiled |= new
        return picture
