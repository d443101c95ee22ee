"""The exported file against the network it came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch

from export.__main__ import main as export_main
from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import BadStyleFile, TrainingError
from realtime_style.styles.catalog import read_metadata
from realtime_style.styles.format import OPSET, StyleInfo
from realtime_style.stylize.style_model import StyleModel
from realtime_style.training.checkpoint import Checkpoint, new_network, save_checkpoint
from realtime_style.training.export import to_onnx
from realtime_style.training.export.swatch import sample_scene
from realtime_style.training.export.to_onnx import (
    check_parity,
    export_network,
    paint_in_torch,
    parity_frame,
)
from realtime_style.training.networks.transform_net import TransformNet
from tests.helpers.training import (
    PER_STYLE,
    SMALL,
    random_weights,
    recipe_text,
    small_config,
    write_painting,
    write_photographs,
)


def colourful(net: TransformNet) -> TransformNet:
    """Weights that use the whole range of colours; an untrained network paints near grey."""
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("gamma"):
                parameter.uniform_(0.5, 2)
            if name.endswith("beta"):
                parameter.uniform_(-0.5, 0.5)
    return net


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[TransformNet, Path]:
    torch.manual_seed(2)
    net = colourful(TransformNet("fast", styles=2))
    path = tmp_path_factory.mktemp("export") / "two.onnx"
    export_network(net, [StyleInfo("a"), StyleInfo("b")], path)
    return net, path


def test_file_and_network_agree_within_one_grey_level(exported: tuple[TransformNet, Path]) -> None:
    net, path = exported
    assert check_parity(net, path) <= 1
    frame = parity_frame(333, 221, seed=9)
    with StyleModel(path, device="cpu") as stylize:
        seen = stylize(frame, np.array([0.3, 0.7], np.float32))
    wanted = paint_in_torch(net, frame, [0.3, 0.7])
    assert np.ptp(wanted) > 50
    assert abs(wanted.astype(int) - seen.astype(int)).max() <= 1


@pytest.mark.parametrize("size_wh", [(641, 479), (640, 480), (16, 16), (1, 1), (5, 300)])
def test_any_frame_size_goes_through_one_file(
    exported: tuple[TransformNet, Path], size_wh: tuple[int, int]
) -> None:
    width, height = size_wh
    frame = parity_frame(width, height, seed=1)
    with StyleModel(exported[1], device="cpu") as stylize:
        assert stylize(frame).shape == (height, width, 3)


def test_onnx_runtime_shuffles_phases_in_blocks(
    exported: tuple[TransformNet, Path], tmp_path: Path
) -> None:
    """A pixel shuffle or a transposition of more than four axes would copy number by number.

    That takes a tenth of a frame's time.
    """
    ort = require_onnxruntime()
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3
    ort.InferenceSession(exported[1], options, providers=["CPUExecutionProvider"])
    nodes = onnx.load(tmp_path / "optimised.onnx").graph.node
    orders = [list(node.attribute[0].ints) for node in nodes if node.op_type == "Transpose"]
    assert orders.count([0, 2, 1, 3]) == 4  # shuffles of `fast`
    assert all(len(order) <= 4 for order in orders)
    assert not [node for node in nodes if node.op_type == "DepthToSpace"]


def test_each_style_has_a_swatch_in_its_own_manner(
    exported: tuple[TransformNet, Path],
) -> None:
    swatches = [style.swatch_frame() for style in read_metadata(exported[1]).styles]
    with StyleModel(exported[1], device="cpu") as stylize:
        painted = [stylize(sample_scene(), weights) for weights in np.eye(2, dtype=np.float32)]
    small = [
        cv2.resize(picture, (96, 96), interpolation=cv2.INTER_AREA).astype(int)
        for picture in painted
    ]
    assert abs(small[0] - small[1]).mean() > 5
    for swatch, own, other in zip(swatches, small, reversed(small), strict=True):
        assert swatch is not None
        assert abs(swatch - own).mean() < 0.5 * abs(swatch - other).mean()


def test_exported_strength_agrees_with_torch(tmp_path: Path) -> None:
    torch.manual_seed(4)
    net = colourful(TransformNet(SMALL, styles=2, photograph=True))
    metadata = export_network(net, [StyleInfo("a"), StyleInfo("b")], tmp_path / "two.onnx")
    assert metadata.strength
    frame = parity_frame(96, 64, seed=3)
    pictures = []
    with StyleModel(tmp_path / "two.onnx", device="cpu") as stylize:
        for weights in ([0.2, 0.1], [0.0, 0.0], [1.0, 0.0]):
            pictures.append(stylize.run(frame, np.array(weights, np.float32)).astype(int))
            assert abs(pictures[-1] - paint_in_torch(net, frame, weights)).max() <= 1
    assert abs(pictures[0] - pictures[1]).mean() > 2


def test_exported_per_style_kernels_agree_with_torch(tmp_path: Path) -> None:
    torch.manual_seed(5)
    net = colourful(TransformNet(PER_STYLE, styles=2, photograph=True))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith(".per_style"):
                parameter.normal_(std=0.05)
    export_network(net, [StyleInfo("a"), StyleInfo("b")], tmp_path / "own.onnx")
    frame = parity_frame(97, 63, seed=3)
    pictures = []
    with StyleModel(tmp_path / "own.onnx", device="cpu") as stylize:
        for weights in ([1.0, 0.0], [0.0, 1.0], [0.4, 0.6], [0.3, 0.0]):
            pictures.append(stylize.run(frame, np.array(weights, np.float32)).astype(int))
            assert abs(pictures[-1] - paint_in_torch(net, frame, weights)).max() <= 1
    assert abs(pictures[0] - pictures[1]).mean() > 2


def test_per_style_kernels_are_float16_in_the_file(tmp_path: Path) -> None:
    import onnx

    net = TransformNet("c5s2-8,(d64,R64*,s8),s3", styles=3)
    export_network(net, [StyleInfo(name) for name in "abc"], tmp_path / "own.onnx")
    kinds = {
        tuple(each.dims): each.data_type
        for each in onnx.load(tmp_path / "own.onnx").graph.initializer
    }
    assert kinds[3, 64 * 64 * 9] == onnx.TensorProto.FLOAT16
    assert kinds[64, 64, 3, 3] == onnx.TensorProto.FLOAT


def test_metadata_describes_the_network(exported: tuple[TransformNet, Path]) -> None:
    import onnx

    net, path = exported
    metadata = read_metadata(path)
    assert [style.name for style in metadata.styles] == ["a", "b"]
    assert metadata.network == net.architecture
    assert metadata.stride == 4
    assert 0 <= metadata.parity_grey_levels <= 1
    model = onnx.load(path)
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == OPSET
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    assert {node.op_type for node in model.graph.node}.isdisjoint(
        {"Gather", "ConvTranspose", "PRelu", "If", "Loop"}
    )


def test_file_holds_the_noise_once(exported: tuple[TransformNet, Path]) -> None:
    import onnx

    sizes = [tuple(tensor.dims) for tensor in onnx.load(exported[1]).graph.initializer]
    assert sizes.count((256, 256)) == 1


def test_file_holds_no_path_of_the_exporting_machine(
    exported: tuple[TransformNet, Path],
) -> None:
    content = exported[1].read_bytes()
    assert str(Path(to_onnx.__file__).parent).encode() not in content
    assert b"site-packages" not in content


def test_last_stage_is_shuffled_as_bytes(
    exported: tuple[TransformNet, Path],
) -> None:
    import onnx

    graph = onnx.load(exported[1]).graph
    constants = {each.name for each in graph.initializer}
    shuffles = [
        index
        for index, node in enumerate(graph.node)
        if node.op_type == "Transpose" and list(node.attribute[0].ints) == [0, 2, 1, 3]
    ]
    bytes_from = max(index for index, node in enumerate(graph.node) if node.op_type == "Cast")
    last = max(index for index, node in enumerate(graph.node) if node.op_type == "Conv")
    assert last < bytes_from < shuffles[-1]
    assert all(index < last for index in shuffles[:-1])
    assert set(graph.node[last].input[1:]) <= constants


def test_johnson_is_exported_untrained(tmp_path: Path) -> None:
    assert (
        export_main(["onnx", "--untrained", "johnson", "-o", str(tmp_path / "johnson.onnx")]) == 0
    )
    assert read_metadata(tmp_path / "johnson.onnx").network.startswith("c9s1-32,d64,d128,R128")


def test_file_without_parity_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "style.onnx"
    target.write_bytes(b"the old file")
    monkeypatch.setattr(to_onnx, "paint_in_torch", lambda net, frame, weights: np.zeros_like(frame))
    with pytest.raises(BadStyleFile, match="grey levels away"):
        export_network(TransformNet(SMALL), [StyleInfo("a")], target)
    assert target.read_bytes() == b"the old file"
    assert [path.name for path in tmp_path.iterdir()] == ["style.onnx"]


def test_another_opset_than_requested_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = torch.onnx.export  # writes 18 when asked for 17, with no more than a line in the log
    monkeypatch.setattr(
        torch.onnx, "export", lambda *args, **kwargs: real(*args, **{**kwargs, "opset_version": 20})
    )
    with pytest.raises(TrainingError, match="opset 20, not 18"):
        export_network(TransformNet(SMALL), [StyleInfo("a")], tmp_path / "style.onnx")
    assert list(tmp_path.iterdir()) == []


def test_checkpoint_is_exported_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = new_network(config := small_config(tmp_path))
    state = Checkpoint(config, 2, 1.0, net.state_dict(), {}, {"objective": 1234.5})
    checkpoint, output = tmp_path / "checkpoint.pt", tmp_path / "waves.onnx"
    save_checkpoint(checkpoint, state)
    check = ["check", str(output), "--checkpoint", str(checkpoint)]
    assert export_main(["onnx", str(checkpoint), "-o", str(output)]) == 0
    assert export_main(check) == 0
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("waves", "GMAC", "grey levels", "1234"))

    save_checkpoint(checkpoint, replace(state, step=3))
    assert export_main(check) == 1
    assert "was made at step 2" in capsys.readouterr().err

    other = replace(config, network="d8,s3")
    save_checkpoint(checkpoint, replace(state, config=other, net=new_network(other).state_dict()))
    assert export_main(check) == 1
    assert "was not made from" in capsys.readouterr().err


def test_export_reports_mistakes_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "foreign.onnx").write_bytes(b"no model")
    assert export_main(["check", str(tmp_path / "foreign.onnx")]) == 1
    assert export_main(["onnx", str(tmp_path / "none.pt"), "-o", str(tmp_path / "x.onnx")]) == 1
    assert export_main(["onnx", "--untrained", "nonsense", "-o", str(tmp_path / "x.onnx")]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 3
    assert all(line.startswith("export: error: ") for line in lines)


def test_pack_trains_a_recipe_and_keeps_its_credits(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_photographs(data / "photos")
    write_painting(data / "waves.png")
    torch.save(random_weights(), data / "vgg.pt")
    recipe = tmp_path / "waves.toml"
    table = '[[styles]]\npainting = "waves.png"\nname = "waves"\nartist = "nobody"\n'
    recipe.write_text(recipe_text(steps=2) + table)
    output = tmp_path / "waves.onnx"
    assert export_main(["pack", str(recipe), "--data", str(data), "-o", str(output)]) == 0
    metadata = read_metadata(output)
    (style,) = metadata.styles
    assert replace(style, swatch="") == StyleInfo("waves", artist="nobody")
    assert metadata.training["steps"] == 2
    assert metadata.training["loss_network"] == "vgg.pt"
    assert str(tmp_path) not in str(metadata)
