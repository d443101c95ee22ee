"""The names people may rely on, and what importing them costs."""

from __future__ import annotations

import os
import subprocess
import sys

import realtime_style

_TRANSFORMS = "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS"

LIGHT = "import realtime_style, realtime_style.cli, sys; print(' '.join(sorted(sys.modules)))"
HEAVY = {"torch", "torchvision", "onnxruntime", "openvino", "onnx", "av", "PIL", "tqdm", "tkinter"}


def test_every_public_name_exists_and_says_where_it_lives() -> None:
    assert sorted(realtime_style.__all__) == realtime_style.__all__
    for name in set(realtime_style.__all__) - {"__version__"}:
        value = getattr(realtime_style, name)
        assert value.__module__.startswith("realtime_style.")
        assert value.__doc__
    assert set(realtime_style.__all__) - {"__version__"} == set(realtime_style._HOME)


def test_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(realtime_style, "Filter")


def test_import_loads_no_engine_no_torch_and_no_window_system() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & HEAVY
    assert "cv2" not in loaded  # its wheel opens Qt's libraries on import
    assert done.stderr == ""


def test_windows_is_told_about_cameras_before_opencv_is_loaded() -> None:
    code = (
        "import os, sys; sys.platform = 'win32'; import realtime_style; "
        "print(os.environ['OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS'], 'cv2' in sys.modules)"
    )
    for set_before, expected in (({}, "0 False"), ({_TRANSFORMS: "1"}, "1 False")):
        environment = {
            name: value for name, value in os.environ.items() if name != _TRANSFORMS
        } | set_before
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert done.stdout.strip() == expected


def test_using_a_name_loads_only_what_it_needs() -> None:
    code = "import realtime_style as r, sys; r.parse_mix; r.StyleInfo; print(' '.join(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & {
        "torch",
        "onnxruntime",
        "openvino",
        "av",
    }
