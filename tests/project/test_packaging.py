"""Contents of the wheel, the source archive and the demo clip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import cv2
import av
import pytest

import realtime_style

ROOT = Path(__file__).parents[2]
CLIP = ROOT / "demos" / "media" / "big-buck-bunny.mp4"
Project = dict[str, Any]


@pytest.fixture(scope="module")
def project() -> Project:
    table: Project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built without a network by the build backend itself."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(archives: Path) -> zipfile.ZipFile:
    (path,) = archives.glob("*.whl")
    return zipfile.ZipFile(path)


def test_version_is_the_newest_in_the_changelog():
    headings = re.findall(
        r"^## \[?([0-9][^\]\s]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings
    assert headings[0] == realtime_style.__version__


def test_wheel_carries_the_version_of_the_package(archives: Path):
    (path,) = archives.glob("*.whl")
    assert path.name.startswith(f"realtime_style-{realtime_style.__version__}-")


def test_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"realtime_style"}
    modules = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "realtime_style").rglob("*.py")
    }
    assert modules <= set(wheel.namelist())


def test_wheel_plays_offline_and_is_typed(wheel: zipfile.ZipFile):
    names = set(wheel.namelist())
    assert "realtime_style/py.typed" in names
    assert "realtime_style/styles/pack/gallery.onnx" in names
    assert "realtime_style/kiosk/locales/fr.toml" in names
    largest = max(
        (entry for entry in wheel.infolist() if entry.filename.endswith(".onnx")),
        key=lambda entry: entry.file_size,
    )
    assert largest.file_size <= 13 * 2**20, (
        f"{largest.filename} is larger than a style file should be"
    )


def test_wheel_carries_its_licence(wheel: zipfile.ZipFile):
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_source_archive_holds_workshop_tests_and_demos(archives: Path):
    (path,) = archives.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "export/__main__.py",
        "tests/project/test_packaging.py",
        "demos/webcam.py",
        "docs/architecture.md",
        "Makefile",
    } <= names
    assert not any(
        name.startswith((".venv/", "out/")) or name.endswith((".pt", ".pyc")) for name in names
    )


def test_only_the_train_extra_requires_torch(project: Project):
    def wants(requirements: list[str]) -> bool:
        return any(re.match(r"torch\b", requirement) for requirement in requirements)

    extras = project["optional-dependencies"]
    assert set(extras) == {"cpu", "gpu", "openvino", "web", "virtual-camera", "kiosk", "train"}
    assert not wants(project["dependencies"])
    assert {name for name, requirements in extras.items() if wants(requirements)} == {"train"}


def test_no_extra_installs_both_builds_of_onnxruntime(project: Project):
    extras = project["optional-dependencies"]
    wheels = {
        name: {match[0] for item in items if (match := re.match(r"onnxruntime(-gpu)?", item))}
        for name, items in extras.items()
    }
    assert {name: wheel for name, wheel in wheels.items() if wheel} == {
        "cpu": {"onnxruntime"},
        "gpu": {"onnxruntime-gpu"},
    }
    assert not any(item.startswith("onnxruntime") for item in project["dependencies"])


def test_classifiers_name_the_pythons_that_make_accepts(project: Project):
    named = {
        int(match[1])
        for classifier in project["classifiers"]
        if (match := re.fullmatch(r"Programming Language :: Python :: 3\.(\d+)", classifier))
    }
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    least, above = re.findall(r"\(3, (\d+)\) <= sys.version_info < \(3, (\d+)\)", makefile)[0]
    assert named == set(range(int(least), int(above)))
    assert project["requires-python"] == f">=3.{least}"


def test_command_starts_the_command_line(project: Project):
    assert project["scripts"] == {"realtime-style": "realtime_style.cli:main"}


def test_demo_clip_is_small_and_640x360_at_25_fps():
    assert CLIP.stat().st_size <= 600_000
    capture = cv2.VideoCapture(str(CLIP))
    size = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    rate = capture.get(cv2.CAP_PROP_FPS)
    frames = 0
    while capture.grab():
        frames += 1
    capture.release()
    assert (size, rate, frames) == ((640, 360), 25, 132)


def test_demo_clip_plays_in_browsers_and_has_sound():
    with av.open(str(CLIP)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert audio.codec_context.name == "aac"
        assert sum(frame.samples for frame in container.decode(audio)) > 5 * 48000
    # A browser starts before the whole file is there only if the index comes first.
    data = CLIP.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_demo_clip_is_credited():
    credit = (CLIP.parent / "README.md").read_text(encoding="utf-8")
    for wanted in (CLIP.name, "Blender Foundation", "www.bigbuckbunny.org", "CC BY 3.0"):
        assert wanted in credit


@pytest.mark.skipif(os.name == "nt", reason="the Makefile is for Linux and macOS")
def test_make_demo_installs_the_player_without_torch():
    for engine, extras in (("cpu", "'.[cpu,openvino]'"), ("gpu", "'.[gpu]'")):
        done = subprocess.run(
            ["make", "--dry-run", "--always-make", "demo", f"ENGINE={engine}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        (install,) = [line for line in done.stdout.splitlines() if "--editable" in line]
        assert install.endswith(f"install --editable {extras}")
        assert f"realtime-style video {CLIP.relative_to(ROOT)} out/demo.mp4" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="the Makefile is for Linux and macOS")
def test_make_refuses_a_python_that_is_too_old(tmp_path: Path):
    old = tmp_path / "python3.8"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    venv = tmp_path / "venv"
    done = subprocess.run(
        ["make", "demo", f"PYTHON={old}", f"VENV={venv}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert (
        f"{old} is too old or does not run; realtime_style needs Python 3.11 or newer"
        in done.stderr
    )
    assert not venv.exists()
