"""OpenVINO on the processor, on Intel graphics and on a neural processor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime_style.engines.devices import openvino_cpu, openvino_gpu, openvino_npu
from realtime_style.engines.openvino_devices import missing_device
from realtime_style.engines.table import open_engine
from realtime_style.engines.telemetry import import_openvino
from realtime_style.errors import DeviceUnavailable
from realtime_style.frames import Frame
from tests.helpers.engines import needs_openvino, uninstall

ONE = np.ones(1, np.float32)
EXTRAS = {"openvino:gpu": "GPU", "openvino:npu": "NPU"}


def has_device(name: str) -> bool:
    return missing_device(name) is None


class ChipCore:
    """A Core that has a GPU and an NPU: the processor computes what they are given."""

    PROPERTIES = {  # noqa: RUF012  (of OpenVINO 2026.4's plugins)
        "GPU": {"PERFORMANCE_HINT", "INFERENCE_PRECISION_HINT"},
        "NPU": {"PERFORMANCE_HINT"},
    }

    def __init__(self) -> None:
        self._core = import_openvino().Core()
        self.available_devices = ["CPU", "GPU.0", "GPU.1", "NPU"]
        self.compiled: list[tuple[str, dict[str, str]]] = []

    def get_property(self, device: str, name: str) -> list[str]:
        assert (device, name) == ("GPU", "OPTIMIZATION_CAPABILITIES")
        return ["FP32", "FP16", "INT8"]

    def read_model(self, path: str) -> object:
        return self._core.read_model(path)

    def compile_model(self, model: Any, device: str, settings: dict[str, str]) -> object:
        assert settings.keys() <= self.PROPERTIES[device]
        assert not model.is_dynamic()  # an NPU takes fixed sizes only
        self.compiled.append((device, settings))
        return self._core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.fixture
def chips(monkeypatch: pytest.MonkeyPatch) -> ChipCore:
    """A machine with Intel graphics and a neural processor."""
    core, real = ChipCore(), import_openvino()

    class Module:
        opset13 = real.opset13

        @staticmethod
        def Core() -> ChipCore:
            return core

    for module in (openvino_gpu, openvino_npu):
        monkeypatch.setattr(module, "require_openvino", lambda: Module)
    monkeypatch.setattr("realtime_style.engines.openvino_devices.import_openvino", lambda: Module)
    return core


@needs_openvino
@pytest.mark.parametrize(("device", "plugin"), EXTRAS.items())
def test_absent_chip_is_refused_with_reason_and_remedy(tiny_style: Path, device: str, plugin: str):
    if has_device(plugin):
        pytest.skip(f"this machine has a {plugin}")
    with pytest.raises(DeviceUnavailable) as seen:
        open_engine(tiny_style, device=device)
    message = str(seen.value)
    assert f"{device} cannot be used: OpenVINO finds no {plugin} on this machine, only" in message
    assert "; it needs an Intel" in message
    assert "driver" in message
    assert "\n" not in message


@pytest.mark.parametrize("device", ["openvino", *EXTRAS])
def test_missing_package_is_refused_with_the_command(
    tiny_style: Path, device: str, monkeypatch: pytest.MonkeyPatch
):
    uninstall(monkeypatch, "openvino")
    with pytest.raises(
        DeviceUnavailable,
        match=r'openvino is not installed; .*pip install "realtime-style\[openvino\]"',
    ):
        open_engine(tiny_style, device=device)


@needs_openvino
@pytest.mark.parametrize(
    ("device", "plugin", "provider"),
    [
        ("openvino:gpu", "GPU", "OpenVINO GPU fp16"),
        ("openvino:npu", "NPU", "OpenVINO NPU fp16"),
    ],
)
def test_chip_is_compiled_for_and_nothing_else(
    tiny_style: Path, frame: Frame, chips: ChipCore, device: str, plugin: str, provider: str
):
    engine, fallback = open_engine(tiny_style, device=device, threads=2)
    assert (engine.provider, fallback) == (provider, None)
    assert np.array_equal(engine.run(frame, ONE), 255 - frame)
    paint = engine.specialized(frame.shape, ONE)
    assert paint is not None
    assert np.array_equal(paint(frame), 255 - frame)
    assert [name for name, _ in chips.compiled] == [plugin, plugin]


@needs_openvino
def test_auto_leaves_chips_alone_that_nobody_measured(tiny_style: Path, chips: ChipCore):
    engine, _ = open_engine(tiny_style)
    assert engine.provider not in ("OpenVINO GPU fp16", "OpenVINO NPU fp16")
    assert chips.compiled == []


@needs_openvino
def test_provider_names_the_precision(tiny_style: Path):
    provider = open_engine(tiny_style, device="openvino")[0].provider
    assert provider in ("OpenVINO CPU bf16", "OpenVINO CPU fp32")


@needs_openvino
def test_openvino_that_does_not_load_is_explained_and_passed_over(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken() -> None:
        raise ImportError("libopenvino.so: cannot open shared object file")

    monkeypatch.setattr("realtime_style.engines.telemetry.import_openvino", broken)
    with pytest.raises(
        DeviceUnavailable, match=r'libopenvino\.so.*; pip install "realtime-style\[openvino\]"'
    ):
        open_engine(tiny_style, device="openvino")
    engine, fallback = open_engine(tiny_style)
    if engine.provider == "CPUExecutionProvider":
        assert fallback is not None
        assert "openvino is unusable" in fallback


@needs_openvino
def test_reason_is_found_below_the_source_lines(tmp_path: Path):
    (tmp_path / "torn.onnx").write_bytes(b"torn")
    with pytest.raises(
        DeviceUnavailable,
        match=r"openvino cannot run torn\.onnx here: Unable to read the model",
    ) as seen:
        open_engine(tmp_path / "torn.onnx", device="openvino")
    assert "\n" not in str(seen.value)


@needs_openvino
def test_number_of_threads_reaches_the_processor(
    tiny_style: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch
):
    real, settings = import_openvino(), []

    class Core:
        def __init__(self) -> None:
            self._core = real.Core()

        def __getattr__(self, name: str) -> object:
            return getattr(self._core, name)

        def compile_model(self, model: object, device: str, given: dict[str, object]) -> object:
            settings.append(given)
            return self._core.compile_model(model, device, given)

    class Module:
        pass

    Module.Core = Core  # type: ignore[attr-defined]
    monkeypatch.setattr(openvino_cpu, "require_openvino", lambda: Module)
    for threads in (None, 1):
        open_engine(tiny_style, device="openvino", threads=threads)[0].run(frame, ONE)
    assert ["INFERENCE_NUM_THREADS" in given for given in settings] == [False, True]
    assert settings[1]["INFERENCE_NUM_THREADS"] == 1
