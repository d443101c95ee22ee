"""One style file on one engine."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from realtime_style.engines.base import Weights
from realtime_style.errors import (
    BadStyleFile,
    DeviceUnavailable,
    RealtimeStyleError,
    StyleError,
    StyleNotFound,
)
from realtime_style.frames import Frame
from realtime_style.stylize import style_model
from realtime_style.stylize.style_model import StyleModel
from realtime_style.testing.style_files import write_tiny_style


@pytest.fixture
def stylize(tiny_style: Path):
    with StyleModel(tiny_style, device="cpu") as model:
        yield model


@pytest.fixture
def two(tmp_path: Path):
    """A file whose first style inverts and whose second does nothing."""
    path = write_tiny_style(tmp_path / "two.onnx", names=["inverted", "same"])
    with StyleModel(path, device="cpu") as model:
        yield model


def test_painted_frame_is_a_new_array(stylize: StyleModel, frame: Frame):
    before = frame.copy()
    painted = stylize(frame)
    assert np.array_equal(painted, 255 - before)
    assert np.array_equal(frame, before)
    assert painted.flags.c_contiguous
    assert painted.flags.writeable


def test_red_stays_red_through_an_identity_network(tmp_path: Path):
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 2] = 255
    with StyleModel(
        write_tiny_style(tmp_path / "same.onnx", behaviour="identity"), device="cpu"
    ) as stylize:
        assert np.array_equal(stylize(red), red)


def test_view_of_a_frame_is_painted_like_its_copy(stylize: StyleModel, frame: Frame):
    for view in (frame[::2, ::3], frame[5:20, 7:40], frame[:, ::-1], frame[..., ::-1]):
        assert np.array_equal(stylize(view), 255 - view)


def test_frame_size_may_change(stylize: StyleModel):
    for height, width in ((48, 64), (479, 641), (16, 16), (1, 1), (48, 64)):
        assert stylize(np.zeros((height, width, 3), np.uint8)).shape == (height, width, 3)


@pytest.mark.parametrize(
    ("bad", "seen"),
    [
        (np.zeros((4, 4, 3), np.float32), "unexpected frame dtype: float32 != uint8"),
        (np.zeros((4, 4), np.uint8), "unexpected frame shape: (4, 4) != (H, W, 3)"),
        (np.zeros((4, 4, 4), np.uint8), "unexpected frame shape: (4, 4, 4)"),
        (np.zeros((0, 4, 3), np.uint8), "unexpected frame shape: (0, 4, 3)"),
        ("frame", "not str"),
    ],
)
def test_anything_but_a_frame_is_refused_with_what_it_is(
    stylize: StyleModel, bad: object, seen: str
):
    with pytest.raises(ValueError, match=re.escape(seen)):
        stylize(bad)  # type: ignore[arg-type]


def test_first_style_is_the_default(two: StyleModel, frame: Frame):
    assert np.array_equal(two(frame), 255 - frame)


def test_weights_are_scaled_to_sum_to_one(two: StyleModel, frame: Frame):
    assert np.array_equal(two(frame, np.array([0, 7], np.float32)), frame)
    assert (two(frame, np.array([3, 3], np.float32)) == 128).all()
    whole_numbers = [0, 1]
    assert np.array_equal(two(frame, whole_numbers), frame)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [[1], [1, 1, 1], [0, 0], [-1, 2], [np.nan, 1], [np.inf, 1]])
def test_invalid_weights_are_refused(two: StyleModel, frame: Frame, weights: list[float]):
    with pytest.raises(StyleError, match="style weights"):
        two(frame, np.array(weights, np.float32))


def test_warm_up_returns_seconds(stylize: StyleModel):
    assert stylize.warm_up(64, 48) > 0


def test_provider_and_metadata_are_public(stylize: StyleModel):
    assert stylize.provider == "CPUExecutionProvider"
    assert stylize.fallback is None
    assert stylize.metadata.styles[0].name == "tiny"


def test_threads_that_share_a_model_get_their_own_frames(stylize: StyleModel):
    """The engine keeps one set of buffers for each frame size."""
    wrong: list[int] = []

    def paint(level: int) -> None:
        frame = np.full((120, 160, 3), level, np.uint8)
        wrong.extend(level for _ in range(40) if not (stylize(frame) == 255 - level).all())

    threads = [threading.Thread(target=paint, args=(level,)) for level in (0, 85, 170, 255)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert wrong == []


def test_missing_and_broken_files_are_refused(tmp_path: Path):
    with pytest.raises(StyleNotFound):
        StyleModel(tmp_path / "nothing.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    with pytest.raises(BadStyleFile):
        StyleModel(tmp_path / "bad.onnx")


def test_unknown_device_is_an_error(tiny_style: Path):
    with pytest.raises(DeviceUnavailable):
        StyleModel(tiny_style, device="abacus")


class FailingEngine:
    """An engine that fails at every frame."""

    provider = "none"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, frame: Frame, weights: object) -> Frame:
        raise self.error

    def close(self) -> None:
        """Nothing to free."""


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("Failed to allocate memory\nfor requested buffer")]
)
def test_engine_out_of_memory_is_one_line_with_a_remedy(
    tiny_style: Path, frame: Frame, error: Exception, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(style_model, "open_engine", lambda *_, **__: (FailingEngine(error), None))
    with (
        StyleModel(tiny_style) as stylize,
        pytest.raises(RealtimeStyleError, match="could not paint a 64x48 frame") as seen,
    ):
        stylize(frame)
    assert "--max-size" in str(seen.value)
    assert "\n" not in str(seen.value)


def test_failure_inside_onnxruntime_is_our_error(tmp_path: Path, frame: Frame):
    """Here a network that paints only frames 7 px wide, although its sizes are free."""
    from onnx import TensorProto, helper, save

    from realtime_style.styles.format import METADATA_KEY, StyleInfo, StyleMetadata

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["style", "seven"], ["width"]),
            helper.make_node("Cast", ["width"], ["columns"], to=TensorProto.INT64),
            helper.make_node("Concat", ["one", "one", "columns", "one"], ["shape"], axis=0),
            helper.make_node(
                "ConstantOfShape",
                ["shape"],
                ["noughts"],
                value=helper.make_tensor("", TensorProto.UINT8, [1], [0]),
            ),
            helper.make_node("Max", ["frame", "noughts"], ["stylized"]),
        ],
        "picky",
        [
            helper.make_tensor_value_info("frame", TensorProto.UINT8, [1, "h", "w", 3]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("stylized", TensorProto.UINT8, [1, "h", "w", 3])],
        [
            helper.make_tensor("seven", TensorProto.FLOAT, [1], [7]),
            helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {METADATA_KEY: StyleMetadata((StyleInfo("picky"),)).to_json()})
    save(model, tmp_path / "picky.onnx")
    with StyleModel(tmp_path / "picky.onnx", device="cpu") as stylize:
        assert stylize(np.zeros((4, 7, 3), np.uint8)).shape == (4, 7, 3)
        with pytest.raises(RealtimeStyleError, match="could not paint a 64x48 frame"):
            stylize(frame)


def test_specialized_network_paints_only_its_own_frames(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch
):
    with StyleModel(
        write_tiny_style(tmp_path / "two.onnx", names=["inverted", "same"]), device="cpu"
    ) as stylize:
        inverted, same = np.eye(2, dtype=np.float32)
        stylize.specialize(64, 48, inverted)
        blended: list[list[float]] = []
        run = stylize._engine.run

        def noted(picture: Frame, weights: Weights) -> Frame:
            blended.append(weights.tolist())
            return run(picture, weights)

        monkeypatch.setattr(stylize._engine, "run", noted)
        assert np.array_equal(stylize(frame, inverted), 255 - frame)
        assert blended == []
        assert np.array_equal(stylize(frame, same), frame)
        assert np.array_equal(stylize(frame[:-1], inverted), 255 - frame[:-1])
        assert blended == [[0, 1], [1, 0]]
        stylize.drop_specialized()
        assert np.array_equal(stylize(frame, inverted), 255 - frame)
        assert len(blended) == 3
