"""The command line as its users meet it: exit codes, one line for each mistake, nothing lost."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from realtime_style import __version__
from realtime_style.cli import VERBS, build_parser, main
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.testing.style_files import write_tiny_style


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says, which has to be one line, but for how far the work had come and what `auto` did not take."""
    said = capsys.readouterr().err
    lines = [
        line
        for line in said.splitlines()
        if not re.match(r"realtime-style: note: |\S+: \d+ (of \d+ )?\w+s\b", line)
    ]
    assert len(lines) == 1, said
    assert lines[0].startswith("realtime-style: error: ")
    return lines[0]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, Picture(np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)))
    return path


def test_version_is_printed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "realtime_style", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"realtime-style {__version__}"


def test_every_verb_has_help_that_shows_its_real_defaults(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = build_parser()
    action = next(
        entry for entry in parser._actions if isinstance(entry, argparse._SubParsersAction)
    )
    assert set(action.choices) == set(VERBS)
    for verb, sub in action.choices.items():
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code == 0
        said = " ".join(capsys.readouterr().out.split())
        for option in sub._actions:
            assert said.count("(default: auto) (default: auto)") == 0
            if (
                verb != "train"
                and option.default not in (None, False, argparse.SUPPRESS, [])
                and option.help
            ):
                assert (f"(default: {as_typed(option.default)})" in said) != isinstance(
                    option, argparse._StoreFalseAction
                )


def as_typed(default: Any) -> str:
    """A default the way a user would type it: `--no-window` has True, which is no default of its own."""
    if default is True:
        return "yes"
    if isinstance(default, tuple):
        return "x".join(str(side) for side in default)
    return " ".join(default) if isinstance(default, list) else str(default)


def test_no_pin_typed_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ctrl_d(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("realtime_style.cli.getpass", ctrl_d)
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


def test_styles_as_json_has_what_scripts_rely_on(
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


def test_name_that_the_terminals_encoding_does_not_know_undoes_nothing(
    photo: Path, tiny_style: Path, tmp_path: Path
) -> None:
    target = tmp_path / "夜.png"
    for words in ([], ["--json"]):
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "realtime_style",
                "image",
                str(photo),
                str(target),
                "--style",
                str(tiny_style),
                *words,
            ],
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=False,
        )
        assert (run.returncode, target.exists()) == (0, True), run.stderr
        target.unlink()


def test_own_style_is_found_by_name_everywhere(own_home: Path, photo: Path, tmp_path: Path) -> None:
    write_tiny_style(own_home / "mine.onnx", names=("left", "right"))
    assert (
        main(["image", str(photo), str(tmp_path / "a.png"), "--style", "left", "--device", "cpu"])
        == 0
    )
    assert (
        main(
            [
                "image",
                str(photo),
                str(tmp_path / "b.png"),
                "--style",
                f"{own_home}/mine.onnx#left",
                "--device",
                "cpu",
            ]
        )
        == 0
    )
    assert np.array_equal(read_image(tmp_path / "a.png").bgr, 255 - read_image(photo).bgr)
    assert np.array_equal(read_image(tmp_path / "a.png").bgr, read_image(tmp_path / "b.png").bgr)


def test_mix_of_styles_and_strength_reach_the_picture(photo: Path, tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "two.onnx", names=("a", "b"))
    spec = f"{style}#a:0.25,{style}#b:0.75"
    assert (
        main(["image", str(photo), str(tmp_path / "mixed.png"), "--style", spec, "--device", "cpu"])
        == 0
    )
    assert (
        main(
            [
                "image",
                str(photo),
                str(tmp_path / "weak.png"),
                "--style",
                f"{style}#a",
                "--strength",
                "0.25",
            ]
        )
        == 0
    )
    before = read_image(photo).bgr.astype(float)
    assert (
        abs(read_image(tmp_path / "mixed.png").bgr - (0.25 * (255 - before) + 0.75 * before)).max()
        <= 1
    )
    assert (
        abs(read_image(tmp_path / "weak.png").bgr - (0.25 * (255 - before) + 0.75 * before)).max()
        <= 1
    )


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


def test_unknown_style_is_one_line_with_the_known_ones(
    photo: Path, own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_style(own_home / "mine.onnx", names=("left",))
    assert main(["image", str(photo), str(tmp_path / "out.png"), "--style", "rembrandt"]) == 1
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
    assert main(["image", str(photo), str(tmp_path / "out.png"), "--style", str(style)]) == 1
    assert complaint in one_line(capsys)
    assert not (tmp_path / "out.png").exists()


def test_a_name_of_two_lines_makes_an_error_of_one(
    tiny_style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            [
                "image",
                str(tmp_path / "two\nlines.png"),
                str(tmp_path / "out.png"),
                "--style",
                str(tiny_style),
            ]
        )
        == 1
    )
    assert "two lines.png does not exist" in one_line(capsys)


def test_weights_that_sum_to_zero_are_refused(
    photo: Path, tiny_style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["image", str(photo), "out.png", "--style", f"{tiny_style}:0"]) == 1
    assert "sum to zero" in one_line(capsys)


@pytest.mark.parametrize("verb", ["image", "video", "webcam"])
def test_cuda_demanded_and_absent_is_one_line_and_nothing_is_written(
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
            "webcam",
            "--camera",
            str(clip),
            "--no-window",
            "--seconds",
            "1",
            "--record",
            str(tmp_path / "out.mp4"),
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
    assert (
        main(
            [
                "webcam",
                "--camera",
                "97",
                "--no-window",
                "--style",
                str(tiny_style),
                "--device",
                "cpu",
            ]
        )
        == 1
    )
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "camera 97 did not open" in said[0]


def test_no_display_is_one_line(tiny_style: Path, clip: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux runs without a display")
    call = [
        sys.executable,
        "-m",
        "realtime_style",
        "webcam",
        "--camera",
        str(clip),
        "--style",
        str(tiny_style),
    ]
    done = subprocess.run(
        call, capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--no-window" in done.stderr


def test_debug_shows_the_traceback(photo: Path, tmp_path: Path) -> None:
    call = [
        sys.executable,
        "-m",
        "realtime_style",
        "image",
        str(photo),
        str(tmp_path / "o.png"),
        "--style",
        "nobody",
    ]
    plain = subprocess.run(call, capture_output=True, text=True, check=False)
    debug = subprocess.run([*call, "--debug"], capture_output=True, text=True, check=False)
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr
    assert plain.returncode == debug.returncode == 1


def test_ctrl_c_in_a_video_exits_with_130_and_keeps_the_old_file(
    clip: Path, tiny_style: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"the old result")
    slow = f"""
import sys, time
from realtime_style import cli
from realtime_style.stylize import stylizer as painter
real = painter.Stylizer.__call__
def slowly(self, frame):
    print("painting", flush=True)
    time.sleep(0.3)
    return real(self, frame)
painter.Stylizer.__call__ = slowly
sys.exit(cli.main(["video", {str(clip)!r}, {str(target)!r}, "--style", {str(tiny_style)!r}, "--device", "cpu"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "painting"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert target.read_bytes() == b"the old result"
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_both_runtimes_installed_is_named_when_cuda_is_demanded(
    tmp_path: Path, tiny_style: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second distribution is really there, as pip leaves it."""
    for name in ("onnxruntime", "onnxruntime_gpu"):
        info = tmp_path / "site" / f"{name}-1.31.1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.31.1\n"
        )
        (info / "RECORD").write_text("onnxruntime/__init__.py,,\n")
    call = [sys.executable, "-m", "realtime_style", "image", str(photo), str(tmp_path / "o.png")]
    call += ["--style", str(tiny_style), "--device", "cuda"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(Path(__file__).parents[2])]),
    }
    done = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "onnxruntime and onnxruntime-gpu are both installed" in done.stderr
    assert "pip uninstall" in done.stderr


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs a folder where not even root may write"
)
def test_place_where_nothing_can_be_written_is_one_line(
    photo: Path, clip: Path, tiny_style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = [
        "webcam",
        "--camera",
        str(clip),
        "--no-window",
        "--seconds",
        "1",
        "--record",
        "/proc/out.mp4",
    ]
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
    assert (
        main(
            [
                "image",
                str(tmp_path / "dot.png"),
                str(tmp_path / "out.png"),
                "--style",
                str(tiny_style),
            ]
        )
        == 0
    )
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
    assert (
        main(
            [
                "image",
                str(photo),
                str(tmp_path / "out.png"),
                "--style",
                str(tmp_path / "foreign.onnx"),
            ]
        )
        == 1
    )
    assert "not a style file of realtime_style" in one_line(capsys)
    assert not (tmp_path / "out.png").exists()
