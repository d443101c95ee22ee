"""What runs a style file, and what is said of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from realtime_style.engines import cuda as runtimes
from realtime_style.engines import onnxruntime_engine, openvino_engine
from realtime_style.engines import table as engines
from realtime_style.engines.base import reason_of
from realtime_style.engines.cuda import (
    conflicting_wheels_message,
    has_nvidia_driver,
    installed_runtimes,
)
from realtime_style.engines.devices import DEVICES
from realtime_style.engines.onnxruntime_engine import OnnxRuntimeEngine
from realtime_style.engines.openvino_engine import OpenVinoEngine
from realtime_style.engines.table import open_engine
from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import DeviceUnavailable
from realtime_style.frames import Frame
from realtime_style.styles.catalog import PACK
from realtime_style.testing.style_files import write_tiny_style

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="the openvino extra is not installed"
)
without_nvidia = pytest.mark.skipif(has_nvidia_driver(), reason="this machine has an NVIDIA driver")
CPU_ENGINES = ["cpu", pytest.param("openvino", marks=needs_openvino)]
ONE = np.ones(1, np.float32)


def fake_distribution(folder: Path, name: str) -> None:
    """What pip leaves behind when it installs `name`."""
    info = folder / f"{name.replace('-', '_')}-1.31.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.31.1\n", encoding="utf-8"
    )
    (info / "RECORD").write_text("onnxruntime/__init__.py,,\n", encoding="utf-8")


@pytest.fixture
def both_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """ONNX Runtime for the CPU and for the GPU are installed, both."""
    site = tmp_path / "site-packages"
    for name in {"onnxruntime", "onnxruntime-gpu"} - set(installed_runtimes()):
        fake_distribution(site, name)
    monkeypatch.syspath_prepend(str(site))
    return ["onnxruntime", "onnxruntime-gpu"]


@pytest.mark.parametrize("device", CPU_ENGINES)
@pytest.mark.parametrize("size_wh", [(64, 48), (641, 479), (16, 16), (1, 1), (1, 50)])
def test_any_frame_size_comes_back_as_it_went_in(
    tiny_style: Path, device: str, size_wh: tuple[int, int]
):
    engine, _ = open_engine(tiny_style, device=device)
    frame = np.random.default_rng(1).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)
    painted = engine.run(frame, ONE)
    assert (painted.shape, painted.dtype) == (frame.shape, frame.dtype)
    # bf16, which OpenVINO uses where the processor has it, holds 8 bits: half a grey level is lost here and there.
    assert np.abs(painted.astype(int) - (255 - frame.astype(int))).max() <= (
        1 if device == "openvino" else 0
    )


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_a_result_is_not_overwritten_by_the_next_one(tiny_style: Path, frame: Frame, device: str):
    engine, _ = open_engine(tiny_style, device=device)
    first = engine.run(frame, ONE)
    kept = first.copy()
    engine.run(255 - frame, ONE)
    assert np.array_equal(first, kept)
    assert first.flags.writeable


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_the_frame_itself_is_left_alone(tiny_style: Path, frame: Frame, device: str):
    before = frame.copy()
    open_engine(tiny_style, device=device)[0].run(frame, ONE)
    assert np.array_equal(frame, before)


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_sizes_may_come_in_any_order_and_only_few_are_kept(tiny_style: Path, device: str):
    engine, _ = open_engine(tiny_style, device=device)
    for side in (8, 16, 24, 32, 40, 48, 8, 48, 16):
        assert engine.run(np.full((side, side, 3), 55, np.uint8), ONE).max() == 200
    assert isinstance(engine, OnnxRuntimeEngine | OpenVinoEngine)
    kept = engine._buffers if isinstance(engine, OnnxRuntimeEngine) else engine._requests
    assert list(kept) == [(40, 40, 3), (8, 8, 3), (48, 48, 3), (16, 16, 3)]


def test_large_sizes_are_not_kept_beside_each_other(tiny_style: Path):
    engine = OnnxRuntimeEngine(tiny_style, device="cpu")
    for shape in ((2000, 3000, 3), (8, 8, 3), (3000, 2000, 3)):
        engine.run(np.zeros(shape, np.uint8), ONE)
    assert list(engine._buffers) == [(8, 8, 3), (3000, 2000, 3)]


def test_weights_blend_the_styles_of_a_file(tmp_path: Path, frame: Frame):
    path = write_tiny_style(tmp_path / "two.onnx", names=["inverted", "same"])
    engine = OnnxRuntimeEngine(path, device="cpu")
    assert np.array_equal(engine.run(frame, np.array([1, 0], np.float32)), 255 - frame)
    assert np.array_equal(engine.run(frame, np.array([0, 1], np.float32)), frame)
    assert (engine.run(frame, np.array([0.5, 0.5], np.float32)) == 128).all()


def test_the_provider_is_the_one_that_runs(tiny_style: Path):
    assert open_engine(tiny_style, device="cpu")[0].provider == "CPUExecutionProvider"


@needs_openvino
def test_openvino_says_its_precision(tiny_style: Path):
    assert open_engine(tiny_style, device="openvino")[0].provider in (
        "OpenVINO CPU bf16",
        "OpenVINO CPU fp32",
    )


def test_a_device_nobody_knows_is_refused_with_those_that_there_are(tiny_style: Path):
    with pytest.raises(
        DeviceUnavailable, match="there is no device 'tpu'; devices are auto, cuda, openvino, cpu"
    ):
        open_engine(tiny_style, device="tpu")
    assert DEVICES == ("auto", "cuda", "openvino", "cpu")


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
@needs_openvino
def test_auto_takes_openvino_where_there_is_no_gpu_and_has_nothing_to_explain(tiny_style: Path):
    engine, fallback = open_engine(tiny_style)
    assert engine.provider.startswith("OpenVINO CPU")
    assert fallback is None


@without_nvidia
def test_auto_takes_the_cpu_provider_where_openvino_is_not_installed(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    engine, fallback = open_engine(tiny_style)
    assert (engine.provider, fallback) == ("CPUExecutionProvider", None)


@pytest.mark.skipif(
    "CUDAExecutionProvider" in require_onnxruntime().get_available_providers(),
    reason="this is the gpu extra",
)
def test_a_gpu_that_the_installed_build_cannot_use_is_explained(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    for module in (engines, runtimes):
        monkeypatch.setattr(module, "has_nvidia_driver", lambda: True)
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
def test_a_session_that_quietly_fell_back_to_the_cpu_is_refused(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    """ONNX Runtime takes the CPU when CUDA fails, and only logs it."""
    if has_nvidia_driver():
        pytest.skip("CUDA may work here")
    monkeypatch.setattr(onnxruntime_engine, "require_cuda", lambda ort: None)
    with pytest.raises(DeviceUnavailable, match="CUDA cannot be used"):
        OnnxRuntimeEngine(tiny_style, device="cuda")


def test_cuda_that_fails_at_the_first_frame_is_refused_when_it_is_opened(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    """Without cuDNN the session starts, and only a convolution finds out. A session on the CPU stands in for it."""
    ort = require_onnxruntime()

    class Session:
        def __init__(self, path: str, options: object, **asked: object) -> None:
            assert asked["enable_fallback"] == 0
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
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, dtype, "cpu", number)

    fake = SimpleNamespace(
        InferenceSession=Session, SessionOptions=ort.SessionOptions, OrtValue=OrtValue
    )
    monkeypatch.setattr(onnxruntime_engine, "require_onnxruntime", lambda: fake)
    monkeypatch.setattr(onnxruntime_engine, "require_cuda", lambda ort: None)
    with pytest.raises(
        DeviceUnavailable,
        match=r"CUDA cannot be used: NOT_IMPLEMENTED: cuDNN is not available; .*\[gpu\]",
    ) as seen:
        OnnxRuntimeEngine(tiny_style, device="cuda")
    assert "\n" not in str(seen.value)


def test_both_wheels_are_named_with_the_way_to_mend_it(tiny_style: Path, both_wheels: list[str]):
    assert installed_runtimes() == both_wheels
    with pytest.raises(DeviceUnavailable) as seen:
        open_engine(tiny_style, device="cuda")
    assert str(seen.value) == conflicting_wheels_message(both_wheels)
    assert str(seen.value).startswith(
        "onnxruntime and onnxruntime-gpu are both installed and overwrite each other; pip uninstall -y"
    )


def test_both_wheels_do_not_stop_auto_but_are_the_reason_it_gives(
    tiny_style: Path, both_wheels: list[str]
):
    engine, fallback = open_engine(tiny_style)
    assert engine.provider != "CUDAExecutionProvider"
    assert fallback == conflicting_wheels_message(both_wheels)


def test_one_runtime_is_installed_here():
    assert len(installed_runtimes()) == 1


@needs_openvino
def test_openvino_that_cannot_be_imported_is_explained_and_auto_goes_on(
    tiny_style: Path, monkeypatch: pytest.MonkeyPatch
):
    def broken() -> None:
        raise ImportError("libopenvino.so: cannot open shared object file")

    monkeypatch.setattr(openvino_engine, "import_openvino", broken)
    with pytest.raises(
        DeviceUnavailable, match=r'libopenvino\.so.*; pip install "realtime-style\[openvino\]"'
    ):
        open_engine(tiny_style, device="openvino")
    engine, fallback = open_engine(tiny_style)
    if engine.provider == "CPUExecutionProvider":
        assert fallback is not None
        assert "OpenVINO cannot be used" in fallback


def test_a_file_that_cannot_be_loaded_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "torn.onnx").write_bytes(b"torn")
    with pytest.raises(
        DeviceUnavailable, match=r"cpu could not load torn\.onnx: .*; try another --device"
    ) as seen:
        open_engine(tmp_path / "torn.onnx", device="cpu")
    assert "\n" not in str(seen.value)
    assert capfd.readouterr() == ("", "")


@needs_openvino
def test_openvinos_reason_is_found_below_the_places_it_came_through(tmp_path: Path):
    (tmp_path / "torn.onnx").write_bytes(b"torn")
    with pytest.raises(
        DeviceUnavailable, match=r"OpenVINO cannot run torn\.onnx here: Unable to read the model"
    ) as seen:
        open_engine(tmp_path / "torn.onnx", device="openvino")
    assert "\n" not in str(seen.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("one\ntwo", "one"),
        ("Exception from a.cpp:1:\nException from b.cpp:2:\nwhy\n\n", "why"),
        ("", "RuntimeError"),
    ],
)
def test_the_reason_of_an_engines_exception_is_one_line(text: str, reason: str):
    assert reason_of(RuntimeError(text)) == reason


def test_the_number_of_threads_is_that_of_the_cores_unless_said(tiny_style: Path):
    by_itself = OnnxRuntimeEngine(tiny_style, device="cpu")
    asked = OnnxRuntimeEngine(tiny_style, device="cpu", threads=1)
    assert by_itself._session.get_session_options().intra_op_num_threads >= 1
    assert asked._session.get_session_options().intra_op_num_threads == 1


@needs_openvino
@pytest.mark.parametrize(
    "path", sorted(PACK.glob("*.onnx")) or [None], ids=lambda path: path.stem if path else "none"
)
def test_both_engines_paint_a_shipped_style_alike(path: Path | None):
    if path is None:
        pytest.skip("no style is shipped yet")
    from realtime_style.sources.pattern import TestPattern
    from realtime_style.styles.catalog import open_style_file

    weights = np.eye(len(open_style_file(path)), dtype=np.float32)[0]
    for width, height, apart in (
        (161, 119, 4),
        (16, 16, 4),
        (1, 1, 10),
    ):  # one pixel is all rounding of bf16
        frame = TestPattern(width, height).picture(5)
        pictures = [
            open_engine(path, device=device)[0].run(frame, weights).astype(int)
            for device in ("cpu", "openvino")
        ]
        assert [picture.shape for picture in pictures] == [frame.shape] * 2
        assert np.abs(pictures[0] - pictures[1]).mean() < apart


SETTLED_DIFFERS = {"cpu": 0.01, "openvino": 0.6}
"""Mean difference in grey levels: OpenVINO's bf16 rounds kernels before they are blended or after."""


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_a_settled_style_is_the_same_picture(device: str):
    rng = np.random.default_rng(3)
    frame = cv2.resize(
        rng.integers(0, 256, (12, 16, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC
    ).astype(np.uint8)
    engine, _ = open_engine(PACK / "gallery.onnx", device=device)
    weights = np.eye(9, dtype=np.float32)[4]
    before = engine.run(frame, weights)
    paint = engine.specialized(frame.shape, weights)
    assert paint is not None
    specialized = paint(frame)
    assert np.abs(specialized.astype(int) - before).mean() < SETTLED_DIFFERS[device]
    assert specialized.flags.writeable
    kept = specialized.copy()
    paint(255 - frame)
    assert np.array_equal(specialized, kept)


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_settled_or_not_each_style_paints_its_own(tmp_path: Path, frame: Frame, device: str):
    engine, _ = open_engine(
        write_tiny_style(tmp_path / "two.onnx", names=["inverted", "same"]), device=device
    )
    inverted, same, halves = *np.eye(2, dtype=np.float32), np.array([0.5, 0.5], np.float32)
    painters = [engine.specialized(frame.shape, weights) for weights in (inverted, same, halves)]
    for paint, weights in zip(painters, (inverted, same, halves), strict=True):
        assert paint is not None
        wanted = weights[0] * (255.0 - frame) + weights[1] * frame
        assert np.abs(paint(frame) - wanted).max() <= 1
        assert np.abs(engine.run(frame, weights) - wanted).max() <= 1


def test_a_style_file_that_was_written_anew_meanwhile_is_not_mixed_with_the_old_one(
    tmp_path: Path, frame: Frame
):
    engine = OnnxRuntimeEngine(write_tiny_style(tmp_path / "tiny.onnx"), device="cpu")
    write_tiny_style(tmp_path / "tiny.onnx", behaviour="identity")
    paint = engine.specialized(frame.shape, ONE)
    assert paint is not None
    assert np.array_equal(paint(frame), 255 - frame)


def test_dimensions_that_share_a_name_are_left_free_when_it_settles(tmp_path: Path, frame: Frame):
    import onnx

    model = onnx.load(write_tiny_style(tmp_path / "tiny.onnx"))
    for value in (*model.graph.input[:1], *model.graph.output):
        for dimension in value.type.tensor_type.shape.dim[1:3]:
            dimension.dim_param = "side"
    onnx.save(model, tmp_path / "square.onnx")
    paint = OnnxRuntimeEngine(tmp_path / "square.onnx", device="cpu").specialized(frame.shape, ONE)
    assert paint is not None
    assert np.array_equal(paint(frame), 255 - frame)
