"""losses.csv: the losses of a run, one row per step."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from realtime_style.system.atomic import atomic_write, unwritable
from realtime_style.training.objective.losses import TERMS

COLUMNS = ("objective", "strength", *(term.name for term in TERMS))
"""The objective, the strength of the step (0..1), and the unweighted terms.

0 for terms that a step did without.
"""


class LossLog:
    """Appends rows to a CSV file with the columns ``step`` and COLUMNS, flushed after each step.

    Rows after `step` are dropped first: a killed run repeats the steps since its checkpoint. Rows
    from before a term existed get 0 for it.
    """

    def __init__(self, path: Path, step: int) -> None:
        kept: list[list[str]] = []
        if step and path.is_file():
            with path.open(newline="", encoding="utf-8") as old:
                rows = csv.DictReader(old)
                # Rows that were cut off are shorter or longer.
                whole = (row for row in rows if None not in row and None not in row.values())
                done = (row for row in whole if row["step"].isdigit() and int(row["step"]) <= step)
                kept = [[row["step"], *(row.get(name, "0") for name in COLUMNS)] for row in done]
        with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8") as new:
            csv.writer(new).writerows([["step", *COLUMNS], *kept])
        self._path = path
        self._file = path.open("a", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)

    def write(self, step: int, losses: Mapping[str, float]) -> None:
        """Append the losses of one step."""
        try:
            self._writer.writerow([step, *(f"{losses.get(name, 0.0):.6g}" for name in COLUMNS)])
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
