"""The table of engines, and ``auto``."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime_style.engines import table
from realtime_style.engines.base import Engine
from realtime_style.engines.packages import conflicting_wheels_message
from realtime_style.engines.spec import EngineSpec, reason_of
from realtime_style.engines.table import DEVICES, ENGINES, device_help, find_engine, open_engine
from realtime_style.errors import DeviceUnavailable
from tests.helpers.engines import (
    install_both_runtimes,
    needs_openvino,
    uninstall,
    without_nvidia,
)


def refuse(path: Path, threads: int | None) -> Engine:
    raise RuntimeError("the chip is on holiday\nand more lines")


def fake_engine(name: str, *, rank: int | None = None, unavailable: str | None = None):
    """An engine that fails to open."""
    return EngineSpec(
        name=name,
        help="a chip",
        unavailable=lambda: unavailable,
        remedy="buy one",
        opener=refuse,
        auto_rank=rank,
    )


@pytest.fixture
def add_engine(monkeypatch: pytest.MonkeyPatch):
    """Put an engine before all others of the table."""

    def add(engine: EngineSpec) -> None:
        monkeypatch.setattr(table, "ENGINES", (engine, *ENGINES))

    return add


def test_devices_are_auto_and_all_engines_in_auto_order():
    assert DEVICES == ("auto", "cuda", "openvino", "cpu", "openvino:gpu", "openvino:npu")


def test_every_engine_describes_itself():
    for engine in ENGINES:
        assert find_engine(engine.name) is engine
        assert engine.help in device_help()
        assert engine.remedy
        assert "%" not in engine.help  # argparse would fill it in


def test_unknown_device_is_refused_with_the_known_ones(tiny_style: Path):
    names = "auto, cuda, openvino, cpu, openvino:gpu, openvino:npu"
    with pytest.raises(DeviceUnavailable, match=f"there is no device 'tpu'; devices are {names}$"):
        open_engine(tiny_style, device="tpu")


def test_unavailable_engine_is_refused_with_reason_and_remedy(tiny_style: Path, add_engine):
    add_engine(fake_engine("chip", unavailable="there is no chip"))
    with pytest.raises(DeviceUnavailable, match="chip cannot be used: there is no chip; buy one"):
        open_engine(tiny_style, device="chip")


def test_engine_that_fails_to_open_is_refused_on_one_line(tiny_style: Path, add_engine):
    add_engine(fake_engine("chip"))
    message = r"^chip cannot run tiny\.onnx here: the chip is on holiday; try another --device$"
    with pytest.raises(DeviceUnavailable, match=message):
        open_engine(tiny_style, device="chip")


def test_auto_passes_over_an_unavailable_engine_in_silence(tiny_style: Path, add_engine):
    add_engine(fake_engine("chip", rank=1, unavailable="there is no chip"))
    engine, fallback = open_engine(tiny_style)
    assert engine.provider
    assert fallback is None


def test_auto_reports_an_engine_that_fails_to_open(tiny_style: Path, add_engine):
    add_engine(fake_engine("chip", rank=1))
    engine, fallback = open_engine(tiny_style)
    assert engine.provider
    assert fallback is not None
    assert "the chip is on holiday" in fallback


def test_auto_never_takes_an_engine_without_a_rank(tiny_style: Path, add_engine):
    add_engine(fake_engine("chip"))
    assert open_engine(tiny_style)[1] is None


@without_nvidia
@needs_openvino
def test_auto_takes_openvino_where_there_is_no_gpu(tiny_style: Path):
    engine, fallback = open_engine(tiny_style)
    assert engine.provider.startswith("OpenVINO CPU")
    assert fallback is None


@without_nvidia
def test_auto_takes_the_cpu_where_openvino_is_missing(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    uninstall(monkeypatch, "openvino")
    engine, fallback = open_engine(tiny_style)
    assert (engine.provider, fallback) == ("CPUExecutionProvider", None)


@without_nvidia
def test_auto_without_any_engine_says_how_to_install_one(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    uninstall(monkeypatch, "openvino", "onnxruntime")
    with pytest.raises(
        DeviceUnavailable,
        match=r'^cpu cannot be used: .* not installed; pip install "realtime-style\[cpu\]"$',
    ):
        open_engine(tiny_style)


def test_conflicting_wheels_are_the_reason_auto_gives(
    tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    both = install_both_runtimes(monkeypatch, tmp_path / "site-packages")
    engine, fallback = open_engine(tiny_style)
    assert engine.provider != "CUDAExecutionProvider"
    assert fallback == conflicting_wheels_message(both)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one\ntwo", "one"),
        ("Exception from a.cpp:1:\nException from b.cpp:2:\nwhy\n\n", "why"),
        ("", "RuntimeError"),
    ],
)
def test_reason_of_an_engines_exception_is_one_line(text: str, reason: str):
    assert reason_of(RuntimeError(text)) == reason
