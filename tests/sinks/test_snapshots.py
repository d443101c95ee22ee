"""Snapshots of the live picture."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from realtime_style.errors import SinkError
from realtime_style.media.images import Picture, read_image
from realtime_style.sinks import snapshots as snapshots_module
from realtime_style.sinks.snapshots import Snapshots
from tests.helpers.waiting import until
from tests.helpers.webcam import same_picture

SMALL = np.zeros((8, 8, 3), np.uint8)


def test_snapshots_of_one_second_get_their_own_names(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)  # slow to compress
    snapshots = Snapshots(tmp_path, today=lambda: datetime(2026, 1, 2, 3, 4, 5))
    for _ in range(3):
        snapshots.save(noise, "a")
    snapshots.close()
    assert [path.name for path in snapshots.saved] == [
        "2026-01-02_03-04-05_a.png",
        "2026-01-02_03-04-05_a_2.png",
        "2026-01-02_03-04-05_a_3.png",
    ]
    assert all(same_picture(read_image(path).bgr, noise) for path in snapshots.saved)


def test_key_that_is_held_down_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(path: Path, picture: Picture) -> None:
        assert go_on.wait(20)

    monkeypatch.setattr(snapshots_module, "write_image", slow)
    snapshots = Snapshots(tmp_path)
    for _ in range(8):
        snapshots.save(SMALL)
    with pytest.raises(SinkError, match="still being saved"):
        snapshots.save(SMALL)
    go_on.set()
    until(snapshots.poll)
    snapshots.save(SMALL)
    snapshots.close()
    assert len(snapshots.saved) == 9


def test_snapshot_that_cannot_be_written_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    snapshots = Snapshots(tmp_path / "taken")
    snapshots.save(SMALL)
    said: list[str] = []

    def told() -> list[str]:
        said.extend(snapshots.poll())
        return said

    until(told)
    snapshots.close()
    assert said[0].startswith(f"cannot write {tmp_path / 'taken'}: ")
    assert snapshots.saved == []
