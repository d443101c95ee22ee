"""Contents of the wheel and the source archive, and what make installs."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import realtime_style

ROOT = Path(__file__).parents[3]
CLIP = ROOT / "demos" / "media" / "big-buck-bunny.mp4"


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and source archive, built by the build backend without a network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(archives: Path) -> zipfile.ZipFile:
    (path,) = archives.glob("*.whl")
    return zipfile.ZipFile(path)


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


def test_wheel_has_styles_languages_and_types(wheel: zipfile.ZipFile):
    names = set(wheel.namelist())
    assert {"realtime_style/py.typed", "realtime_style/__init__.pyi"} <= names
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
