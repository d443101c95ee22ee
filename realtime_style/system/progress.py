"""Progress of long work on stderr: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

_LINE_EVERY_S = 10.0


class ProgressBar:
    """Pieces done, pieces per second, time left. Context manager.

    The rate counts from the first report, so that neither loading a network nor resuming at piece
    500 falsifies it. Where there is no terminal, work of less than ten seconds leaves no line.
    """

    def __init__(
        self, total: int | None, unit: str, label: str, *, stream: TextIO | None = None
    ) -> None:
        """Start at zero of `total` pieces (None: not known yet), named `label`.

        `unit` is one piece in the singular, such as "frame"; "s" for work measured by its time.
        """
        self._bar = _make_bar(total, unit, label, stream or sys.stderr)
        self._reported = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, done: int, text: str = "") -> None:
        """Report `done` finished pieces; `text` follows the figures, such as a loss."""
        bar = self._bar
        bar.set_postfix_str(text, refresh=False)
        if not self._reported:
            self._reported = True
            bar.unpause()  # the time so far does not count
            bar.n = bar.initial = bar.last_print_n = done
        bar.update(done - bar.n)

    def of(self, done: int, total: int | None) -> None:
        """Report like `update`, for work that learns its total on the way."""
        self._bar.total = total
        self.update(done)

    def close(self) -> None:
        """Show the final state, without a terminal only after an earlier line; safe to repeat."""
        self._bar.close()


def _make_bar(total: int | None, unit: str, label: str, stream: TextIO) -> tqdm[None]:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # no thread: each report may draw, which is often enough

    class Lines(Bar):
        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            # Called once more at the end, with an empty message and often without news.
            if self.n > self.last_print_n:
                self.fp.write(f"{self}\n")
                self.fp.flush()

    rate = "" if unit == "s" else ", {rate_fmt}"
    figures = "{n_fmt}/{total_fmt}{unit} [{elapsed}<{remaining}" + rate + "{postfix}]"
    options: dict[str, Any] = {"total": total, "unit": f" {unit}", "desc": label, "file": stream}
    options |= {"miniters": 1, "smoothing": 0}  # the mean rate of all reports
    bar: tqdm[None]
    if stream.isatty():
        options |= {"dynamic_ncols": True, "mininterval": 0.2}
        bar = Bar(**options, bar_format="{l_bar}{bar}| " + figures)
    else:
        options |= {"delay": _LINE_EVERY_S, "mininterval": _LINE_EVERY_S, "leave": False}
        bar = Lines(**options, bar_format="{desc}: " + figures)
    return bar
