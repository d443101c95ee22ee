"""The command line in a process of its own: exit codes and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from realtime_style import __version__
from realtime_style.media.images import Picture, write_image

PROGRAM = (sys.executable, "-m", "realtime_style")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, Picture(np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8)))
    return path


def test_version_is_printed() -> None:
    done = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"realtime-style {__version__}"


def test_help_of_the_program_loads_no_options() -> None:
    """It answers at once: dataclasses and typing alone would take a third of the time."""
    code = """
import sys
from realtime_style.cli import main
try:
    main(["--help"])
except SystemExit:
    print(*{"dataclasses", "logging", "realtime_style.cli.webcam"} & set(sys.modules), end="END")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nEND")


def test_unprintable_name_does_not_undo_success(
    photo: Path, tiny_style: Path, tmp_path: Path
) -> None:
    target = tmp_path / "夜.png"
    for words in ([], ["--json"]):
        call = [*PROGRAM, "image", str(photo), str(target), "--style", str(tiny_style), *words]
        ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
        run = subprocess.run(call, env=ascii_only, capture_output=True, check=False)
        assert (run.returncode, target.exists()) == (0, True), run.stderr
        target.unlink()


def test_no_display_is_one_line(tiny_style: Path, clip: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY")
    }
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux runs without a display")
    call = [*PROGRAM, "webcam", "--camera", str(clip), "--style", str(tiny_style)]
    done = subprocess.run(
        call, capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "--no-window" in done.stderr


def test_debug_shows_the_traceback(photo: Path, tmp_path: Path) -> None:
    call = [*PROGRAM, "image", str(photo), str(tmp_path / "o.png"), "--style", "nobody"]
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
from realtime_style.stylize.stylizer import Stylizer
real = Stylizer.__call__
def slowly(self, frame):
    print("painting", flush=True)
    time.sleep(0.3)
    return real(self, frame)
Stylizer.__call__ = slowly
sys.exit(cli.main(["video", {str(clip)!r}, {str(target)!r}, "--style", {str(tiny_style)!r}]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", slow], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "painting"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in printed
    assert target.read_bytes() == b"the old result"
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_conflicting_onnxruntime_wheels_are_named(
    tmp_path: Path, tiny_style: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both distributions are there, as pip leaves them."""
    for name in ("onnxruntime", "onnxruntime_gpu"):
        info = tmp_path / "site" / f"{name}-1.31.1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.31.1\n"
        )
        (info / "RECORD").write_text("onnxruntime/__init__.py,,\n")
    call = [*PROGRAM, "image", str(photo), str(tmp_path / "o.png")]
    call += ["--style", str(tiny_style), "--device", "cuda"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(Path(__file__).parents[3])]),
    }
    done = subprocess.run(call, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "onnxruntime and onnxruntime-gpu are both installed" in done.stderr
    assert "pip uninstall" in done.stderr
