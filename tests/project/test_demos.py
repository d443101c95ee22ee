"""Demos run, are short and use public names only."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import cv2
import pytest

import realtime_style

DEMOS = Path(__file__).parents[2] / "demos"
FILES = sorted(DEMOS.glob("*.py"))


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"demos_{name}", DEMOS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_demo_is_short_and_uses_public_names_only(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 50
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            assert all(
                not alias.name.startswith(("realtime_style", "export")) for alias in node.names
            )
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("realtime_style", "export")
        ):
            assert node.module == "realtime_style"
            assert {alias.name for alias in node.names} <= set(realtime_style.__all__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_demo_is_listed(path: Path):
    assert f"({path.name})" in (DEMOS / "README.md").read_text(encoding="utf-8")


def test_video_file_puts_photograph_and_painting_side_by_side(tmp_path: Path, tiny_style: Path):
    target = tmp_path / "both.mp4"
    assert (
        load("video_file").main(
            str(DEMOS / "media" / "big-buck-bunny.mp4"), str(target), str(tiny_style), frames=5
        )
        == 0
    )
    capture = cv2.VideoCapture(str(target))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    assert len(frames) == 5
    assert frames[0].shape == (360, 1280, 3)
    photograph, painting = frames[0][:, :640].astype(int), frames[0][:, 640:].astype(int)
    assert (
        abs(photograph + painting - 255).mean() < 8
    )  # the tiny style inverts; H.264 costs a few grey levels


def test_make_demo_asks_only_at_a_terminal_with_a_screen():
    can_offer = load("offer_live").can_offer
    assert can_offer({"DISPLAY": ":0"}, "linux", terminal=True)
    assert can_offer({"WAYLAND_DISPLAY": "wayland-0"}, "linux", terminal=True)
    assert can_offer({}, "darwin", terminal=True)
    assert not can_offer({"DISPLAY": ":0"}, "linux", terminal=False)
    assert not can_offer({"DISPLAY": ""}, "linux", terminal=True)


def test_make_demo_offers_the_clip_without_a_camera(tmp_path: Path):
    demo = load("offer_live")
    assert not demo.has_camera("linux", tmp_path)
    (tmp_path / "video0").touch()
    assert demo.has_camera("linux", tmp_path)
    assert demo.choose(True, "") == "0"
    assert demo.choose(True, "c") == demo.CLIP
    assert demo.choose(False, "Y") == demo.CLIP
    assert demo.choose(True, "No") is None
    assert (DEMOS.parent / demo.CLIP).is_file()
