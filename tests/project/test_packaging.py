"""Declarations to pip, and the demo clip."""

from __future__ import annotations

import re
import tomllib
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


def test_version_is_the_newest_in_the_changelog():
    headings = re.findall(
        r"^## \[?([0-9][^\]\s]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert headings
    assert headings[0] == realtime_style.__version__


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
