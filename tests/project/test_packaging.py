"""What a person gets from pip, from the source archive and from the demo clip."""

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


def test_torch_is_asked_for_by_the_train_extra_alone(project: Project):
    def asks(requirements: list[str]) -> bool:
        return any(re.match(r"torch\b", requirement) for requirement in requirements)

    extras = project["optional-dependencies"]
    assert set(extras) == {"cpu", "gpu", "openvino", "web", "virtual-camera", "kiosk", "train"}
    assert not asks(project["dependencies"])
    assert {name for name, requirements in extras.items() if asks(requirements)} == {"train"}


def test_no_installation_gets_both_onnxruntimes(project: Project):
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


def test_command_is_main_of_the_command_line(project: Project):
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
