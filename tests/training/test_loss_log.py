"""losses.csv over several sittings."""

from __future__ import annotations

import csv
from pathlib import Path

from realtime_style.training.loss_log import COLUMNS, LossLog


def test_rows_without_a_newer_term_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "losses.csv"
    known = [name for name in COLUMNS if name not in ("structure", "border")]
    numbers = [str(10 + number) for number, _ in enumerate(known)]
    rows = [[str(step), *numbers] for step in (1, 2, 3)]
    lines = [",".join(row) for row in (["step", *known], *rows)]
    path.write_text("\n".join([*lines, "4,10,1"]))  # the last row is cut off
    with LossLog(path, 2) as log:
        log.write(3, dict.fromkeys(COLUMNS, 7.0))
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    kept = dict(zip(known, numbers, strict=True)) | {"structure": "0", "border": "0"}
    assert found == [
        {"step": "1", **kept},
        {"step": "2", **kept},
        {"step": "3", **dict.fromkeys(COLUMNS, "7")},
    ]
