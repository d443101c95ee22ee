"""Behaviour that all engines share, on those that run here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.engines.onnxruntime_session import OnnxRuntimeEngine
from realtime_style.engines.openvino_session import OpenVinoEngine
from realtime_style.engines.table import open_engine
from realtime_style.errors import DeviceUnavailable
from realtime_style.frames import Frame
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.catalog import PACK, open_style_file
from realtime_style.testing.style_files import write_tiny_style
from tests.helpers.engines import CPU_ENGINES, needs_openvino

GALLERY = PACK / "gallery.onnx"
ONE = np.ones(1, np.float32)


def open_cpu(path: Path, threads: int | None = None) -> OnnxRuntimeEngine:
    engine, _ = open_engine(path, device="cpu", threads=threads)
    assert isinstance(engine, OnnxRuntimeEngine)
    return engine


@pytest.mark.parametrize("device", CPU_ENGINES)
@pytest.mark.parametrize("size_wh", [(64, 48), (641, 479), (16, 16), (1, 1), (1, 50)])
def test_result_has_the_size_of_the_frame(tiny_style: Path, device: str, size_wh: tuple[int, int]):
    engine, _ = open_engine(tiny_style, device=device)
    frame = np.random.default_rng(1).integers(0, 256, (size_wh[1], size_wh[0], 3), np.uint8)
    painted = engine.run(frame, ONE)
    assert (painted.shape, painted.dtype) == (frame.shape, frame.dtype)
    # bf16, which OpenVINO uses where the processor has it, holds 8 bits: half a grey level is lost.
    tolerance = 1 if device == "openvino" else 0
    assert np.abs(painted.astype(int) - (255 - frame.astype(int))).max() <= tolerance


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_result_is_not_overwritten_by_the_next(tiny_style: Path, frame: Frame, device: str):
    engine, _ = open_engine(tiny_style, device=device)
    first = engine.run(frame, ONE)
    kept = first.copy()
    engine.run(255 - frame, ONE)
    assert np.array_equal(first, kept)
    assert first.flags.writeable


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_frame_is_left_unchanged(tiny_style: Path, frame: Frame, device: str):
    before = frame.copy()
    open_engine(tiny_style, device=device)[0].run(frame, ONE)
    assert np.array_equal(frame, before)


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_the_four_sizes_used_last_are_kept(tiny_style: Path, device: str):
    engine, _ = open_engine(tiny_style, device=device)
    for side in (8, 16, 24, 32, 40, 48, 8, 48, 16):
        assert engine.run(np.full((side, side, 3), 55, np.uint8), ONE).max() == 200
    assert isinstance(engine, OnnxRuntimeEngine | OpenVinoEngine)
    kept = engine._buffers if isinstance(engine, OnnxRuntimeEngine) else engine._requests
    assert list(kept) == [(40, 40, 3), (8, 8, 3), (48, 48, 3), (16, 16, 3)]


def test_two_large_sizes_are_not_kept_together(tiny_style: Path):
    engine = open_cpu(tiny_style)
    for shape in ((2000, 3000, 3), (8, 8, 3), (3000, 2000, 3)):
        engine.run(np.zeros(shape, np.uint8), ONE)
    assert list(engine._buffers) == [(8, 8, 3), (3000, 2000, 3)]


def test_weights_blend_the_styles_of_a_file(tmp_path: Path, frame: Frame):
    engine = open_cpu(write_tiny_style(tmp_path / "two.onnx", names=["inverted", "same"]))
    assert np.array_equal(engine.run(frame, np.array([1, 0], np.float32)), 255 - frame)
    assert np.array_equal(engine.run(frame, np.array([0, 1], np.float32)), frame)
    assert (engine.run(frame, np.array([0.5, 0.5], np.float32)) == 128).all()


def test_cpu_provider_is_the_one_that_runs(tiny_style: Path):
    assert open_cpu(tiny_style).provider == "CPUExecutionProvider"


def test_file_that_does_not_load_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    (tmp_path / "torn.onnx").write_bytes(b"torn")
    with pytest.raises(
        DeviceUnavailable, match=r"cpu cannot run torn\.onnx here: .*; try another --device"
    ) as seen:
        open_cpu(tmp_path / "torn.onnx")
    assert "\n" not in str(seen.value)
    assert capfd.readouterr() == ("", "")


def test_threads_default_to_the_cores(tiny_style: Path):
    by_default, one = open_cpu(tiny_style), open_cpu(tiny_style, threads=1)
    assert by_default._session.get_session_options().intra_op_num_threads >= 1
    assert one._session.get_session_options().intra_op_num_threads == 1


@needs_openvino
def test_onnxruntime_and_openvino_paint_alike():
    weights = np.eye(len(open_style_file(GALLERY)), dtype=np.float32)[0]
    # Mean difference in grey levels; a single pixel is all rounding of bf16.
    for width, height, limit in ((161, 119, 4), (16, 16, 4), (1, 1, 10)):
        frame = TestPattern(width, height).picture(5)
        pictures = [
            open_engine(GALLERY, device=device)[0].run(frame, weights).astype(int)
            for device in ("cpu", "openvino")
        ]
        assert [picture.shape for picture in pictures] == [frame.shape] * 2
        assert np.abs(pictures[0] - pictures[1]).mean() < limit


SPECIALIZED_DIFFERS = {"cpu": 0.01, "openvino": 0.6}
"""Mean difference in grey levels: OpenVINO's bf16 rounds kernels before or after their blending."""


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_specialized_network_paints_the_same_picture(device: str):
    small = np.random.default_rng(3).integers(0, 256, (12, 16, 3), np.uint8)
    frame = np.asarray(cv2.resize(small, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)
    engine, _ = open_engine(GALLERY, device=device)
    weights = np.eye(9, dtype=np.float32)[4]
    before = engine.run(frame, weights)
    paint = engine.specialized(frame.shape, weights)
    assert paint is not None
    specialized = paint(frame)
    assert np.abs(specialized.astype(int) - before).mean() < SPECIALIZED_DIFFERS[device]
    assert specialized.flags.writeable
    kept = specialized.copy()
    paint(255 - frame)
    assert np.array_equal(specialized, kept)


@pytest.mark.parametrize("device", CPU_ENGINES)
def test_specialized_networks_keep_their_own_style(tmp_path: Path, frame: Frame, device: str):
    path = write_tiny_style(tmp_path / "two.onnx", names=["inverted", "same"])
    engine, _ = open_engine(path, device=device)
    mixes = [*np.eye(2, dtype=np.float32), np.array([0.5, 0.5], np.float32)]
    networks = [engine.specialized(frame.shape, weights) for weights in mixes]
    for paint, weights in zip(networks, mixes, strict=True):
        assert paint is not None
        wanted = weights[0] * (255.0 - frame) + weights[1] * frame
        assert np.abs(paint(frame) - wanted).max() <= 1
        assert np.abs(engine.run(frame, weights) - wanted).max() <= 1


def test_replaced_file_is_not_mixed_with_the_old_one(tmp_path: Path, frame: Frame):
    engine = open_cpu(write_tiny_style(tmp_path / "tiny.onnx"))
    write_tiny_style(tmp_path / "tiny.onnx", behaviour="identity")
    paint = engine.specialized(frame.shape, ONE)
    assert paint is not None
    assert np.array_equal(paint(frame), 255 - frame)


def test_dimensions_of_one_name_stay_free_when_specializing(tmp_path: Path, frame: Frame):
    import onnx

    model = onnx.load(write_tiny_style(tmp_path / "tiny.onnx"))
    for value in (*model.graph.input[:1], *model.graph.output):
        for dimension in value.type.tensor_type.shape.dim[1:3]:
            dimension.dim_param = "side"
    onnx.save(model, tmp_path / "square.onnx")
    paint = open_cpu(tmp_path / "square.onnx").specialized(frame.shape, ONE)
    assert paint is not None
    assert np.array_equal(paint(frame), 255 - frame)
