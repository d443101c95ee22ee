"""The live show with real style files and a real camera thread; a script plays the display."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2  # before av: windows hang otherwise
import numpy as np
import pytest

from realtime_style.errors import CameraNotFound, DisplayUnavailable
from realtime_style.frames import Frame
from realtime_style.frames.pattern import read_barcode
from realtime_style.sources.device import Connection
from realtime_style.styles.mix import Mix
from realtime_style.stylize.style_model import StyleModel
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.testing.camera import FakeCapture
from realtime_style.testing.style_files import write_tiny_style
from realtime_style.webcam import app as webcam
from realtime_style.webcam.app import run_webcam
from realtime_style.webcam.options import WebcamOptions
from realtime_style.webcam.playlist import build_playlist
from tests.helpers.waiting import until
from tests.helpers.webcam import LEVEL, Script, read_video, show

# styles


def test_picture_is_painted(options: WebcamOptions):
    screen = Script()
    show(options, screen)
    assert set(screen.levels) == {255 - LEVEL}


def test_style_change_is_a_cross_fade_never_a_cut(options: WebcamOptions):
    screen = Script({3: "n"}, frames=130)
    summary = show(options, screen)
    assert screen.levels[0] == 255 - LEVEL
    assert screen.levels[-1] == pytest.approx(
        LEVEL, abs=2
    )  # steadiness keeps a trace of what it rounds
    steps = [abs(after - before) for before, after in pairwise(screen.levels)]
    assert max(steps) < 35
    assert sum(step > 0 for step in steps) >= 8
    assert summary.style == "B"


def test_style_change_across_files_is_a_cross_fade_too(options: WebcamOptions, own_home: Path):
    write_tiny_style(own_home / "other.onnx", names=("other",), behaviour="identity")
    screen = Script({3: "p"}, frames=150)  # the last of the list is the first backwards
    assert show(options, screen).style == "Other"
    assert screen.levels[-1] == pytest.approx(LEVEL, abs=2)
    assert max(abs(after - before) for before, after in pairwise(screen.levels)) < 35


def test_key_during_a_fade_turns_round_without_a_jump(options: WebcamOptions):
    screen = Script({3: "n", 30: "p"}, frames=160)
    show(options, screen)
    assert min(screen.levels) < 255 - LEVEL - 10
    assert screen.levels[-1] == pytest.approx(255 - LEVEL, abs=2)
    assert max(abs(after - before) for before, after in pairwise(screen.levels)) < 35


def test_picture_goes_on_while_a_style_is_loading(
    options: WebcamOptions, own_home: Path, monkeypatch: pytest.MonkeyPatch
):
    write_tiny_style(own_home / "slow.onnx", names=("slow",), behaviour="identity")
    went_on, in_time = threading.Event(), []

    class SlowToLoad(Stylizer):
        def preload(self, mix: str | Mix, width: int, height: int) -> None:
            in_time.append(went_on.wait(30))
            super().preload(mix, width, height)

    monkeypatch.setattr(webcam, "Stylizer", SlowToLoad)
    screen = Script({3: "p"}, frames=30, at=lambda n: went_on.set() if n == 29 else None)
    show(options, screen)
    assert in_time == [True]
    assert set(screen.levels) == {255 - LEVEL}


def test_style_file_that_breaks_is_left_out_and_the_show_goes_on(
    options: WebcamOptions, own_home: Path
):
    file = write_tiny_style(own_home / "doomed.onnx", names=("doomed",), behaviour="identity")
    screen = Script(
        {3: "p"}, frames=40, at=lambda n: file.write_bytes(b"no style") if n == 2 else None
    )
    summary = show(options, screen)
    assert summary.frames == 40
    assert summary.style == "A"
    assert set(screen.levels) == {255 - LEVEL}
    assert screen.sprites[30] != screen.sprites[2]  # the message


def test_broken_file_among_the_users_styles_does_not_stop_the_show(
    options: WebcamOptions, own_home: Path, caplog: Any
):
    (own_home / "broken.onnx").write_bytes(b"no style")
    assert show(options, Script()).frames == 12
    assert "broken.onnx" in caplog.text


def test_strength_keys_mix_photograph_and_painting(options: WebcamOptions):
    screen = Script(dict.fromkeys(range(2, 7), "down"), frames=10)
    show(options, screen)
    assert screen.levels[-1] == pytest.approx(127.5, abs=1)
    assert show(replace(options, strength=0.0), weak := Script()).frames == 12
    assert set(weak.levels) == {LEVEL}


def test_keys_reach_the_painter(options: WebcamOptions, monkeypatch: pytest.MonkeyPatch):
    seen = []

    class Watched(Stylizer):
        def __call__(self, frame: Frame) -> Frame:
            seen.append((self.steadiness, self.keep_colours))
            return super().__call__(frame)

    monkeypatch.setattr(webcam, "Stylizer", Watched)
    show(options, Script({3: "c", 6: "]", 9: "c"}, frames=12))
    assert list(dict.fromkeys(seen)) == [(0.5, False), (0.5, True), (0.75, True), (0.75, False)]


# picture


def test_mirror_flips_the_picture(options: WebcamOptions):
    screen = Script({5: "m"}, frames=10)
    show(options, screen)
    assert (
        dark_side(screen.shown[4]) == "left"
    )  # dark became bright: painted, it is the inverted side
    assert dark_side(screen.shown[9]) == "right"


@pytest.mark.parametrize(
    ("source", "side"), [("0", "right"), ("/dev/video2", "right"), ("talk.mp4", "left")]
)
def test_cameras_are_mirrored_and_clips_are_not_unless_asked(
    options: WebcamOptions, source: str, side: str
):
    screen = Script({}, frames=3)
    show(replace(options, camera=source, mirror=None), screen)
    assert dark_side(screen.shown[2]) == side
    asked = Script({}, frames=3)
    show(replace(options, camera=source, mirror=side == "left"), asked)
    assert dark_side(asked.shown[2]) != side


def dark_side(frame: Frame) -> str:
    """Side on which the camera sees the dark stripe, which the style inverts to white."""
    row = frame[frame.shape[0] * 3 // 4].mean(axis=1)
    return "left" if row[2] > row[-3] else "right"


def test_split_shows_photograph_and_painting(options: WebcamOptions):
    screen = Script({5: "b"}, frames=10)
    show(options, screen)
    row = screen.shown[9][screen.shown[9].shape[0] * 3 // 4].mean(axis=1)
    assert row[len(row) * 3 // 8] == pytest.approx(LEVEL, abs=2)
    assert row[len(row) * 3 // 4] == pytest.approx(255 - LEVEL, abs=2)


def test_freeze_keeps_the_frame_and_styles_still_change(options: WebcamOptions):
    screen = Script({5: "space", 40: "n", 170: "space"}, frames=180)
    show(options, screen, FakeCapture(320, 240))
    numbers = [read_barcode(shrink(screen.shown[n])) for n in (3, 6, 38, 160, 175)]
    assert numbers[0] < numbers[1] == numbers[2] == numbers[3] < numbers[4]
    assert abs(float(screen.shown[160].mean()) - float(screen.shown[38].mean())) > 1


def shrink(frame: Frame) -> Frame:
    """A picture from the screen in the size in which the camera sent it."""
    return np.asarray(cv2.resize(frame, (320, 240), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def test_paint_size_reduces_for_the_network_and_enlarges_back(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
):
    sizes = set()

    def watched(self: StyleModel, frame: Frame, *weights: Any, **strength: Any) -> Frame:
        sizes.add(frame.shape)
        return stylize(self, frame, *weights, **strength)

    stylize = StyleModel.__call__
    monkeypatch.setattr(StyleModel, "__call__", watched)
    screen = Script()
    summary = show(replace(options, paint_size=80), screen)
    assert sizes == {(60, 80, 3)}
    assert (summary.width, summary.height) == (160, 120)
    assert set(screen.levels) == {255 - LEVEL}


# on screen


def test_help_and_overlay_are_shown_but_not_recorded(options: WebcamOptions, tmp_path: Path):
    screen = Script({3: "h", 6: "o"}, frames=10)
    show(replace(options, record=tmp_path / "clip.mp4"), screen)
    assert len(screen.sprites[2]) < len(screen.sprites[5]) < len(screen.sprites[9])
    frames, _ = read_video(tmp_path / "clip.mp4")
    assert max(int(np.abs(frame.astype(int) - frames[0].astype(int)).max()) for frame in frames) < 6


def test_fullscreen_key_asks_the_window(options: WebcamOptions):
    screen = Script({2: "f", 4: "f"})
    show(options, screen)
    assert screen.fullscreen == [True, False]


@pytest.mark.parametrize("key", ["q", "esc"])
def test_quit_ends_at_once(options: WebcamOptions, key: str):
    screen = Script({4: key}, frames=1000)
    assert show(options, screen).frames == 4
    assert screen.closes == 1


def test_closing_the_window_ends_the_show(options: WebcamOptions):
    assert show(options, Script(frames=7)).frames == 7


# figures


def test_summary_names_the_provider_and_is_plain(options: WebcamOptions):
    summary = show(replace(options, seconds=0.3))
    values = json.loads(json.dumps(asdict(summary)))
    assert values["provider"] == "CPUExecutionProvider"
    assert values["fallback"] is None
    assert values["camera"] == "grey camera"
    assert (values["width"], values["height"]) == (160, 120)
    assert values["latency_ms"]["p50"] > 0
    assert set(values["stages_ms"]) == {"wait", "stylize"}
    assert values["frames"] >= 1


def test_no_camera_frame_is_painted_twice(options: WebcamOptions):
    capture = FakeCapture(320, 240, interval_s=0.05)
    summary = show(options, Script(frames=8), capture=capture)
    assert summary.frames + summary.dropped <= capture.reads
    assert 0 < (summary.frames - 1) / summary.seconds <= summary.fps + 1e-6


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> tuple[FakeCapture, list[int]]:
    """A camera that sends five frames while one is painted, and how old each painted frame was.

    The age is in frames that the camera had sent since, when painting began.
    """
    capture, ages = FakeCapture(320, 240, interval_s=0.005), []

    class Slow(Stylizer):
        def __call__(self, frame: Frame) -> Frame:
            came = capture.reads
            ages.append(came - 1 - read_barcode(frame))
            until(lambda: capture.reads >= came + 5)
            return super().__call__(frame)

    monkeypatch.setattr(webcam, "Stylizer", Slow)
    return capture, ages


def test_dropped_frames_are_counted(
    options: WebcamOptions, slow: tuple[FakeCapture, list[int]]
) -> None:
    capture, _ = slow
    summary = show(options, Script(frames=8), capture=capture)
    assert summary.dropped > 2 * summary.frames
    assert summary.dropped + summary.frames <= capture.reads


def test_slow_painting_costs_frames_but_not_latency(
    options: WebcamOptions, tmp_path: Path, slow: tuple[FakeCapture, list[int]]
) -> None:
    capture, ages = slow
    show(replace(options, record=tmp_path / "clip.mp4"), Script(frames=12), capture=capture)
    numbers = [read_barcode(frame) for frame in read_video(tmp_path / "clip.mp4")[0]]
    assert min(after - before for before, after in pairwise(numbers)) >= 2
    assert min(ages[-3:]) <= 5  # a queue would have grown by four frames at each painting


def test_clip_stands_in_for_a_camera(options: WebcamOptions, clip: Path):
    summary = run_webcam(replace(options, camera=str(clip)), screen=Script(frames=5))
    assert summary.camera == "clip.mp4"
    assert (summary.width, summary.height) == (64, 48)
    assert summary.frames == 5


def test_users_style_replaces_a_shipped_one_of_its_name(two_styles: Mix, own_home: Path):
    write_tiny_style(own_home / "mine.onnx", names=("starry-night", "own"))
    playlist, problems = build_playlist(two_styles)
    shown = [(style.info.name, style.file.parent.name) for ((style, _), *_) in playlist[1:]]
    assert [folder for name, folder in shown if name == "starry-night"] == [own_home.name]
    assert ("great-wave", "pack") in shown
    assert problems == []


def test_reason_why_nothing_faster_paints_is_told_while_it_paints(
    options: WebcamOptions, caplog: Any, monkeypatch: pytest.MonkeyPatch
):
    told: list[bool] = []
    monkeypatch.setattr(Stylizer, "fallback", "the GPU's libraries are missing")
    show(
        options,
        Script(
            at=lambda n: told.append("could not take something faster: the GPU's" in caplog.text)
        ),
    )
    assert told[3]
    assert caplog.text.count("something faster") == 1


def test_wishes_reach_the_camera(options: WebcamOptions, monkeypatch: pytest.MonkeyPatch):
    asked: dict[str, object] = {}

    def opened(spec: str, **wishes: object) -> Connection:
        asked.update(wishes, spec=spec)
        raise CameraNotFound("none here")

    monkeypatch.setattr(webcam, "connect", opened)
    wishes: dict[str, Any] = {"size": (640, 480), "fps": 30.0, "fourcc": "MJPG", "backend": "dshow"}
    with pytest.raises(CameraNotFound):
        run_webcam(replace(options, camera="2", window=False, **wishes))
    assert {name: asked[name] for name in ("spec", *wishes)} == {"spec": "2"} | wishes


def test_without_a_display_nothing_is_opened(
    options: WebcamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(webcam, "connect", lambda *_, **__: pytest.fail("camera opened"))
    with pytest.raises(DisplayUnavailable, match="--no-window"):
        run_webcam(replace(options, record=tmp_path / "clip.mp4"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["two.onnx"]
