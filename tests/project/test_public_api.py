"""Public names, and the cost of importing them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import realtime_style

_TRANSFORMS = "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS"

LIGHT = "import realtime_style, realtime_style.cli, sys; print(' '.join(sorted(sys.modules)))"
HEAVY = {"torch", "torchvision", "onnxruntime", "openvino", "onnx", "av", "PIL", "tqdm", "tkinter"}


def test_every_public_name_is_documented() -> None:
    assert {"Stylizer", "WebcamOptions", "run_webcam"} < set(realtime_style.__all__)
    assert sorted(realtime_style.__all__) == realtime_style.__all__
    for name in set(realtime_style.__all__) - {"__version__"}:
        value = getattr(realtime_style, name)
        assert value.__module__.startswith("realtime_style.")
        assert value.__doc__


def test_star_import_and_dir_give_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from realtime_style import *", names)
    assert set(realtime_style.__all__) <= set(names)
    assert set(realtime_style.__all__) <= set(dir(realtime_style))


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'realtime_style' has no attribute 'Filter'"):
        _ = realtime_style.Filter  # type: ignore[attr-defined]


def test_import_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & HEAVY
    assert "cv2" not in loaded  # its wheel opens Qt's libraries on import
    assert done.stderr == ""


def test_windows_camera_setting_precedes_opencv() -> None:
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


def test_name_loads_only_what_it_needs() -> None:
    code = (
        "import realtime_style as r, sys; r.parse_mix; r.StyleInfo; "
        "print(' '.join(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & {
        "torch",
        "onnxruntime",
        "openvino",
        "av",
    }
