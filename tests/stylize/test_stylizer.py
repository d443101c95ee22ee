"""Stylizer: any mix of styles, at any strength and size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from realtime_style.engines import onnxruntime_session
from realtime_style.engines.base import Weights
from realtime_style.engines.devices.cuda import has_nvidia_driver
from realtime_style.errors import RealtimeStyleError, StyleNotFound
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.styles.catalog import StyleRef
from realtime_style.styles.mix import Mix, parse_mix
from realtime_style.stylize import memory_limit
from realtime_style.stylize.specialize import SPECIALIZE_AFTER, SpecializeMode
from realtime_style.stylize.style_model import StyleModel
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.testing.style_files import write_tiny_style


def large(height: int = 480, width: int = 640) -> Frame:
    """A frame with detail of one pixel, large enough to be painted smaller."""
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def inverted(tmp_path: Path) -> StyleRef:
    return parse_mix(str(write_tiny_style(tmp_path / "inverted.onnx")))[0][0]


@pytest.fixture
def same(tmp_path: Path) -> StyleRef:
    return parse_mix(str(write_tiny_style(tmp_path / "same.onnx", behaviour="identity")))[0][0]


def painter(mix: Mix, strength: float = 1.0) -> Stylizer:
    return Stylizer(mix, device="cpu", strength=strength)


def close_to(painted: Frame, expected: Frame, grey_levels: int = 1) -> bool:
    return bool(np.abs(painted.astype(int) - expected.astype(int)).max() <= grey_levels)


def test_one_style_at_full_strength_is_just_the_style(inverted: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),)) as paint:
        assert np.array_equal(paint(frame), 255 - frame)
        assert paint.provider == "CPUExecutionProvider"
        assert paint.fallback is None


def test_strength_is_the_share_of_the_painting(inverted: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),), strength=0.25) as paint:
        assert close_to(
            paint(frame), np.round(0.75 * frame + 0.25 * (255.0 - frame)).astype(np.uint8)
        )
        paint.strength = 1.0
        assert np.array_equal(paint(frame), 255 - frame)


@pytest.mark.parametrize(
    ("strength", "slope"),
    [(1.0, -1.0), (0.5, 0.0), (0.25, 0.5 + 0.75 * 0.5), (0.125, 0.5 * (0.75 + 0.875 * 0.25) + 0.5)],
)
def test_strength_is_the_networks_own_where_it_can(
    tmp_path: Path, strength: float, slope: float, frame: Frame
):
    # The network paints 1 - 2 * strength, then (1 - strength) of the contrast comes back, and below
    # a quarter the photograph.
    file = write_tiny_style(tmp_path / "own.onnx", strength=True)
    with painter(parse_mix(str(file)), strength=strength) as paint:
        middle = 127.5 + strength * (frame.mean((0, 1)) - 127.5)
        assert close_to(
            paint(frame),
            np.round(middle + slope * (frame - frame.mean((0, 1)))).clip(0, 255).astype(np.uint8),
            3,
        )


def test_files_with_and_without_own_strength_mix_fairly(
    tmp_path: Path, inverted: StyleRef, frame: Frame
):
    own = parse_mix(str(write_tiny_style(tmp_path / "own.onnx", strength=True)))[0][0]
    with painter(((inverted, 0.5), (own, 0.5)), strength=0.5) as paint:
        assert close_to(
            paint(frame), np.round(0.5 * frame + 0.5 * (255.0 - frame)).astype(np.uint8), 2
        )


def test_warm_up_works_at_strength_0(inverted: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),), strength=0.0) as paint:
        assert paint.warm_up(64, 48) > 0
        paint.strength = 1.0
        assert np.array_equal(paint(frame), 255 - frame)


def test_keep_colours_keeps_the_photographs_chroma(inverted: StyleRef):
    rows, columns = np.mgrid[0:48, 0:64]
    photo = np.stack([100 + columns, 120 + rows // 2, 140 - columns // 2], axis=-1).astype(np.uint8)
    with Stylizer(((inverted, 1.0),), device="cpu", keep_colours=True) as paint:
        seen, own, painting = (
            cv2.cvtColor(frame, cv2.COLOR_BGR2YCrCb).astype(int)
            for frame in (paint(photo), photo, 255 - photo)
        )
        assert abs(seen[..., 1:] - own[..., 1:]).max() <= 2
        assert abs(seen[..., 0] - painting[..., 0]).max() <= 2
        paint.keep_colours = False
        assert np.array_equal(paint(photo), 255 - photo)


def test_strength_0_is_the_photograph_in_a_new_array(inverted: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),), strength=0.0) as paint:
        painted = paint(frame)
        assert np.array_equal(painted, frame)
        assert painted is not frame
        painted[:] = 0
        assert frame.any()


def test_styles_of_one_file_are_blended_in_one_pass(tmp_path: Path, frame: Frame):
    file = write_tiny_style(tmp_path / "two.onnx", names=["a", "b"])
    with painter(parse_mix(f"{file}#a:0.5,{file}#b:0.5")) as paint:
        assert (paint(frame) == 128).all()
        assert len(paint.loaded) == 1


def test_styles_of_two_files_mix_by_their_shares(inverted: StyleRef, same: StyleRef, frame: Frame):
    with painter(((inverted, 0.25), (same, 0.75))) as paint:
        assert close_to(
            paint(frame), np.round(0.25 * (255.0 - frame) + 0.75 * frame).astype(np.uint8)
        )


def test_styles_of_three_files_mix_by_their_shares(
    tmp_path: Path, inverted: StyleRef, same: StyleRef, frame: Frame
):
    third = parse_mix(str(write_tiny_style(tmp_path / "third.onnx", names=["third"])))[0][0]
    with painter(((inverted, 0.2), (same, 0.5), (third, 0.3))) as paint:
        assert close_to(
            paint(frame), np.round(0.5 * (255.0 - frame) + 0.5 * frame).astype(np.uint8)
        )


def test_new_mix_takes_effect_with_the_next_frame(inverted: StyleRef, same: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),)) as paint:
        assert np.array_equal(paint(frame), 255 - frame)
        paint.mix = ((same, 1.0),)
        assert np.array_equal(paint(frame), frame)


def test_style_of_share_0_is_not_painted(inverted: StyleRef, same: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),)) as paint:
        paint.mix = ((same, 0.0), (inverted, 1.0))
        assert np.array_equal(paint(frame), 255 - frame)
        assert len(paint.loaded) == 1


def write_style_of_one_runtime(path: Path) -> Path:
    """A style that inverts, with an operation that only ONNX Runtime has."""
    import onnx
    from onnx import helper

    model = onnx.load(write_tiny_style(path))
    at = next(place for place, node in enumerate(model.graph.node) if "summed" in node.input)
    model.graph.node[at].input[0] = "kept"
    for node in reversed(
        [
            helper.make_node("MurmurHash3", ["summed"], ["hashed"], domain="com.microsoft"),
            helper.make_node("Cast", ["hashed"], ["number"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", ["number", "low"], ["nothing"]),
            helper.make_node("Add", ["summed", "nothing"], ["kept"]),
        ]
    ):
        model.graph.node.insert(at, node)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)
    return path


def test_provider_and_fallback_cover_every_file(tmp_path: Path, same: StyleRef, frame: Frame):
    pytest.importorskip("openvino")
    if has_nvidia_driver():
        pytest.skip("CUDA runs both files")
    odd = parse_mix(str(write_style_of_one_runtime(tmp_path / "odd.onnx")))[0][0]
    with Stylizer(((same, 0.5), (odd, 0.5))) as paint:
        named = paint.provider  # before a frame is painted, as the summary of a video reads it
        assert "cannot run odd.onnx here" in (paint.fallback or "")
        assert (paint(frame) == 128).all()
        assert named == paint.provider
    assert named.endswith(", CPUExecutionProvider")
    with Stylizer(((same, 1.0),)) as paint:
        alone = paint.provider
        assert alone == named.removesuffix(", CPUExecutionProvider")
        assert "odd.onnx" not in (paint.fallback or "")
        paint.preload(((odd, 1.0),), 64, 48)
        assert paint.provider == named


def test_empty_mix_is_refused(inverted: StyleRef, frame: Frame):
    with pytest.raises(ValueError, match="at least one style"):
        Stylizer(())
    with painter(((inverted, 1.0),)) as paint:
        paint.mix = ()
        with pytest.raises(RealtimeStyleError, match="choose a style"):
            paint(frame)


def test_frame_is_left_unchanged(inverted: StyleRef, same: StyleRef, frame: Frame):
    before = frame.copy()
    with painter(((inverted, 0.5), (same, 0.5)), strength=0.5) as paint:
        paint(frame)
    assert np.array_equal(frame, before)


def test_warm_up_loads_the_whole_mix(inverted: StyleRef, same: StyleRef):
    with painter(((inverted, 0.5), (same, 0.5))) as paint:
        assert paint.warm_up(64, 48) > 0
        assert set(paint.loaded) == {inverted.file, same.file}


def test_preloaded_style_is_not_loaded_again(inverted: StyleRef, same: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),)) as paint:
        paint.preload(((same, 1.0),), 64, 48)
        same.file.unlink()
        paint.mix = ((same, 1.0),)
        assert np.array_equal(paint(frame), frame)


def test_file_deleted_since_is_an_error_once(inverted: StyleRef, same: StyleRef, frame: Frame):
    with painter(((inverted, 1.0),)) as paint:
        same.file.unlink()
        paint.mix = ((same, 1.0),)
        with pytest.raises(StyleNotFound, match=r"same\.onnx does not exist"):
            paint(frame)
        paint.mix = ((inverted, 1.0),)
        assert np.array_equal(paint(frame), 255 - frame)


def test_mix_may_be_text_wherever_one_is_taken(own_home: Path, frame: Frame):
    write_tiny_style(own_home / "inverted.onnx", names=["inverted"])
    write_tiny_style(own_home / "same.onnx", names=["same"], behaviour="identity")
    with Stylizer("inverted", device="cpu") as paint:
        assert np.array_equal(paint(frame), 255 - frame)
        assert paint.mix == parse_mix("inverted")
        paint.preload("same", 64, 48)
        assert [file.stem for file in paint.loaded] == ["inverted", "same"]
        paint.mix = "same"
        assert np.array_equal(paint(frame), frame)
        paint.mix = "inverted:1,same:1"
        assert np.abs(paint(frame).astype(int) - 128).max() <= 1
        with pytest.raises(StyleNotFound, match="no style is called 'stary'"):
            paint.mix = "stary"
        assert paint.mix == parse_mix("inverted,same")  # as before


def test_paint_size_paints_small_and_enlarges(inverted: StyleRef):
    photo = large()
    with Stylizer(((inverted, 1.0),), device="cpu", paint_size=160) as paint:
        painted = paint(photo)
        small = 255 - fit_within(photo, 160)
        enlarged = cv2.resize(small, (640, 480), interpolation=cv2.INTER_CUBIC)
        assert np.array_equal(painted, enlarged)
        paint.paint_size = None
        assert np.array_equal(paint(photo), 255 - photo)


def test_frames_within_paint_size_are_not_enlarged(inverted: StyleRef, frame: Frame):
    for paint_size in (64, 1000):
        with Stylizer(((inverted, 1.0),), device="cpu", paint_size=paint_size) as paint:
            assert np.array_equal(paint(frame), 255 - frame)


def test_photographs_share_stays_sharp_when_painted_small(inverted: StyleRef):
    """Detail of one pixel is lost in the painting, not in what comes from the photograph."""
    photo = large()
    with Stylizer(((inverted, 1.0),), device="cpu", strength=0.25, paint_size=160) as paint:
        detail = cv2.Laplacian(paint(photo), cv2.CV_32F).std()
        assert detail > 0.6 * cv2.Laplacian(photo, cv2.CV_32F).std()
        paint.strength = 0.0
        assert np.array_equal(paint(photo), photo)


def test_colours_stay_sharp_when_painted_small(inverted: StyleRef):
    stripes = np.full((480, 640, 3), 100, np.uint8)
    stripes[:, ::2] = (160, 90, 95)
    with Stylizer(((inverted, 1.0),), device="cpu", keep_colours=True, paint_size=160) as paint:
        seen, own = (
            cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb)[..., 1:].astype(int)
            for picture in (paint(stripes), stripes)
        )
    assert np.abs(seen - own).max() <= 4


def test_warm_up_and_preload_prepare_the_size_that_is_painted(
    inverted: StyleRef, same: StyleRef, monkeypatch: pytest.MonkeyPatch
):
    sizes: list[tuple[int, int]] = []
    real = StyleModel.warm_up

    def noted(self: StyleModel, width: int, height: int) -> float:
        sizes.append((width, height))
        return real(self, width, height)

    monkeypatch.setattr(StyleModel, "warm_up", noted)
    with Stylizer(((inverted, 1.0),), device="cpu", paint_size=160) as paint:
        paint.warm_up(640, 480)
        paint.preload(((same, 1.0),), 640, 480)
        assert sizes == [(160, 120)] * 2
        assert paint.painted_wh(640, 480) == (160, 120)
        (model,) = (paint._models[file] for file in specialized_files(paint))
        assert model._specialized is not None
        assert model._specialized.shape == (120, 160, 3)


def test_closing_twice_is_fine(inverted: StyleRef):
    paint = painter(((inverted, 1.0),))
    paint.close()
    paint.close()


SPECIALIZE_OR_NOT: tuple[SpecializeMode, ...] = ("never", "immediately")


def specialized_files(stylizer: Stylizer) -> list[Path]:
    """Files for which a faster network is held."""
    models = stylizer._models.items()
    return [file for file, model in models if model._specialized is not None]


@pytest.fixture
def specialized(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, list[float], float]]:
    """Calls of StyleModel.specialize: width, height, weights, strength."""
    asked: list[tuple[int, int, list[float], float]] = []

    def specialize(
        self: StyleModel, width: int, height: int, weights: Weights, *, strength: float
    ) -> None:
        asked.append((width, height, weights.tolist(), strength))

    monkeypatch.setattr(StyleModel, "specialize", specialize)
    return asked


@pytest.mark.parametrize("mode", ["background", "immediately"])
def test_mix_that_stays_is_specialized_for(
    tmp_path: Path, frame: Frame, specialized: list[object], mode: SpecializeMode
):
    file = write_tiny_style(tmp_path / "two.onnx", names=["a", "b"], strength=True)
    with Stylizer(parse_mix(f"{file}#b"), device="cpu", specialize=mode) as paint:
        for step in range(20):
            paint.mix = parse_mix(f"{file}#a:{step},{file}#b:{20 - step}")
            paint(frame)
        paint.mix, paint.strength = parse_mix(f"{file}#b"), 0.5
        for _ in range(SPECIALIZE_AFTER + 3):
            paint(frame)
    assert specialized == [(64, 48, [0.0, 1.0], 0.5)]


def test_warm_up_specializes_before_the_first_frame(
    tmp_path: Path, frame: Frame, specialized: list[object]
):
    with painter(parse_mix(str(write_tiny_style(tmp_path / "tiny.onnx")))) as paint:
        paint.warm_up(64, 48)
        assert specialized == [(64, 48, [1.0], 1.0)]
        for _ in range(2 * SPECIALIZE_AFTER):
            paint(frame)
    assert len(specialized) == 1


def test_never_means_never(tmp_path: Path, frame: Frame, specialized: list[object]):
    with Stylizer(
        parse_mix(str(write_tiny_style(tmp_path / "tiny.onnx"))), device="cpu", specialize="never"
    ) as paint:
        for _ in range(3 * SPECIALIZE_AFTER):
            paint(frame)
    assert specialized == []


def test_specializing_changes_no_picture(tmp_path: Path, frame: Frame):
    file = write_tiny_style(tmp_path / "own.onnx", names=["a", "b"], strength=True)
    for spec, strength in ((f"{file}#a", 1.0), (f"{file}#a:0.3,{file}#b:0.7", 0.5)):
        pictures = []
        for mode in SPECIALIZE_OR_NOT:
            with Stylizer(
                parse_mix(spec), device="cpu", strength=strength, specialize=mode
            ) as paint:
                for _ in range(SPECIALIZE_AFTER + 1):
                    picture = paint(frame)
                assert specialized_files(paint) == ([file] if mode == "immediately" else [])
                pictures.append(picture)
        assert close_to(pictures[0], pictures[1])


def test_files_out_of_use_are_not_kept_specialized(tmp_path: Path, frame: Frame):
    mixes = [
        parse_mix(str(write_tiny_style(tmp_path / f"{name}.onnx", names=[name]))) for name in "abc"
    ]
    with Stylizer(mixes[0], device="cpu", specialize="immediately") as paint:
        for mix in mixes:
            paint.mix = mix
            for _ in range(SPECIALIZE_AFTER):
                paint(frame)
            assert specialized_files(paint) == [mix[0][0].file]


def test_failing_specialized_network_is_replaced(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(self: object, given: dict[str, object]) -> Frame:
        if len(given) == 1:  # the frame alone
            raise RuntimeError("Failed to allocate memory")
        painted: Frame = real(self, given)
        return painted

    real: Any = onnxruntime_session._BoundSession.run
    monkeypatch.setattr(onnxruntime_session._BoundSession, "run", fail)
    with Stylizer(
        parse_mix(str(write_tiny_style(tmp_path / "tiny.onnx"))),
        device="cpu",
        specialize="immediately",
    ) as paint:
        for _ in range(3 * SPECIALIZE_AFTER):
            assert np.array_equal(paint(frame), 255 - frame)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "painting goes on without the faster network"
    ]


def test_painting_goes_on_without_memory_to_specialize(
    tmp_path: Path, frame: Frame, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    with Stylizer(
        parse_mix(str(write_tiny_style(tmp_path / "tiny.onnx"))),
        device="cpu",
        specialize="immediately",
    ) as paint:
        paint(frame)
        monkeypatch.setattr(memory_limit, "available_bytes", lambda: 1000)
        for _ in range(2 * SPECIALIZE_AFTER):
            assert np.array_equal(paint(frame), 255 - frame)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "painting goes on without the faster network"
    ]
