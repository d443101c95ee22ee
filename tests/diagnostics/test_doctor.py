"""What works on this machine, and why the rest does not."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from realtime_style.diagnostics import doctor
from realtime_style.diagnostics.doctor import examine, format_report
from realtime_style.engines import cuda as runtimes
from realtime_style.engines import onnxruntime_engine
from realtime_style.engines import table as engines
from realtime_style.engines import telemetry as quiet_imports
from realtime_style.engines.cuda import has_nvidia_driver, installed_runtimes
from realtime_style.errors import DeviceUnavailable
from realtime_style.sources import camera as sources
from realtime_style.styles import catalog as styles
from realtime_style.testing.style_files import write_tiny_style

without_nvidia = pytest.mark.skipif(has_nvidia_driver(), reason="this machine has an NVIDIA driver")
has_openvino = importlib.util.find_spec("openvino") is not None


@pytest.fixture(autouse=True)
def machine_of_its_own(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A style of the user's, no shipped ones, no screen and no cameras."""
    write_tiny_style(own_home / "tiny.onnx")
    monkeypatch.setattr(styles, "PACK", own_home / "no-pack")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sources, "list_cameras", list)


def test_devices_are_usable_because_they_painted():
    found = examine()
    usable = {finding.device: finding.provider for finding in found.devices if finding.usable}
    assert usable["cpu"] == "CPUExecutionProvider"
    assert ("openvino" in usable) == has_openvino
    assert found.ok
    assert found.problems == ()
    assert found.auto in usable.values()


@without_nvidia
def test_a_device_that_is_not_usable_comes_with_reason_and_remedy():
    cuda = examine().devices[0]
    assert (cuda.device, cuda.usable, cuda.provider) == ("cuda", False, None)
    assert cuda.reason is not None
    assert "no NVIDIA driver; install it" in cuda.reason


@without_nvidia
def test_cuda_that_is_required_and_absent_is_a_problem():
    found = examine(require="cuda")
    assert not found.ok
    assert found.problems == (f"cuda is required: {found.devices[0].reason}",)
    assert "PROBLEM" in format_report(found)


def test_a_required_device_that_works_is_no_problem():
    assert examine(require="cpu").ok


def test_only_devices_can_be_required():
    with pytest.raises(ValueError, match="not 'abacus'"):
        examine(require="abacus")


def test_a_driver_without_a_usable_cuda_is_noted_but_painting_works(
    monkeypatch: pytest.MonkeyPatch,
):
    def refuse(ort: object) -> None:
        raise DeviceUnavailable("CUDA cannot be used: the libraries are missing; install them")

    for module in (engines, doctor, runtimes):
        monkeypatch.setattr(module, "has_nvidia_driver", lambda: True)
    monkeypatch.setattr(onnxruntime_engine, "require_cuda", refuse)
    found = examine()
    assert found.ok
    assert any(
        note.startswith("there is an NVIDIA driver, and yet: CUDA cannot be used")
        for note in found.notes
    )
    assert found.auto_fallback == "CUDA cannot be used: the libraries are missing; install them"


def test_both_wheels_are_a_problem_with_the_way_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in {"onnxruntime", "onnxruntime-gpu"} - set(installed_runtimes()):
        info = tmp_path / f"{name.replace('-', '_')}-1.31.1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.31.1\n", encoding="utf-8"
        )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = examine()
    assert not found.ok
    assert found.runtimes == ("onnxruntime", "onnxruntime-gpu")
    assert "pip uninstall -y onnxruntime onnxruntime-gpu, then pip install" in found.problems[0]


def test_a_machine_without_onnxruntime_gets_one_problem_and_a_whole_report(
    monkeypatch: pytest.MonkeyPatch,
):
    def absent() -> None:
        raise ImportError("No module named 'onnxruntime'")

    monkeypatch.setattr(quiet_imports, "import_onnxruntime", absent)
    found = examine()
    assert not found.ok
    assert len(found.problems) == 1
    assert 'pip install "realtime-style[cpu]"' in found.problems[0]
    assert found.auto is None
    assert "display   no" in format_report(found)


def test_an_empty_pack_is_a_problem(own_home: Path):
    (own_home / "tiny.onnx").unlink()
    found = examine()
    assert not found.ok
    assert found.problems[0].startswith("no style is installed")


def test_a_broken_style_file_is_named_and_hides_nothing(own_home: Path):
    (own_home / "broken.onnx").write_bytes(b"broken")
    found = examine()
    assert found.ok
    assert found.styles == ("tiny",)
    assert list(found.broken_styles) == [str(own_home / "broken.onnx")]
    assert any(
        "broken.onnx" in note and "train or download it again" in note for note in found.notes
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has machines without a screen")
def test_no_screen_is_a_note_with_what_to_do_instead():
    found = examine()
    assert found.display is not None
    assert found.display in found.notes
    assert "--no-window" in found.display
    assert found.ok


def test_no_camera_is_a_note_with_what_may_stand_in():
    found = examine()
    assert found.cameras == ()
    assert any("--camera clip.mp4" in note for note in found.notes)


def test_a_camera_that_may_not_be_read_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sources, "list_cameras", lambda: ["0", "2"])
    monkeypatch.setattr(os, "access", lambda path, mode: path == "/dev/video0")
    found = examine()
    assert [(camera.camera, camera.readable) for camera in found.cameras] == [
        ("0", True),
        ("2", False),
    ]
    assert any("/dev/video2" in note and "usermod -aG video" in note for note in found.notes)
    assert "cameras   0, 2 (may not be read)" in format_report(found)


def test_versions_are_told_of_what_is_installed_and_none_of_what_is_not():
    found = examine()
    assert found.versions["python"] == sys.version.split()[0]
    assert found.versions["numpy"]
    assert found.versions["av"]
    assert "torch" in found.versions
    assert found.h264


def test_the_report_has_a_line_for_everything_and_the_verdict_last():
    lines = format_report(examine()).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith((" ", "note"))][:9] == [
        "machine",
        "versions",
        "cuda",
        "openvino",
        "cpu",
        "auto",
        "videos",
        "display",
        "cameras",
    ]
    assert lines[-1] == "all that painting needs is there"


def test_findings_are_plain_values():
    found = examine()
    assert json.loads(json.dumps(asdict(found)))["ok"] is True
