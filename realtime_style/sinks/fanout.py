"""Further places for the live picture beside the window, each on its own: what fails in one, no other notices."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from realtime_style.frames import Frame
from realtime_style.frames.latest import LatestFrame
from realtime_style.sinks.base import Sink
from realtime_style.sinks.options import OutputOptions
from realtime_style.sinks.virtual_camera import VirtualCameraSink

log = logging.getLogger(__name__)

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_LEAVING_S = 10.0  # enough to finish a film


def output_factories(
    options: OutputOptions, *, size_wh: tuple[int, int] | None = None
) -> dict[str, Callable[[], Sink]]:
    """Functions that open the outputs that `options` ask for, by name.

    `size_wh` is the size of the virtual camera, by default that of the first frame.
    """
    openers: dict[str, Callable[[], Sink]] = {}
    if (address := options.mjpeg) is not None:
        from realtime_style.sinks.mjpeg.sink import MjpegSink

        openers["second screen"] = lambda: MjpegSink(address)
    if (camera := options.virtual_camera) is not None:
        device = "" if camera == "auto" else camera
        openers["virtual camera"] = lambda: VirtualCameraSink(device, size_wh=size_wh)
    return openers


class OutputGroup:
    """Sinks side by side, each with a thread of its own that takes the newest frame; slow ones miss some.

    One that fails is closed and opened again, after growing pauses and for as long as it takes.
    """

    def __init__(self, openers: Mapping[str, Callable[[], Sink]], *, patient: bool = False) -> None:
        """`openers` by the names that people know them by. Unless `patient`, they are opened now and what they raise is
        raised.
        """
        self._outlets: dict[str, _OutputThread] = {}
        try:
            for name, opener in openers.items():
                self._outlets[name] = _OutputThread(name, opener, None if patient else opener())
        except BaseException:
            self.close()
            raise

    def __bool__(self) -> bool:
        return bool(self._outlets)

    def put(self, frame: Frame) -> None:
        """Offer a frame (H, W, 3) uint8 BGR, which must not change afterwards. Never waits."""
        for outlet in self._outlets.values():
            outlet.slot.put(frame, 0.0)

    @property
    def written(self) -> dict[str, int]:
        """Frames that each has taken."""
        return {name: outlet.written for name, outlet in self._outlets.items()}

    @property
    def problems(self) -> dict[str, str]:
        """Of those that do not work now, why."""
        return {name: outlet.problem for name, outlet in self._outlets.items() if outlet.problem}

    def close(self) -> None:
        """Finish all. May be called twice."""
        for outlet in self._outlets.values():
            outlet.slot.close()
        deadline = time.perf_counter() + _LEAVING_S
        for outlet in self._outlets.values():
            outlet.thread.join(max(0.0, deadline - time.perf_counter()))

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
    """One of them."""

    def __init__(self, name: str, opener: Callable[[], Sink], sink: Sink | None) -> None:
        self.slot = LatestFrame()
        self.written = 0
        self.problem = ""
        self._name, self._opener, self._sink = name, opener, sink
        self.thread = threading.Thread(target=self._run, name=f"output {name}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self.slot.closed:
            before = self.written
            try:
                self._write_all()
                self.problem = ""
            except (
                Exception
            ) as error:  # a driver may raise anything, and none of it is the others' concern
                pause_s = (
                    _FIRST_PAUSE_S if self.written > before else min(2 * pause_s, _LONGEST_PAUSE_S)
                )
                if str(error) != self.problem:
                    self.problem = str(error)
                    log.warning("%s stopped: %s; trying again", self._name, error)
                self.slot.wait_closed(pause_s)

    def _write_all(self) -> None:
        """Until the end, or an exception."""
        sink, self._sink = self._sink or self._opener(), None
        with sink:
            while (taken := self.slot.get(None)) is not None:
                sink.write(taken[0])
                self.written += 1
                self.problem = ""
