"""benchmarks.stages: the time of each stage of a frame."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from benchmarks.stages import main, measure_stages
from realtime_style.stylize.stylizer import Stylizer


@pytest.mark.parametrize("size_wh", [(64, 48), (33, 17)])
def test_stages_follow_a_frame_from_source_to_sink(tiny_style: Path, size_wh: tuple[int, int]):
    with Stylizer(str(tiny_style), device="cpu") as stylizer:
        results = measure_stages(stylizer, size_wh, seconds=0.05)
    assert [result.stage for result in results] == [
        "make the test pattern",
        "decode H.264",
        "stylize: Tiny on CPUExecutionProvider",
        "smooth: 0.5",
        "encode H.264",
    ]
    assert all(0 <= result.p50_ms <= result.p95_ms for result in results)
    assert results[-1].mean_ms > 0


def test_table_has_a_line_for_each_stage_and_leaves_no_files(
    tiny_style: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rooms))
    size = ["--width", "64", "--height", "48", "--seconds", "0.01"]
    assert main(["--style", str(tiny_style), "--device", "cpu", *size]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 + 5
    assert list(rooms.iterdir()) == []


def test_style_that_does_not_exist_is_one_line(capsys: pytest.CaptureFixture[str]):
    assert main(["--style", "nothing-of-that-name"]) == 1
    assert capsys.readouterr().err.startswith("error: no style is called 'nothing-of-that-name'")
