"""doctor: what works on this machine, and why the rest does not."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from realtime_style.diagnostics.doctor import examine, format_report
from realtime_style.engines.devices import cuda
from realtime_style.engines.table import ENGINES
from realtime_style.errors import DeviceUnavailable
from realtime_style.sources import camera as sources
from realtime_style.styles import catalog as styles
from realtime_style.testing.style_files import write_tiny_style
from tests.helpers.engines import (
    HAS_OPENVINO,
    install_both_runtimes,
    needs_openvino,
    uninstall,
    without_nvidia,
)


@pytest.fixture(autouse=True)
def machine_of_its_own(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One style of the user's, no shipped ones, no display and no cameras."""
    write_tiny_style(own_home / "tiny.onnx")
    monkeypatch.setattr(styles, "PACK", own_home / "no-pack")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sources, "list_cameras", list)


def test_every_engine_is_judged_by_painting():
    found = examine()
    usable = {finding.device: finding.provider for finding in found.devices if finding.usable}
    assert [finding.device for finding in found.devices] == [engine.name for engine in ENGINES]
    assert usable["cpu"] == "CPUExecutionProvider"
    assert ("openvino" in usable) == HAS_OPENVINO
    assert found.ok
    assert found.problems == ()
    assert found.auto in usable.values()


@without_nvidia
def test_unusable_engine_has_reason_and_remedy():
    finding = examine().devices[0]
    assert (finding.device, finding.usable, finding.provider) == ("cuda", False, None)
    assert finding.reason is not None
    assert "no NVIDIA driver; install it" in finding.reason


def test_every_missing_engine_says_what_to_do():
    found = examine()
    for engine, finding in zip(ENGINES, found.devices, strict=True):
        if not finding.expected:
            assert engine.remedy in str(finding.reason)


@without_nvidia
def test_missing_hardware_is_no_note():
    found = examine()
    assert [note for note in found.notes if "cuda" in note or "GPU" in note] == []


@without_nvidia
def test_missing_openvino_is_recommended(monkeypatch: pytest.MonkeyPatch):
    uninstall(monkeypatch, "openvino")
    advice = [note for note in examine().notes if "two to three times as fast" in note]
    assert len(advice) == 1
    assert advice[0].endswith('pip install "realtime-style[openvino]"')


@needs_openvino
def test_installed_openvino_is_not_recommended():
    assert not any("two to three times" in note for note in examine().notes)


@without_nvidia
def test_required_cuda_without_a_gpu_is_a_problem():
    found = examine(require="cuda")
    assert not found.ok
    assert found.problems == (f"cuda is required: {found.devices[0].reason}",)
    assert "PROBLEM" in format_report(found)


def test_required_device_that_works_is_no_problem():
    assert examine(require="cpu").ok


def test_only_engines_can_be_required():
    for name in ("abacus", "auto"):
        with pytest.raises(ValueError, match=f"unexpected device: '{name}' is none of cuda, "):
            examine(require=name)


def test_broken_cuda_is_noted_but_painting_works(
    monkeypatch: pytest.MonkeyPatch,
):
    def refuse(ort: object) -> None:
        raise DeviceUnavailable("CUDA cannot be used: the libraries are missing; install them")

    monkeypatch.setattr(cuda, "has_nvidia_driver", lambda: True)
    monkeypatch.setattr(cuda, "_require_cuda", refuse)
    found = examine()
    assert found.ok
    assert any(note.startswith("CUDA cannot be used: the libraries") for note in found.notes)
    assert found.auto_fallback == "CUDA cannot be used: the libraries are missing; install them"


def test_conflicting_wheels_are_a_problem_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    install_both_runtimes(monkeypatch, tmp_path / "site-packages")
    found = examine()
    assert not found.ok
    assert found.runtimes == ("onnxruntime", "onnxruntime-gpu")
    assert "pip uninstall -y onnxruntime onnxruntime-gpu, then pip install" in found.problems[0]


def test_machine_without_engines_has_one_problem(monkeypatch: pytest.MonkeyPatch):
    uninstall(monkeypatch, "onnxruntime", "openvino")
    found = examine()
    assert not found.ok
    assert len(found.problems) == 1
    assert 'pip install "realtime-style[cpu]"' in found.problems[0]
    assert found.auto is None
    assert found.styles == ("tiny",)  # listing styles needs no engine
    assert "\nauto          nothing\n" in format_report(found)


@needs_openvino
def test_openvino_paints_without_onnxruntime(monkeypatch: pytest.MonkeyPatch):
    uninstall(monkeypatch, "onnxruntime")
    found = examine()
    assert found.ok
    assert str(found.auto).startswith("OpenVINO CPU")


def test_no_style_is_a_problem(own_home: Path):
    (own_home / "tiny.onnx").unlink()
    found = examine()
    assert not found.ok
    assert found.problems[0].startswith("no style is installed")


def test_broken_style_file_is_named_and_hides_nothing(own_home: Path):
    (own_home / "broken.onnx").write_bytes(b"broken")
    found = examine()
    assert found.ok
    assert found.styles == ("tiny",)
    assert list(found.broken_styles) == [str(own_home / "broken.onnx")]
    assert any(
        "broken.onnx" in note and "train or download it again" in note for note in found.notes
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has machines without a screen")
def test_missing_display_is_a_note_with_a_remedy():
    found = examine()
    assert found.display is not None
    assert found.display in found.notes
    assert "--no-window" in found.display
    assert found.ok


def test_missing_camera_is_a_note_with_substitutes():
    found = examine()
    assert found.cameras == ()
    assert any("--camera clip.mp4" in note for note in found.notes)


def test_unreadable_camera_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sources, "list_cameras", lambda: ["0", "2"])
    monkeypatch.setattr(os, "access", lambda path, mode: path == "/dev/video0")
    found = examine()
    assert [(camera.camera, camera.readable) for camera in found.cameras] == [
        ("0", True),
        ("2", False),
    ]
    assert any("/dev/video2" in note and "usermod -aG video" in note for note in found.notes)
    assert "\ncameras       0, 2 (may not be read)\n" in format_report(found)


def test_versions_cover_installed_and_missing_packages():
    found = examine()
    assert found.versions["python"] == sys.version.split()[0]
    assert found.versions["numpy"]
    assert found.versions["av"]
    assert "torch" in found.versions
    assert found.h264


def test_report_ends_with_the_verdict():
    lines = format_report(examine()).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith((" ", "note"))][:11] == [
        "machine",
        "versions",
        *[engine.name for engine in ENGINES],
        "auto",
        "videos",
        "display",
        "cameras",
    ]
    assert lines[-1] == "everything that painting needs is there"


def test_findings_are_plain_values():
    found = examine()
    assert json.loads(json.dumps(asdict(found)))["ok"] is True
