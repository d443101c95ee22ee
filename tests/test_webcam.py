"""The live show, with real style files, a real camera thread and real recordings; only the window is played by a script."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2  # before av: windows hang otherwise
import numpy as np
import pytest

from realtime_style import webcam
from realtime_style.camera import Camera
from realtime_style.errors import CameraLost, CameraNotFound, DisplayUnavailable, OutputUnwritable
from realtime_style.frames import Frame
from realtime_style.images import read_image
from realtime_style.painter import Painter
from realtime_style.styles import Mix, parse_mix
from realtime_style.takes import Takes
from realtime_style.test_pattern import read_barcode
from realtime_style.testing import write_tiny_style
from realtime_style.testing_camera import FakeCapture
from realtime_style.webcam import WebcamOptions, WebcamSummary, run_webcam

LEVEL = 40
"""Grey level that GreyCapture sees; the style "a" of `two_styles` makes it 215, "b" leaves it."""


class GreyCapture:
    """A camera in front of a grey wall; the left half is darker, so that mirroring shows."""

    def __init__(self, width: int = 160, height: int = 120, *, interval_s: float = 0.01) -> None:
        self.frame = np.full((height, width, 3), LEVEL, np.uint8)
        self.frame[:, : width // 4] = 0
        self.interval_s = interval_s
        self.left: int | None = None
        """Frames until it is unplugged."""

    def read(self) -> tuple[bool, Frame | None]:
        time.sleep(self.interval_s)
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                return False, None
        return True, self.frame.copy()

    def release(self) -> None:
        pass


class Script:
    """A screen that presses keys after given frames, keeps what it was shown, and closes itself at the end."""

    def __init__(self, keys: dict[int, str] | None = None, *, frames: int = 12, at: Callable[[int], object] = lambda n: None):
        self.keys, self.last, self.at = keys or {}, frames, at
        self.shown: list[Frame] = []
        self.fullscreen: list[bool] = []
        self.closes = 0
        self._pressed = 0

    @property
    def closed(self) -> bool:
        return len(self.shown) > self.last

    def write(self, frame: Frame) -> None:
        self.shown.append(frame.copy())
        self.at(len(self.shown) - 1)

    def poll_key(self, wait_ms: int = 1) -> str | None:
        frame = len(self.shown) - 1  # 0 is the one that says "getting ready"
        if self._pressed >= frame:
            return None
        self._pressed = frame
        return self.keys.get(frame)

    def set_fullscreen(self, on: bool) -> None:
        self.fullscreen.append(on)

    def close(self) -> None:
        self.closes += 1

    @property
    def levels(self) -> list[float]:
        """The grey level of most of each picture, whatever is written on it."""
        return [float(np.median(frame)) for frame in self.shown[1:]]


@pytest.fixture
def two_styles(tmp_path: Path) -> Mix:
    """The style "a", which inverts, of a file with "b", which does not."""
    return parse_mix(str(write_tiny_style(tmp_path / "two.onnx", names=("a", "b"))))


@pytest.fixture
def options(two_styles: Mix, tmp_path: Path) -> WebcamOptions:
    return WebcamOptions(mix=two_styles, device="cpu", mirror=False, snapshots=tmp_path / "taken", seconds=20.0)


def show(options: WebcamOptions, screen: Script | None = None, capture: Any = None) -> WebcamSummary:
    camera = Camera(capture or GreyCapture(), name="grey camera")
    return run_webcam(options if screen else replace(options, window=False), camera=camera, screen=screen)


def read_video(path: Path) -> tuple[list[Frame], list[float]]:
    """Frames and their times in seconds."""
    import av

    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0))
    frames = [np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8) for picture in pictures]
    return frames, [float(picture.time or 0) for picture in pictures]


# styles


def test_picture_is_painted(options: WebcamOptions):
    screen = Script()
    show(options, screen)
    assert set(screen.levels) == {255 - LEVEL}


def test_style_change_is_a_cross_fade_never_a_cut(options: WebcamOptions):
    screen = Script({3: "n"}, frames=130)
    summary = show(options, screen)
    assert screen.levels[0] == 255 - LEVEL
    assert screen.levels[-1] == pytest.approx(LEVEL, abs=2)  # steadiness keeps a trace of what it rounds
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


def test_picture_goes_on_while_a_style_is_loading(options: WebcamOptions, own_home: Path, monkeypatch: pytest.MonkeyPatch):
    write_tiny_style(own_home / "slow.onnx", names=("slow",), behaviour="identity")
    threads = []

    class SlowToLoad(Painter):
        def preload(self, mix: Mix, width: int, height: int) -> None:
            threads.append(threading.current_thread())
            time.sleep(0.8)
            super().preload(mix, width, height)

    monkeypatch.setattr(webcam, "Painter", SlowToLoad)
    stamps: list[float] = []
    screen = Script({3: "p"}, frames=30, at=lambda n: stamps.append(time.monotonic()))
    show(options, screen)
    assert threads
    assert threads[0] is not threading.main_thread()
    assert max(after - before for before, after in pairwise(stamps[1:])) < 0.6
    assert set(screen.levels) == {255 - LEVEL}


def test_style_file_that_breaks_is_left_out_and_the_show_goes_on(options: WebcamOptions, own_home: Path):
    file = write_tiny_style(own_home / "doomed.onnx", names=("doomed",), behaviour="identity")
    screen = Script({3: "p"}, frames=40, at=lambda n: file.write_bytes(b"no style") if n == 2 else None)
    summary = show(options, screen)
    assert summary.frames == 40
    assert summary.style == "A"
    assert set(screen.levels) == {255 - LEVEL}
    assert not same_picture(screen.shown[30], screen.shown[2])  # the message


def test_broken_file_among_the_users_styles_does_not_stop_the_show(options: WebcamOptions, own_home: Path, caplog: Any):
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

    class Watched(Painter):
        def paint(self, frame: Frame) -> tuple[Frame, float]:
            seen.append((self.steadiness, self.keep_colours))
            return super().paint(frame)

    monkeypatch.setattr(webcam, "Painter", Watched)
    show(options, Script({3: "c", 6: "]", 9: "c"}, frames=12))
    assert list(dict.fromkeys(seen)) == [(0.5, False), (0.5, True), (0.75, True), (0.75, False)]


# picture


def test_mirror_flips_the_picture(options: WebcamOptions):
    screen = Script({5: "m"}, frames=10)
    show(options, screen)
    assert dark_side(screen.shown[4]) == "left"  # dark became bright: painted, it is the inverted side
    assert dark_side(screen.shown[9]) == "right"


def dark_side(frame: Frame) -> str:
    """Where the camera sees the dark stripe, which the style inverts to white."""
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


def same_picture(first: Frame, second: Frame) -> bool:
    return first.shape == second.shape and bool((first == second).all())


def test_paint_size_reduces_for_the_network_and_enlarges_back(options: WebcamOptions, monkeypatch: pytest.MonkeyPatch):
    sizes = set()

    class Watched(Painter):
        def paint(self, frame: Frame) -> tuple[Frame, float]:
            sizes.add(frame.shape)
            return super().paint(frame)

    monkeypatch.setattr(webcam, "Painter", Watched)
    screen = Script()
    summary = show(replace(options, paint_size=80), screen)
    assert sizes == {(60, 80, 3)}
    assert (summary.width, summary.height) == (160, 120)
    assert set(screen.levels) == {255 - LEVEL}


# on screen


def test_help_and_overlay_are_shown_but_not_recorded(options: WebcamOptions, tmp_path: Path):
    screen = Script({3: "h", 6: "o"}, frames=10)
    show(replace(options, record=tmp_path / "clip.mp4"), screen)
    assert not same_picture(screen.shown[2], screen.shown[5])
    assert not same_picture(screen.shown[5], screen.shown[9])
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


# snapshots


def test_snapshot_is_the_picture_without_words(options: WebcamOptions):
    summary = show(options, Script({2: "h", 4: "s"}))
    (path,) = map(Path, summary.snapshots)
    assert path.parent == options.snapshots
    assert path.name.endswith("_a.png")
    picture = read_image(path).bgr
    assert picture.shape == (120, 160, 3)
    assert set(np.unique(picture)) == {255 - LEVEL, 255}


def test_snapshot_never_overwrites(options: WebcamOptions):
    summary = show(options, Script(dict.fromkeys(range(2, 8), "s")))
    assert len(set(summary.snapshots)) == 6
    assert len(list(options.snapshots.glob("*.png"))) == 6


def test_snapshots_in_one_breath_get_names_of_their_own(two_styles: Mix, tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)  # slow to compress
    with Takes(tmp_path, clock=time.monotonic, today=lambda: datetime(2026, 1, 2, 3, 4, 5)) as takes:
        for _ in range(3):
            takes.snapshot(noise, two_styles)
    names = [path.name for path in takes.snapshots]
    assert names == ["2026-01-02_03-04-05_a.png", "2026-01-02_03-04-05_a_2.png", "2026-01-02_03-04-05_a_3.png"]
    assert all(same_picture(read_image(path).bgr, noise) for path in takes.snapshots)


def test_snapshot_that_cannot_be_written_is_a_message_and_the_show_goes_on(options: WebcamOptions, tmp_path: Path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    screen = Script({3: "s"}, frames=40)
    summary = show(options, screen)
    assert summary.frames == 40
    assert summary.snapshots == []
    assert not same_picture(screen.shown[35], screen.shown[2])


# recordings


def test_recording_holds_every_picture_with_its_time(options: WebcamOptions, tmp_path: Path):
    summary = show(replace(options, record=tmp_path / "clip.mp4", seconds=0.6), capture=FakeCapture(320, 240, interval_s=0.03))
    assert summary.recordings == [str(tmp_path / "clip.mp4")]
    frames, times = read_video(tmp_path / "clip.mp4")
    assert len(frames) == summary.frames
    numbers = [read_barcode(frame) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert times[-1] - times[0] == pytest.approx(summary.seconds, abs=0.25)
    assert all(after > before for before, after in pairwise(times))


def test_recording_by_key_starts_and_stops_without_touching_other_files(options: WebcamOptions):
    summary = show(options, Script({3: "r", 10: "r", 14: "r"}, frames=25))
    assert len(set(summary.recordings)) == 2
    assert [len(read_video(Path(path))[0]) for path in summary.recordings] == [7, 11]
    assert all(Path(path).parent == options.snapshots for path in summary.recordings)


def test_recording_survives_camera_loss(options: WebcamOptions, tmp_path: Path):
    capture = GreyCapture()
    capture.left = 15
    with pytest.raises(CameraLost, match="grey camera"):
        show(replace(options, record=tmp_path / "clip.mp4"), capture=capture)
    frames, _ = read_video(tmp_path / "clip.mp4")
    assert 5 <= len(frames) <= 15


def test_recording_survives_ctrl_c(options: WebcamOptions, tmp_path: Path):
    def interrupt(frame: int) -> None:
        if frame == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show(replace(options, record=tmp_path / "clip.mp4"), Script(at=interrupt))
    assert len(read_video(tmp_path / "clip.mp4")[0]) == 9
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_record_file_that_cannot_be_written_is_refused_before_the_camera_opens(options: WebcamOptions, tmp_path: Path):
    gone = replace(options, record=tmp_path / "no folder" / "clip.mp4", camera="no such camera", window=False)
    with pytest.raises(OutputUnwritable, match="no folder"):
        run_webcam(gone)


def test_camera_that_does_not_open_leaves_no_recording(options: WebcamOptions, tmp_path: Path):
    (tmp_path / "clip.mp4").write_bytes(b"old")
    with pytest.raises(CameraNotFound):
        run_webcam(replace(options, record=tmp_path / "clip.mp4", camera="no such camera", window=False))
    assert (tmp_path / "clip.mp4").read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob(".*")] == []


def break_writing(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk be full after some frames."""
    from realtime_style.sinks import VideoSink

    real = VideoSink.write

    def write(self: VideoSink, frame: Frame) -> None:
        if self.frames >= after:
            self.discard()
            raise OutputUnwritable("cannot write clip.mp4: No space left on device")
        real(self, frame)

    monkeypatch.setattr(VideoSink, "write", write)


def test_full_disk_stops_the_recording_but_not_the_show(options: WebcamOptions, monkeypatch: pytest.MonkeyPatch):
    break_writing(monkeypatch, 3)
    screen = Script({2: "r"}, frames=20)
    summary = show(options, screen)
    assert (summary.frames, summary.recordings) == (20, [])


def test_full_disk_under_a_recording_asked_for_is_an_error_in_the_end(
    options: WebcamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    break_writing(monkeypatch, 3)
    screen = Script(frames=20)
    with pytest.raises(OutputUnwritable, match="No space"):
        show(replace(options, record=tmp_path / "clip.mp4"), screen)
    assert len(screen.shown) == 21
    with pytest.raises(OutputUnwritable, match="No space"):
        show(replace(options, record=tmp_path / "clip.mp4"))
    assert not (tmp_path / "clip.mp4").exists()


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
    assert values["frames"] > 3


def test_fps_is_never_more_than_the_camera_sends(options: WebcamOptions):
    summary = show(replace(options, seconds=1.0), capture=GreyCapture(interval_s=0.05))
    assert (summary.frames - 1) / summary.seconds <= summary.fps + 1e-6
    assert 0 < summary.fps < 21.5


@pytest.fixture
def slow_painter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paints ten frames a second."""

    class Slow(Painter):
        def paint(self, frame: Frame) -> tuple[Frame, float]:
            time.sleep(0.1)
            return super().paint(frame)

    monkeypatch.setattr(webcam, "Painter", Slow)


@pytest.mark.usefixtures("slow_painter")
def test_dropped_frames_are_counted(options: WebcamOptions):
    capture = FakeCapture(320, 240, interval_s=0.01)
    summary = show(replace(options, seconds=0.6), capture=capture)
    assert summary.frames < 10
    assert summary.dropped > 2 * summary.frames
    assert summary.dropped + summary.frames <= capture.reads


@pytest.mark.usefixtures("slow_painter")
def test_slow_painting_costs_frames_but_not_latency(options: WebcamOptions, tmp_path: Path):
    capture = FakeCapture(320, 240, interval_s=0.02)
    summary = show(replace(options, seconds=0.8, record=tmp_path / "clip.mp4"), capture=capture)
    numbers = [read_barcode(frame) for frame in read_video(tmp_path / "clip.mp4")[0]]
    assert min(after - before for before, after in pairwise(numbers)) >= 2
    assert 100 <= summary.latency_ms["p50"] < 350


def test_a_clip_stands_in_for_a_camera(options: WebcamOptions, clip: Path):
    summary = run_webcam(replace(options, camera=str(clip), window=False, seconds=0.3))
    assert summary.camera == "clip.mp4"
    assert (summary.width, summary.height) == (64, 48)
    assert 3 <= summary.frames <= 12


def test_without_a_display_nothing_is_opened(options: WebcamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(webcam, "open_camera", lambda *_, **__: pytest.fail("the camera was opened"))
    with pytest.raises(DisplayUnavailable, match="--no-window"):
        run_webcam(replace(options, record=tmp_path / "clip.mp4"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["two.onnx"]
