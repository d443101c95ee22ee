"""How far long work has come: a bar on a terminal, a plain line now and then anywhere else; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

_LINE_EVERY_S = 10.0


def make_progress(
    total: int | None,
    unit: str,
    label: str,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Progress:
    """Begin to show work of `total` pieces (None: not known yet), each a `unit`, under the name `label`.

    The unit is in the singular, "frame"; "s" if the work is measured by its time.
    """
    return Progress(total, unit, label, stream=stream or sys.stderr, clock=clock)


class Progress:
    """Pieces done, pieces per second, time left. Context manager.

    Work of less than ten seconds leaves no plain line. A rate counts from the first report, so that loading a network or
    resuming at piece 500 does not falsify it.
    """

    def __init__(
        self,
        total: int | None,
        unit: str,
        label: str,
        *,
        stream: TextIO,
        clock: Callable[[], float],
    ) -> None:
        self._total, self._unit, self._label = total, unit, label
        self._stream, self._clock = stream, clock
        self._done, self._text = 0, ""
        self._first: tuple[float, int] | None = None  # time and pieces of the first report
        self._next_line = clock() + _LINE_EVERY_S
        self._unsaid = False  # something was reported after the last line
        self._said = False
        self._bar = _make_bar(total, unit, label, stream) if stream.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def update(self, done: int, text: str = "") -> None:
        """`done` pieces are finished; `text` goes behind the figures, such as a loss."""
        now = self._clock()
        resumed = self._first is None and done > 1
        if self._first is None:
            self._first = (now, done)
        self._done, self._text = done, text
        if self._bar is not None:
            if resumed:
                self._bar.n = self._bar.initial = done - 1
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(done - self._bar.n)
            return
        self._unsaid = True
        if now >= self._next_line:
            self._write_line()
            self._next_line = now + _LINE_EVERY_S

    def of(self, done: int, total: int | None) -> None:
        """As `update`, for work that knows its total only once it is under way."""
        self._total = total
        if self._bar is not None:
            self._bar.total = total
        self.update(done)

    def close(self) -> None:
        """Finish the bar, or say how it ended if anything was said before; twice does no harm."""
        if self._bar is not None:
            self._bar.close()
        elif self._said and self._unsaid:
            self._write_line()

    def _write_line(self) -> None:
        self._stream.write(self._line() + "\n")
        self._stream.flush()
        self._unsaid, self._said = False, True

    def _line(self) -> str:
        pieces = self._unit if self._unit == "s" else f"{self._unit}s"
        parts = [
            f"{self._done} of {self._total} {pieces}" if self._total else f"{self._done} {pieces}"
        ]
        rate = self._rate()
        if rate > 0:
            if self._unit != "s":
                parts.append(f"{rate:.1f} a second" if rate >= 1 else f"{1 / rate:.1f} s each")
            if self._total and self._total > self._done:
                parts.append(f"{_clock_text((self._total - self._done) / rate)} left")
        if self._text:
            parts.append(self._text)
        return f"{self._label}: " + ", ".join(parts)

    def _rate(self) -> float:
        """Pieces per second; 0 before it can be known."""
        if self._first is None:
            return 0.0
        seconds, pieces = self._clock() - self._first[0], self._done - self._first[1]
        return pieces / seconds if seconds > 0 else 0.0


def _make_bar(total: int | None, unit: str, label: str, stream: TextIO) -> tqdm[None]:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # no watching thread: each report may draw, which is often enough

    return Bar(
        total=total,
        unit=f" {unit}",
        desc=label,
        file=stream,
        dynamic_ncols=True,
        miniters=1,
        mininterval=0.2,
    )


def _clock_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
