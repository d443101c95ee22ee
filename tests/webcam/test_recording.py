"""Snapshots and recordings of the live show: real files, and nothing lost when something fails."""

from __future__ import annotations

import errno
import shutil
import threading
import time
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from realtime_style.cli import main
from realtime_style.errors import CameraNotFound, OutputUnwritable, SinkError
from realtime_style.frames import Frame
from realtime_style.frames.pattern import read_barcode
from realtime_style.media.images import Picture, read_image
from realtime_style.sinks import recorder as takes_module
from realtime_style.sinks.recorder import Recorder
from realtime_style.sources.device import Connection
from realtime_style.sources.reconnect import ReconnectingCamera
from realtime_style.styles.mix import Mix
from realtime_style.testing.camera import FakeCapture
from realtime_style.testing.style_files import FakeClock
from realtime_style.webcam.app import run_webcam
from realtime_style.webcam.options import WebcamOptions
from tests.helpers.webcam import LEVEL, GreyCapture, Script, read_video, same_picture, show

# snapshots


def test_snapshot_is_the_picture_without_words(options: WebcamOptions):
    summary = show(options, Script({2: "h", 4: "s"}))
    (path,) = map(Path, summary.snapshots)
    assert path.parent == options.snapshots
    assert path.name.endswith("_a.png")
    picture = read_image(path).bgr
    assert picture.shape == (120, 160, 3)
    assert set(np.unique(picture)) == {255 - LEVEL, 255}


def test_before_and_after_have_labels_on_screen_and_nowhere_else(
    options: WebcamOptions, tmp_path: Path
):
    screen = Script({8: "s"}, frames=20)
    summary = show(replace(options, split=True, record=tmp_path / "split.mp4"), screen)
    snapshot = read_image(Path(summary.snapshots[0])).bgr
    assert set(np.unique(snapshot[:, :80])) == {0, LEVEL}
    assert (snapshot[:, 80] == 255).all()
    assert (snapshot[:, 81:] == 255 - LEVEL).all()
    recorded = read_video(tmp_path / "split.mp4")[0][-1].astype(int)
    assert abs(recorded - snapshot).max() < 12
    boxes, middle = [sprite.box for sprite in screen.sprites[-1]], screen.size_wh[0] // 2
    assert sum(box.x + box.width < middle for box in boxes) == 1  # photograph
    assert sum(box.x > middle for box in boxes) == 2  # painting, recording


def test_snapshot_never_overwrites(options: WebcamOptions):
    summary = show(options, Script(dict.fromkeys(range(2, 8), "s")))
    assert len(set(summary.snapshots)) == 6
    assert len(list(options.snapshots.glob("*.png"))) == 6


def test_snapshots_in_one_breath_get_names_of_their_own(two_styles: Mix, tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)  # slow to compress
    with Recorder(
        tmp_path, clock=time.perf_counter, today=lambda: datetime(2026, 1, 2, 3, 4, 5)
    ) as takes:
        for _ in range(3):
            takes.snapshot(noise, two_styles)
    names = [path.name for path in takes.snapshots]
    assert names == [
        "2026-01-02_03-04-05_a.png",
        "2026-01-02_03-04-05_a_2.png",
        "2026-01-02_03-04-05_a_3.png",
    ]
    assert all(same_picture(read_image(path).bgr, noise) for path in takes.snapshots)


def test_a_snapshot_key_that_is_held_down_does_not_fill_the_memory(
    two_styles: Mix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    go_on, frame = threading.Event(), np.zeros((8, 8, 3), np.uint8)

    def slow(path: Path, picture: Picture) -> None:
        assert go_on.wait(10)

    monkeypatch.setattr(takes_module, "write_image", slow)
    with Recorder(tmp_path, clock=time.perf_counter) as takes:
        for _ in range(8):
            takes.snapshot(frame, two_styles)
        with pytest.raises(SinkError, match="still being saved"):
            takes.snapshot(frame, two_styles)
        go_on.set()
        while takes.poll() == []:
            pass
        takes.snapshot(frame, two_styles)
    assert len(takes.snapshots) == 9


def test_a_snapshot_refused_is_a_message_and_the_show_goes_on(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(takes_module, "_SNAPSHOTS_WAITING", 0)
    screen = Script({3: "s"}, frames=20)
    summary = show(options, screen)
    assert (summary.frames, summary.snapshots) == (20, [])
    assert screen.sprites[10] != screen.sprites[2]


def test_snapshot_that_cannot_be_written_is_a_message_and_the_show_goes_on(
    options: WebcamOptions, tmp_path: Path
):
    (tmp_path / "taken").write_text("a file where the folder should be")
    screen = Script({3: "s"}, frames=40)
    summary = show(options, screen)
    assert summary.frames == 40
    assert summary.snapshots == []
    assert screen.sprites[35] != screen.sprites[2]


# recordings


def test_recording_holds_every_picture_with_its_time(options: WebcamOptions, tmp_path: Path):
    summary = show(
        replace(options, record=tmp_path / "clip.mp4", seconds=0.6),
        capture=FakeCapture(320, 240, interval_s=0.03),
    )
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


def test_a_recordings_length_is_counted_from_its_first_frame(
    two_styles: Mix, tmp_path: Path, fake_clock: FakeClock
):
    with Recorder(tmp_path, clock=fake_clock) as takes:
        takes.start(two_styles)
        fake_clock.now = 7.0  # the camera takes its time
        assert takes.recorded_s() == 0
        takes.write(np.zeros((48, 64, 3), np.uint8))
        fake_clock.now = 9.5
        assert takes.recorded_s() == 2.5


def test_why_a_recording_ended_is_not_wiped_off_by_the_word_that_it_was_saved(
    two_styles: Mix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    frame = np.zeros((48, 64, 3), np.uint8)
    with Recorder(tmp_path, clock=time.perf_counter) as takes:
        path = takes.start(two_styles)
        takes.write(frame)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10**7))
        with pytest.raises(SinkError, match=f"nearly full; .*{path.name} is kept"):
            takes.write(frame)
        until = time.perf_counter() + 10
        said: list[str] = []
        while not takes.recordings and time.perf_counter() < until:
            said += takes.poll()
    assert (takes.recordings, said) == ([path], [])
    assert len(read_video(path)[0]) == 1


def test_lost_camera_is_told_on_screen_and_the_recording_goes_on(
    options: WebcamOptions, tmp_path: Path
):
    captures = [GreyCapture(), GreyCapture()]
    captures[0].left = 15
    captures[1].frame[:] = 90
    camera = ReconnectingCamera(lambda: Connection(captures.pop(0), "grey camera"), judge=False)
    told: list[bool] = []
    screen = Script(frames=10_000, at=lambda n: told.append(bool(camera.problem)))
    screen.ends = lambda: bool(screen.shown) and float(np.median(screen.shown[-1])) == 255 - 90
    run_webcam(replace(options, record=tmp_path / "clip.mp4"), camera=camera, screen=screen)
    assert any(told)
    frames, times = read_video(tmp_path / "clip.mp4")
    assert np.median(frames[0]) == pytest.approx(255 - LEVEL, abs=3)
    assert np.median(frames[-1]) == pytest.approx(255 - 90, abs=12)  # steadiness fades
    assert max(after - before for before, after in pairwise(times)) > 0.5  # it was gone so long


def test_recording_survives_ctrl_c(options: WebcamOptions, tmp_path: Path):
    def interrupt(frame: int) -> None:
        if frame == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show(replace(options, record=tmp_path / "clip.mp4"), Script(at=interrupt))
    assert len(read_video(tmp_path / "clip.mp4")[0]) == 9
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_record_file_that_cannot_be_written_is_refused_before_the_camera_opens(
    options: WebcamOptions, tmp_path: Path
):
    gone = replace(
        options, record=tmp_path / "no folder" / "clip.mp4", camera="no such camera", window=False
    )
    with pytest.raises(OutputUnwritable, match="no folder"):
        run_webcam(gone)


def test_clip_that_is_played_is_not_recorded_over(options: WebcamOptions, clip: Path):
    before = clip.read_bytes()
    with pytest.raises(OutputUnwritable, match="is the clip to be played itself"):
        run_webcam(
            replace(
                options,
                camera=str(clip),
                record=clip.parent / "." / clip.name,
                window=False,
                seconds=0.2,
            )
        )
    assert clip.read_bytes() == before


def test_what_was_saved_is_named_at_the_end(
    two_styles: Mix, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = [
        "webcam",
        "--camera",
        str(clip),
        "--style",
        str(two_styles[0][0].file),
        "--no-window",
        "--seconds",
        "0.4",
    ]
    assert main([*words, "--record", str(tmp_path / "show.mp4")]) == 0
    assert f"saved {tmp_path / 'show.mp4'}\n" in capsys.readouterr().out


def test_recording_that_fails_when_nobody_sees_it_any_more_is_an_error(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
):
    from realtime_style.media.video_writer import VideoWriter

    def no_index(self: VideoWriter) -> None:
        raise OutputUnwritable("no space left for the index")

    monkeypatch.setattr(VideoWriter, "close", no_index)
    with pytest.raises(OutputUnwritable, match="for the index"):
        show(options, Script({2: "r"}, frames=12))


def test_camera_that_does_not_open_leaves_no_recording(options: WebcamOptions, tmp_path: Path):
    (tmp_path / "clip.mp4").write_bytes(b"old")
    with pytest.raises(CameraNotFound):
        run_webcam(
            replace(options, record=tmp_path / "clip.mp4", camera="no such camera", window=False)
        )
    assert (tmp_path / "clip.mp4").read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_recording_is_finished_before_the_disk_is_full(
    options: WebcamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    free = [10**9] * 12
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=free.pop() if free else 10**7)
    )
    screen = Script(frames=20)
    summary = show(replace(options, record=tmp_path / "clip.mp4"), screen)
    assert summary.recordings == [str(tmp_path / "clip.mp4")]
    assert len(read_video(tmp_path / "clip.mp4")[0]) == 12
    free += [10**9] * 12
    with pytest.raises(SinkError, match=r"the disk is nearly full; .* is kept up to there"):
        show(replace(options, record=tmp_path / "without_a_window.mp4"))
    assert len(read_video(tmp_path / "without_a_window.mp4")[0]) == 12


def test_a_stick_pulled_out_stops_the_recording_but_not_the_show(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
):
    left = [10**9] * 3

    def usage(path: Path) -> SimpleNamespace:
        if not left:
            raise OSError(errno.EIO, "Input/output error")
        return SimpleNamespace(free=left.pop())

    monkeypatch.setattr(shutil, "disk_usage", usage)
    screen = Script({2: "r"}, frames=20)
    assert show(options, screen).frames == 20


def break_writing(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk be full after some frames."""
    from realtime_style.media.video_writer import VideoWriter

    real = VideoWriter.write

    def write(self: VideoWriter, frame: Frame) -> None:
        if self.frames >= after:
            self.discard()
            raise OutputUnwritable("cannot write clip.mp4: No space left on device")
        real(self, frame)

    monkeypatch.setattr(VideoWriter, "write", write)


def test_full_disk_stops_the_recording_but_not_the_show(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
):
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
