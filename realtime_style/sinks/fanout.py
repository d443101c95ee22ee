"""Outputs of a live picture side by side; when one fails, the others do not notice."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from realtime_style.frames import Frame
from realtime_style.frames.latest import LatestFrame
from realtime_style.sinks.base import Sink
from realtime_style.system.backoff import Backoff

log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_LEAVING_S = 10.0  # enough to finish a recording


class OutputGroup:
    """Sinks side by side, each with a thread that takes the newest frame; slow ones miss some.

    One that fails is closed and opened again, after growing pauses and for as long as it takes.
    """

    def __init__(
        self, factories: Mapping[str, Callable[[], Sink]], *, patient: bool = False
    ) -> None:
        """`factories` open the sinks, by names for people.

        Unless `patient`, sinks are opened now, and what that raises is raised.
        """
        self._outputs: dict[str, _OutputThread] = {}
        try:
            for name, factory in factories.items():
                sink = None if patient else factory()
                self._outputs[name] = _OutputThread(name, factory, sink)
        except BaseException:
            self.close()
            raise

    def __bool__(self) -> bool:
        return bool(self._outputs)

    def put(self, frame: Frame) -> None:
        """Offer a frame (H, W, 3) uint8 BGR, which must not change afterwards. Never waits."""
        for output in self._outputs.values():
            output.slot.put(frame, 0.0)

    @property
    def written(self) -> dict[str, int]:
        """Frames that each output has taken."""
        return {name: output.written for name, output in self._outputs.items()}

    @property
    def problems(self) -> dict[str, str]:
        """Reasons of the outputs that do not work now."""
        return {name: output.problem for name, output in self._outputs.items() if output.problem}

    def close(self) -> None:
        """Finish all outputs; may be called twice."""
        for output in self._outputs.values():
            output.slot.close()
        deadline = time.perf_counter() + _LEAVING_S
        for output in self._outputs.values():
            output.thread.join(max(0.0, deadline - time.perf_counter()))

    def __enter__(self) -> OutputGroup:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _OutputThread:
    """Writes the newest frame to one sink, and opens it again when it fails."""

    def __init__(self, name: str, factory: Callable[[], Sink], sink: Sink | None) -> None:
        self.slot = LatestFrame()
        self.written = 0
        self.problem = ""
        self._name, self._factory, self._sink = name, factory, sink
        self._backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self.thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        # A sink that is open already is used once, and so closed, even if nothing is to be written.
        while self._sink is not None or not self.slot.closed:
            try:
                self._write_all()
            except Exception as error:  # drivers may raise anything; no other output is concerned
                if str(error) != self.problem:
                    self.problem = str(error)
                    log.warning("%s stopped: %s; trying again", self._name, error)
                self.slot.wait_closed(self._backoff.next())

    def _write_all(self) -> None:
        """Write frames until the end, or an exception."""
        sink, self._sink = self._sink or self._factory(), None
        with sink:
            while (taken := self.slot.get(None)) is not None:
                sink.write(taken[0])
                self.written += 1
                self.problem = ""
                self._backoff.reset()
