"""losses.csv: what a run has learned so far, one row a step."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from realtime_style.atomic import whole_file

TERMS = (
    "objective",
    "strength",
    "content",
    "style",
    "tv",
    "lattice",
    "weave",
    "structure",
    "flicker",
    "temporal",
    "pixel",
    "grid",
    "border",
)
"""The objective, the strength that was taught (0..1), and the unweighted terms."""


class LossLog:
    """Appends rows to a CSV file with the columns ``step`` and TERMS; each is on disk before the next step begins.

    Rows after `step` are dropped first: a run that was killed does the steps since its checkpoint again. Rows from before a
    term was thought of, which are shorter, get 0 for it.
    """

    def __init__(self, path: Path, step: int) -> None:
        kept: list[list[str]] = []
        if step and path.is_file():
            with path.open(newline="", encoding="utf-8") as old:
                rows = csv.reader(old)
                columns = len(next(rows, []))
                whole = (row for row in rows if len(row) == columns and row[0].isdigit() and int(row[0]) <= step)
                kept = [[*row, *["0"] * (len(TERMS) + 1 - columns)] for row in whole]
        with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as new:
            csv.writer(new).writerows([["step", *TERMS], *kept])
        self._file = path.open("a", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)

    def write(self, step: int, losses: Mapping[str, float]) -> None:
        """Append the terms of one step."""
        self._writer.writerow([step, *(f"{losses[name]:.6g}" for name in TERMS)])
        self._file.flush()

    def __enter__(self) -> LossLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
