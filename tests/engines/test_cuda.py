"""CUDA: refused with the reason, and never replaced in silence."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from realtime_style.engines.devices import cuda
from realtime_style.engines.devices.cuda import has_nvidia_driver
from realtime_style.engines.packages import conflicting_wheels_message, installed_runtimes
from realtime_style.engines.table import open_engine
from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import DeviceUnavailable
from tests.helpers.engines import install_both_runtimes, without_nvidia


def seem_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pass all checks made before a session is opened."""
    monkeypatch.setattr(cuda, "has_nvidia_driver", lambda: True)
    monkeypatch.setattr(cuda, "_require_cuda", lambda ort: None)


@without_nvidia
def test_cuda_means_cuda_or_an_error_with_the_reason(
    tiny_style: Path, capfd: pytest.CaptureFixture[str]
):
    with pytest.raises(
        DeviceUnavailable, match="no NVIDIA driver; install it, or use --device auto"
    ) as seen:
        open_engine(tiny_style, device="cuda")
    assert "\n" not in str(seen.value)
    assert capfd.readouterr() == ("", "")


@without_nvidia
def test_gpu_build_without_a_driver_is_reported_by_auto(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cuda, "installed_runtimes", lambda: ["onnxruntime-gpu"])
    engine, fallback = open_engine(tiny_style)
    assert engine.provider != "CUDAExecutionProvider"
    assert fallback is not None
    assert "this machine has no NVIDIA driver" in fallback


@pytest.mark.skipif(
    "CUDAExecutionProvider" in require_onnxruntime().get_available_providers(),
    reason="this is the gpu extra",
)
def test_gpu_that_the_installed_build_cannot_use_is_explained(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cuda, "has_nvidia_driver", lambda: True)
    with pytest.raises(
        DeviceUnavailable,
        match=r'this onnxruntime has no CUDA; .* pip install "realtime-style\[gpu\]"',
    ):
        open_engine(tiny_style, device="cuda")
    engine, fallback = open_engine(tiny_style)
    assert engine.provider != "CUDAExecutionProvider"
    assert fallback is not None
    assert "this onnxruntime has no CUDA" in fallback


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_session_that_fell_back_to_the_cpu_is_refused(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    """ONNX Runtime takes the CPU when CUDA fails, and only logs it."""
    if has_nvidia_driver():
        pytest.skip("CUDA may work here")
    seem_usable(monkeypatch)
    with pytest.raises(DeviceUnavailable, match="cuda cannot be used"):
        open_engine(tiny_style, device="cuda")


def test_failure_in_the_first_frame_is_found_when_opening(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without cuDNN the session starts and the first convolution fails. The CPU stands in."""
    ort = require_onnxruntime()

    class Session:
        def __init__(self, path: str, options: object, **given: object) -> None:
            assert given["enable_fallback"] == 0
            self._inner = ort.InferenceSession(path, providers=["CPUExecutionProvider"])

        def get_providers(self) -> list[str]:
            return ["CUDAExecutionProvider", "CPUExecutionProvider"]

        def get_inputs(self) -> object:
            return self._inner.get_inputs()

        def io_binding(self) -> object:
            raise RuntimeError("NOT_IMPLEMENTED: cuDNN is not available\nand more lines")

    class OrtValue:
        @staticmethod
        def ortvalue_from_shape_and_type(
            shape: list[int], dtype: type, device: str, number: int
        ) -> object:
            assert device == "cuda"
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, dtype, "cpu", number)

    fake = SimpleNamespace(
        InferenceSession=Session, SessionOptions=ort.SessionOptions, OrtValue=OrtValue
    )
    seem_usable(monkeypatch)
    monkeypatch.setattr(cuda, "require_onnxruntime", lambda: fake)
    with pytest.raises(
        DeviceUnavailable,
        match=r"cuda cannot be used: NOT_IMPLEMENTED: cuDNN is not available; .*\[gpu\]",
    ) as seen:
        open_engine(tiny_style, device="cuda")
    assert "\n" not in str(seen.value)


def test_conflicting_wheels_are_named_with_the_remedy(
    tiny_style: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    both = install_both_runtimes(monkeypatch, tmp_path / "site-packages")
    assert installed_runtimes() == both
    with pytest.raises(DeviceUnavailable) as seen:
        open_engine(tiny_style, device="cuda")
    assert str(seen.value) == conflicting_wheels_message(both)
    assert str(seen.value).startswith(
        "onnxruntime and onnxruntime-gpu are both installed and overwrite each other; "
        "pip uninstall -y"
    )


def test_one_runtime_is_installed_here():
    assert len(installed_runtimes()) == 1
