"""The commands and programs of the README run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.readme import PAGES, README, ROOT, Block, blocks, commands

PYTHON = [
    block for page in PAGES for block in blocks(page) if block.language.split(" ")[0] == "python"
]


RUNNABLE = [
    pytest.param(block, id=f"{block.page.stem}-{n}")
    for n, block in enumerate(PYTHON)
    if "runnable" in block.language
]


def run_as_newcomer(arguments: list[str], folder: Path) -> None:
    """Run Python with `arguments` where there are a clip.mp4, a photo.jpg and a folder photos/; it has to end with 0."""
    import cv2
    import numpy as np

    (folder / "clip.mp4").write_bytes(
        (ROOT / "demos" / "media" / "big-buck-bunny.mp4").read_bytes()
    )
    (folder / "demos").mkdir()
    (folder / "demos" / "kiosk.toml").write_bytes((ROOT / "demos" / "kiosk.toml").read_bytes())
    (folder / "photos").mkdir()
    for path in (folder / "photo.jpg", folder / "photos" / "a.jpg"):
        cv2.imwrite(str(path), np.full((60, 80, 3), 90, np.uint8))
    if "--virtual-camera" in arguments:  # its driver is stood in for
        driver = "import pyvirtualcam\nfrom realtime_style.testing.virtual_camera import FakeVirtualCamera as fake\n"
        (folder / "sitecustomize.py").write_text(
            driver + 'pyvirtualcam.register_backend("fake", fake)\n'
        )
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
            "REALTIME_STYLE_HOME": str(folder / "own"),
            "SDL_VIDEODRIVER": "dummy",
        },
        input="4711\n",  # for what asks, which without a terminal of its own it does here
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", RUNNABLE)
def test_python_block_marked_runnable_runs(block: Block, tmp_path: Path):
    """A block opened by ```python runnable runs in a folder that has the demo clip as clip.mp4 and a photo.jpg."""
    run_as_newcomer(["-c", block.text], tmp_path)


def readme_calls() -> list[list[str]]:
    """The README's calls, but for training and what needs a file that training or the workshop makes: tested with those."""
    made = ("mine.onnx", "johnson.onnx")
    return [
        call
        for call in commands(README, "realtime-style")
        if call[0] not in ("train", "doctor")
        and not any(file in word for word in call for file in made)
    ]


@pytest.mark.parametrize("call", readme_calls(), ids=shlex.join)
def test_readme_command_runs(call: list[str], tmp_path: Path):
    """Each in a folder with what a newcomer would have: a clip, a photograph, a folder of photographs.

    The camera is the clip and there is no window, as machines that test have neither; everything else is as written.
    """
    if call[0] == "webcam":
        call = [*call, "--camera", "clip.mp4", "--no-window", "--seconds", "0.5"]
    if call[0] == "kiosk" and "--secrets" not in call:
        call = [*call, "--camera", "clip.mp4", "--seconds", "2"]
    run_as_newcomer(["-m", "realtime_style", *call], tmp_path)
