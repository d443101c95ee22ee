"""The commands and programs of the README run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.styles.catalog import list_styles
from realtime_style.testing.style_files import write_tiny_style
from tests.helpers.readme import PAGES, README, ROOT, Block, blocks, commands
from tests.helpers.web import free_port

FAKE_CAMERA = """
import pyvirtualcam
from realtime_style.testing.virtual_camera import FakeVirtualCamera
pyvirtualcam.register_backend("fake", FakeVirtualCamera)
"""

RUNNABLE = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page))
    if block.language.split() == ["python", "runnable"]
]


@pytest.fixture
def newcomer(tmp_path: Path, own_home: Path, clip: Path) -> Path:
    """A folder with a clip, a photograph, a folder of photographs and the kiosk's settings."""
    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())
    for folder in ("demos", "photos"):
        (tmp_path / folder).mkdir()
    for photo in (tmp_path / "photo.jpg", tmp_path / "photos" / "a.jpg"):
        cv2.imwrite(str(photo), np.full((60, 80, 3), 90, np.uint8))
    settings = (ROOT / "demos" / "kiosk.toml").read_text(encoding="utf-8")
    (tmp_path / "demos" / "kiosk.toml").write_text(with_free_ports(settings), encoding="utf-8")
    return tmp_path


def with_free_ports(text: str) -> str:
    """The same with free ports: those of the documents may be taken, also by these very tests."""
    return re.sub(r"\b80\d\d\b", lambda _: str(free_port()), text)


def run(folder: Path, *arguments: str) -> None:
    """Run Python in `folder`; it has to exit with 0."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
            "SDL_VIDEODRIVER": "dummy",
        },
        input="4711\n",  # the PIN, which is asked for here without a terminal
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", RUNNABLE)
def test_python_block_marked_runnable_runs(block: Block, newcomer: Path) -> None:
    """Blocks opened by ```python runnable run beside clip.mp4 and photo.jpg."""
    run(newcomer, "-c", block.text)


def readme_calls() -> list[list[str]]:
    """Commands of the README, except training and those that need a trained or exported file.

    Those are tested with training and export.
    """
    made = ("mine.onnx", "johnson.onnx")
    return [
        call
        for call in commands(README, "realtime-style")
        if call[0] not in ("train", "doctor")
        and not any(file in word for word in call for file in made)
    ]


@pytest.mark.parametrize("call", readme_calls(), ids=shlex.join)
def test_readme_command_runs(call: list[str], newcomer: Path, own_home: Path) -> None:
    """Live commands take the clip as camera, open no window and end soon.

    What has many frames to paint does so in quick styles of the same names. Ports are free ones;
    everything else is as written.
    """
    if call[0] in ("webcam", "video", "kiosk"):
        write_tiny_style(
            own_home / "quick.onnx", names=[style.info.name for style in list_styles()]
        )
    if call[0] == "webcam":
        call = [*call, "--camera", "clip.mp4", "--no-window", "--seconds", "0.3"]
    if call[0] == "kiosk" and "--secrets" not in call:
        if len(call) == 1:
            (newcomer / "port.toml").write_text(with_free_ports("[take_home]\nport = 8080\n"))
            call = [*call, "port.toml"]
        call = [*call, "--camera", "clip.mp4", "--seconds", "1"]
    if "--virtual-camera" in call:
        (newcomer / "sitecustomize.py").write_text(FAKE_CAMERA)
    run(newcomer, "-m", "realtime_style", *map(with_free_ports, call))
