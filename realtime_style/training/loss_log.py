"""losses.csv: what a run has learned so far, one row a step."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from realtime_style.system.atomic import atomic_write, unwritable

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
"""The objective, the strength that was taught (0..1), and the unweighted terms; 0 for those that a step did without."""


class LossLog:
    """Appends rows to a CSV file with the columns ``step`` and TERMS; each is on disk before the next step begins.

    Rows after `step` are dropped first: a run that was killed does the steps since its checkpoint again. Rows from before a
    term was thought of get 0 for it.
    """

    def __init__(self, path: Path, step: int) -> None:
        kept: list[list[str]] = []
        if step and path.is_file():
            with path.open(newline="", encoding="utf-8") as old:
                rows = csv.DictReader(old)
                whole = (
                    row for row in rows if None not in row and None not in row.values()
                )  # neither longer nor shorter
                done = (row for row in whole if row["step"].isdigit() and int(row["step"]) <= step)
                kept = [[row["step"], *(row.get(name, "0") for name in TERMS)] for row in done]
        with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8") as new:
            csv.writer(new).writerows([["step", *TERMS], *kept])
        self._path = path
        self._file = path.open("a", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)

    def write(self, step: int, losses: Mapping[str, float]) -> None:
        """Append the terms of one step."""
        try:
            self._writer.writerow([step, *(f"{losses.get(name, 0.0):.6g}" for name in TERMS)])
            self._file.flush()
        except OSError as error:
            raise unwritable(self._path, error) from error

    def __enter__(self) -> LossLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
