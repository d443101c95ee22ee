"""bench: comparable figures of how fast styles paint."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from realtime_style.diagnostics import bench
from realtime_style.diagnostics.bench import (
    BenchEntry,
    BenchResult,
    format_table,
    parse_entry,
    run_bench,
)
from realtime_style.engines.devices import cuda
from realtime_style.engines.table import DEVICES
from realtime_style.errors import DeviceUnavailable, RealtimeStyleError, StyleNotFound
from realtime_style.frames import Frame
from realtime_style.stylize.style_model import StyleModel
from realtime_style.testing.style_files import FakeClock, write_tiny_style

SMALL = (64, 48)


class SlowStylizer:
    """A stylizer that takes a known time for each frame on the fake clock, and notes its turns."""

    clock: FakeClock
    turns: list[str]
    drift = 1.0
    """Factor by which all slow down from frame to frame, as on a machine that heats up."""
    pace = 1.0

    def __init__(self, mix: str, *, device: str, specialize: str) -> None:
        assert specialize == "never"  # not while it is measured
        self.name = mix
        self.provider, self.fallback = f"{device} of a test", None

    def warm_up(self, width: int, height: int) -> float:
        self.clock.sleep(5.0)
        return 5.0

    def specialize(self, width: int, height: int) -> None:
        assert self.name not in self.turns

    def __call__(self, frame: Frame) -> Frame:
        self.turns.append(self.name)
        self.clock.sleep({"slow": 0.8, "fast": 0.1}[self.name] * SlowStylizer.pace)
        SlowStylizer.pace *= self.drift
        return frame

    def __enter__(self) -> SlowStylizer:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to free."""


@pytest.fixture
def slow_and_fast(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, fake_clock: FakeClock
) -> list[BenchEntry]:
    """Two entries on a fake clock: the first takes 800 ms, the second 100."""
    for name in ("slow", "fast"):
        write_tiny_style(own_home / f"{name}.onnx", names=[name])
    monkeypatch.setattr(SlowStylizer, "clock", fake_clock, raising=False)
    monkeypatch.setattr(SlowStylizer, "turns", [], raising=False)
    monkeypatch.setattr(SlowStylizer, "pace", 1.0)
    monkeypatch.setattr(bench, "Stylizer", SlowStylizer)
    return [BenchEntry("slow", "cpu"), BenchEntry("fast", "cpu")]


def run(entries: list[BenchEntry], clock: FakeClock, seconds: float = 9.0) -> BenchResult:
    return run_bench(entries, size_wh=SMALL, seconds=seconds, clock=clock)


def test_real_engines_are_measured_and_named(tiny_style: Path):
    said: list[str] = []
    entries = [BenchEntry(str(tiny_style), "cpu"), BenchEntry(str(tiny_style), "auto")]
    result = run_bench(entries, size_wh=SMALL, seconds=0.05, report=said.append)
    first, second = result.entries
    assert first.provider == "CPUExecutionProvider"
    assert second.device == "auto"
    assert second.provider in (
        "CPUExecutionProvider",
        "CUDAExecutionProvider",
        "OpenVINO CPU bf16",
        "OpenVINO CPU fp32",
    )
    for entry in result.entries:
        assert entry.frames == result.rounds >= 5
        assert 0 < entry.min_ms <= entry.p50_ms <= entry.p95_ms
        assert entry.fps == pytest.approx(1000 / entry.p50_ms, rel=0.05)
        assert entry.warm_up_s > 0
    assert (result.width, result.height) == SMALL
    assert any("warm-up" in line for line in said)


def test_figures_are_ms_per_frame_and_ratios_to_the_first(
    slow_and_fast: list[BenchEntry], fake_clock: FakeClock
):
    result = run(slow_and_fast, fake_clock)
    slow, fast = result.entries
    assert (slow.p50_ms, slow.min_ms, slow.fps, slow.times_faster) == (800, 800, 1.25, 1)
    assert (fast.p50_ms, fast.p95_ms, fast.fps) == (100, 100, 10)
    assert fast.times_faster == fast.times_faster_per_round == 8


def test_warm_up_is_in_no_other_figure(slow_and_fast: list[BenchEntry], fake_clock: FakeClock):
    result = run(slow_and_fast, fake_clock)
    assert [entry.warm_up_s for entry in result.entries] == [5, 5]
    assert result.seconds == pytest.approx(result.rounds * 0.9)


def test_entries_take_turns_and_each_begins_as_often(
    slow_and_fast: list[BenchEntry], fake_clock: FakeClock
):
    result = run(slow_and_fast, fake_clock)
    assert result.rounds == 10
    assert SlowStylizer.turns == ["slow", "fast", "fast", "slow"] * 5


def test_slow_entries_get_five_rounds(slow_and_fast: list[BenchEntry], fake_clock: FakeClock):
    assert run(slow_and_fast, fake_clock, seconds=0.1).rounds == 5


def test_slowing_machine_hardly_moves_the_ratio_per_round(
    slow_and_fast: list[BenchEntry], fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(SlowStylizer, "drift", 1.05)
    fast = run(slow_and_fast, fake_clock, seconds=20).entries[1]
    assert fast.times_faster_per_round == pytest.approx(8, rel=0.06)


def test_result_is_plain_values(tiny_style: Path):
    result = run_bench([BenchEntry(str(tiny_style), "cpu")], size_wh=SMALL, seconds=0.01)
    values = json.loads(json.dumps(asdict(result)))
    assert values["entries"][0]["provider"] == "CPUExecutionProvider"
    assert values["machine"]["cores"] >= 1


def test_table_names_the_machine_and_the_reference(
    slow_and_fast: list[BenchEntry], fake_clock: FakeClock
):
    result = run(slow_and_fast, fake_clock)
    table = format_table(result)
    assert result.machine.one_line() in table
    assert "64x48, 10 rounds of one frame each in 9.0 s" in table
    assert re.search(
        r"^fast +cpu +cpu of a test +5\.00 +100\.0 +100\.0 +100\.0 +10\.0 +8\.00$",
        table,
        re.MULTILINE,
    )
    assert "times as fast: as slow on cpu of a test" in table


def test_table_of_one_entry_has_its_fallback_only(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cuda, "has_nvidia_driver", lambda: True)
    monkeypatch.setattr(cuda, "_require_cuda", refuse)
    table = format_table(run_bench([BenchEntry(str(tiny_style))], size_wh=SMALL, seconds=0.01))
    assert "as fast: as" not in table
    assert "note: auto could not take something faster: the GPU is on holiday" in table


def refuse(ort: object) -> None:
    raise DeviceUnavailable("the GPU is on holiday")


@pytest.mark.parametrize(
    ("spec", "entry"),
    [
        ("starry-night", BenchEntry("starry-night", "cpu")),
        ("starry-night@openvino", BenchEntry("starry-night", "openvino")),
        ("starry-night@openvino:gpu", BenchEntry("starry-night", "openvino:gpu")),
        ("a:0.5,b:0.5@cuda", BenchEntry("a:0.5,b:0.5", "cuda")),
        ("me@home/x.onnx", BenchEntry("me@home/x.onnx", "cpu")),
        ("me@home/x.onnx@auto", BenchEntry("me@home/x.onnx", "auto")),
        ("@cuda", BenchEntry("@cuda", "cpu")),
    ],
)
def test_entry_is_a_style_and_perhaps_a_device(spec: str, entry: BenchEntry):
    assert parse_entry(spec, "cpu") == entry
    assert parse_entry(entry.label) == entry


@pytest.mark.parametrize("device", DEVICES)
def test_every_device_can_be_measured(device: str):
    assert parse_entry(f"starry-night@{device}").device == device


def test_entries_that_cannot_run_stop_the_bench():
    with pytest.raises(StyleNotFound):
        run_bench([BenchEntry("nothing-of-that-name")])
    with pytest.raises(ValueError, match="at least one entry"):
        run_bench([])


def test_measures_without_memory_to_specialize(tiny_style: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: StyleModel, *size: int, **how: object) -> None:
        raise RealtimeStyleError("painting 64x48 pixels needs more memory")

    monkeypatch.setattr(StyleModel, "specialize", refuse)
    said: list[str] = []
    result = run_bench(
        [BenchEntry(str(tiny_style), "cpu")], size_wh=(64, 48), seconds=0.01, report=said.append
    )
    assert result.rounds >= 5
    assert any("faster network: painting 64x48" in line for line in said)
