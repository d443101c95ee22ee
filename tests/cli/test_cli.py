"""The command line: exit codes, one line for each error, and no lost files."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import MISSING
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime_style.cli import VERBS, main
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.system.declare import declarations
from realtime_style.testing.style_files import write_tiny_style


def run(*words: object) -> int:
    """The exit code of a command."""
    return main([str(word) for word in words])


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """The single line on stderr, apart from progress and the note on what `auto` did not take."""
    printed = capsys.readouterr().err
    lines = [
        line
        for line in printed.splitlines()
        if not re.match(r"realtime-style: note: |\S+: \d+/[\d?]+ \w+ \[", line)
    ]
    assert len(lines) == 1, printed
    assert lines[0].startswith("realtime-style: error: ")
    return lines[0]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, Picture(np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)))
    return path


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_the_real_defaults(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    for kind in import_module(f"realtime_style.cli.{verb}").OPTIONS:
        for name, declared in declarations(kind).items():
            if "help" not in declared.about:  # a setting of recipes alone
                continue
            shown = as_typed(declared.default)
            text = f"{declared.about['help']}{f' (default: {shown})' if shown else ''}"
            assert text in printed.replace("- ", "-"), name


def as_typed(default: Any) -> str:
    """A default as a user would type it; empty where the help shows none."""
    if default is MISSING or default in (None, False, ()):
        return ""
    if default is True:
        return "yes"
    if isinstance(default, tuple):
        return ("x" if isinstance(default[0], int) else " ").join(map(str, default))
    return str(default)


def test_no_pin_typed_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_d(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("realtime_style.cli.kiosk.getpass", ctrl_d)
    assert main(["kiosk", "--secrets"]) == 1
    assert capsys.readouterr().err.startswith("realtime-style: error: no PIN was typed; ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["image", "a.png"],
        ["image", "a.png", "b.png", "--strength", "2"],
        ["webcam", "--size", "640"],
        ["webcam", "--size", "0x480"],
        ["webcam", "--seconds", "0"],
        ["video", "a.mp4", "b.mp4", "--crf", "60"],
        ["video", "a.mp4", "b.mp4", "--device", "gpu"],
        ["train", "a.jpg", "-o", "a.onnx", "--steps", "3", "--minutes", "1"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_lossless_is_refused_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["video", "a.mp4", "b.mp4", "--crf", "0"])
    assert stop.value.code == 2
    assert (
        "'0' must be a whole number from 1 to 51; 0 is lossless, which phones do not play"
        in capsys.readouterr().err
    )


def test_styles_as_json_has_the_documented_keys(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_style(own_home / "mine.onnx", names=("left", "right"))
    assert main(["styles", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all(
        set(row) == {"name", "title", "artist", "year", "licence", "file", "index"} for row in rows
    )
    mine = {row["name"]: row for row in rows if Path(row["file"]) == own_home / "mine.onnx"}
    assert [mine["left"]["index"], mine["right"]["index"]] == [0, 1]


def test_own_style_is_found_by_name(own_home: Path, photo: Path, tmp_path: Path) -> None:
    write_tiny_style(own_home / "mine.onnx", names=("left", "right"))
    for name, style in (("a.png", "left"), ("b.png", f"{own_home}/mine.onnx#left")):
        assert run("image", photo, tmp_path / name, "--style", style, "--device", "cpu") == 0
    assert np.array_equal(read_image(tmp_path / "a.png").bgr, 255 - read_image(photo).bgr)
    assert np.array_equal(read_image(tmp_path / "a.png").bgr, read_image(tmp_path / "b.png").bgr)


def test_mix_and_strength_reach_the_picture(photo: Path, tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "two.onnx", names=("a", "b"))
    mixed, weak = tmp_path / "mixed.png", tmp_path / "weak.png"
    spec = f"{style}#a:0.25,{style}#b:0.75"
    assert run("image", photo, mixed, "--style", spec, "--device", "cpu") == 0
    assert run("image", photo, weak, "--style", f"{style}#a", "--strength", "0.25") == 0
    before = read_image(photo).bgr.astype(float)
    for picture in (mixed, weak):
        expected = 0.25 * (255 - before) + 0.75 * before
        assert abs(read_image(picture).bgr - expected).max() <= 1


@pytest.mark.parametrize("verb", ["image", "video", "webcam"])
def test_every_summary_names_the_provider(
    verb: str,
    photo: Path,
    clip: Path,
    tiny_style: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = {
        "image": ["image", str(photo), str(tmp_path / "out.png")],
        "video": ["video", str(clip), str(tmp_path / "out.mp4")],
        "webcam": ["webcam", "--camera", str(clip), "--no-window", "--seconds", "0.5"],
    }
    assert main([*calls[verb], "--style", str(tiny_style), "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["provider"] == "CPUExecutionProvider"
    if verb != "webcam":
        assert main([*calls[verb], "--style", str(tiny_style), "--device", "openvino"]) == 0
        assert "OpenVINO" in capsys.readouterr().out


def test_unknown_style_is_one_line_with_known_ones(
    photo: Path, own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_style(own_home / "mine.onnx", names=("left",))
    assert run("image", photo, tmp_path / "out.png", "--style", "rembrandt") == 1
    assert re.search("no style is called 'rembrandt'.*left", one_line(capsys))
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a readable ONNX model"),
        (b"rubbish" * 50, "not a readable ONNX model"),
        (None, "does not exist"),
    ],
)
def test_broken_style_file_is_one_line(
    content: bytes | None,
    complaint: str,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    style = tmp_path / "broken.onnx"
    if content is not None:
        style.write_bytes(content)
    assert run("image", photo, tmp_path / "out.png", "--style", style) == 1
    assert complaint in one_line(capsys)
    assert not (tmp_path / "out.png").exists()


def test_line_break_in_a_name_is_not_printed(
    tiny_style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = tmp_path / "two\nlines.png"
    assert run("image", name, tmp_path / "out.png", "--style", tiny_style) == 1
    assert "two lines.png does not exist" in one_line(capsys)


def test_weights_that_sum_to_zero_are_refused(
    photo: Path, tiny_style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", str(photo), "out.png", "--style", f"{tiny_style}:0"]) == 1
    assert "sum to zero" in one_line(capsys)


@pytest.mark.parametrize("verb", ["image", "video", "webcam"])
def test_absent_cuda_is_one_line_and_nothing_is_written(
    verb: str,
    photo: Path,
    clip: Path,
    tiny_style: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from realtime_style.engines.devices.cuda import has_nvidia_driver

    if has_nvidia_driver():
        pytest.skip("this machine has an NVIDIA driver")
    calls = {
        "image": ["image", str(photo), str(tmp_path / "out.png")],
        "video": ["video", str(clip), str(tmp_path / "out.mp4")],
        "webcam": [
            *("webcam", "--camera", str(clip), "--no-window", "--seconds", "1"),
            *("--record", str(tmp_path / "out.mp4")),
        ],
    }
    assert main([*calls[verb], "--style", str(tiny_style), "--device", "cuda"]) == 1
    assert re.search(
        "cuda cannot be used: this machine has no NVIDIA driver.*--device auto", one_line(capsys)
    )
    assert not list(tmp_path.glob("out*"))


def test_output_equal_to_input_is_refused(
    photo: Path, clip: Path, tiny_style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb, path in (("image", photo), ("video", clip)):
        before = path.read_bytes()
        assert main([verb, str(path), str(path), "--style", str(tiny_style)]) == 1
        one_line(capsys)
        assert path.read_bytes() == before


def test_missing_camera_is_one_line(tiny_style: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--camera", "97", "--no-window", "--device", "cpu"]
    assert run("webcam", "--style", tiny_style, *words) == 1
    printed = capfd.readouterr().err.strip().splitlines()
    assert len(printed) == 1
    assert "camera 97 did not open" in printed[0]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs a folder where not even root may write"
)
def test_unwritable_output_is_one_line(
    photo: Path, clip: Path, tiny_style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = ["webcam", "--camera", str(clip), "--no-window", "--seconds", "1"]
    live += ["--record", "/proc/out.mp4"]
    for call in (
        ["image", str(photo), "/proc/out.png"],
        ["video", str(clip), "/proc/out.mp4"],
        live,
    ):
        assert main([*call, "--style", str(tiny_style), "--device", "cpu"]) == 1
        assert "cannot write /proc/out" in one_line(capsys)


@pytest.mark.parametrize("size_hw", [(16, 16), (1, 1)])
def test_smallest_photographs_are_painted(
    size_hw: tuple[int, int], tmp_path: Path, tiny_style: Path
) -> None:
    write_image(tmp_path / "dot.png", Picture(np.full((*size_hw, 3), 9, np.uint8)))
    assert run("image", tmp_path / "dot.png", tmp_path / "out.png", "--style", tiny_style) == 0
    assert read_image(tmp_path / "out.png").bgr.shape == (*size_hw, 3)


def test_foreign_onnx_model_is_one_line(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from onnx import TensorProto, helper, save

    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, None, None])
        for name in ("input", "output")
    ]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["input"], ["output"])], "foreign", tensors[:1], tensors[1:]
    )
    save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10),
        tmp_path / "foreign.onnx",
    )
    style = tmp_path / "foreign.onnx"
    assert run("image", photo, tmp_path / "out.png", "--style", style) == 1
    assert "not a style file of realtime_style" in one_line(capsys)
    assert not (tmp_path / "out.png").exists()
