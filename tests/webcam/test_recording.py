"""Snapshots and recordings of the live window: real files, nothing lost when something fails."""

from __future__ import annotations

import errno
import shutil
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from realtime_style.cli import main
from realtime_style.errors import CameraNotFound, OutputUnwritable, SinkError
from realtime_style.frames import Frame
from realtime_style.frames.pattern import read_barcode
from realtime_style.media.images import read_image
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sinks import snapshots as snapshots_module
from realtime_style.sources.device import Connection
from realtime_style.sources.reconnect import ReconnectingCamera
from realtime_style.styles.mix import Mix
from realtime_style.testing.camera import FakeCapture
from realtime_style.webcam.app import run_webcam
from realtime_style.webcam.options import WebcamOptions
from tests.helpers.waiting import until
from tests.helpers.webcam import LEVEL, GreyCapture, Script, read_video, show


def test_snapshot_is_the_picture_without_words(options: WebcamOptions) -> None:
    summary = show(options, Script({2: "h", 4: "s"}))
    (path,) = map(Path, summary.snapshots)
    assert path.parent == options.snapshots
    assert path.name.endswith("_a.png")
    picture = read_image(path).bgr
    assert picture.shape == (120, 160, 3)
    assert set(np.unique(picture)) == {255 - LEVEL, 255}


def test_labels_of_a_split_picture_are_on_screen_only(
    options: WebcamOptions, tmp_path: Path
) -> None:
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


def test_snapshot_never_overwrites(options: WebcamOptions) -> None:
    summary = show(options, Script(dict.fromkeys(range(2, 8), "s")))
    assert len(set(summary.snapshots)) == 6
    assert len(list(options.snapshots.glob("*.png"))) == 6


def test_refused_snapshot_is_a_message_on_screen(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots_module, "_WAITING", 0)
    screen = Script({3: "s"}, frames=20)
    summary = show(options, screen)
    assert (summary.frames, summary.snapshots) == (20, [])
    assert screen.sprites[10] != screen.sprites[2]


def test_snapshot_that_cannot_be_written_is_a_message(
    options: WebcamOptions, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    screen = Script({3: "s"}, frames=40)
    summary = show(options, screen)
    assert summary.frames == 40
    assert summary.snapshots == []
    assert screen.sprites[35] != screen.sprites[2]


def test_recording_holds_every_picture_with_its_time(
    options: WebcamOptions, tmp_path: Path
) -> None:
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


def test_key_starts_and_stops_recordings(options: WebcamOptions) -> None:
    summary = show(options, Script({3: "r", 10: "r", 14: "r"}, frames=25))
    assert len(set(summary.recordings)) == 2
    assert [len(read_video(Path(path))[0]) for path in summary.recordings] == [7, 11]
    assert all(Path(path).parent == options.snapshots for path in summary.recordings)


def test_recording_goes_on_while_the_camera_is_lost(options: WebcamOptions, tmp_path: Path) -> None:
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


def test_recording_survives_ctrl_c(options: WebcamOptions, tmp_path: Path) -> None:
    def interrupt(frame: int) -> None:
        if frame == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        show(replace(options, record=tmp_path / "clip.mp4"), Script(at=interrupt))
    assert len(read_video(tmp_path / "clip.mp4")[0]) == 9
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_unwritable_recording_is_refused_before_the_camera_opens(
    options: WebcamOptions, tmp_path: Path
) -> None:
    gone = replace(
        options, record=tmp_path / "no folder" / "clip.mp4", camera="no such camera", window=False
    )
    with pytest.raises(OutputUnwritable, match="no folder"):
        run_webcam(gone)


def test_clip_is_not_recorded_over_itself(options: WebcamOptions, clip: Path) -> None:
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


def test_saved_recording_is_named_at_the_end(
    two_styles: Mix, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
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


def test_recording_that_fails_after_the_show_is_an_error(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_index(self: VideoWriter) -> None:
        raise OutputUnwritable("no space left for the index")

    monkeypatch.setattr(VideoWriter, "close", no_index)
    with pytest.raises(OutputUnwritable, match="for the index"):
        show(options, Script({2: "r"}, frames=12))


def test_camera_that_does_not_open_leaves_no_recording(
    options: WebcamOptions, tmp_path: Path
) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"old")
    with pytest.raises(CameraNotFound):
        run_webcam(
            replace(options, record=tmp_path / "clip.mp4", camera="no such camera", window=False)
        )
    assert (tmp_path / "clip.mp4").read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob(".*")] == []


class Full:
    """A disk that is full after some frames."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        self.noticed = threading.Event()
        write = VideoWriter.write

        def limited(writer: VideoWriter, frame: Frame, **times: Any) -> None:
            if writer.frames >= after:
                writer.discard()
                self.noticed.set()
                raise OutputUnwritable("cannot write clip.mp4: No space left on device")
            write(writer, frame, **times)

        monkeypatch.setattr(VideoWriter, "write", limited)

    def wait(self, frame: int) -> None:
        """Let the encoder come so far before the show goes on."""
        if frame == 15:
            assert self.noticed.wait(20)


def test_recording_ends_before_the_disk_is_full(
    options: WebcamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [10**9] * 13  # one look at the start, one for each frame
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: SimpleNamespace(free=free.pop() if free else 10**7)
    )
    clip, hidden = tmp_path / "clip.mp4", tmp_path / "without_a_window.mp4"

    def wait(frame: int) -> None:
        if frame == 20:
            until(clip.exists)

    screen = Script(frames=30, at=wait)
    summary = show(replace(options, record=clip), screen)
    assert (summary.frames, summary.recordings) == (30, [str(clip)])
    assert len(read_video(clip)[0]) == 12
    free += [10**9] * 13
    with pytest.raises(SinkError, match=r"nearly full, make room there; .* is kept up to there"):
        show(replace(options, record=hidden))
    assert len(read_video(hidden)[0]) == 12


def test_stick_pulled_out_does_not_stop_the_show(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, gone = [10**9] * 3, threading.Event()

    def usage(path: Path) -> SimpleNamespace:
        if not left:
            gone.set()
            raise OSError(errno.EIO, "Input/output error")
        return SimpleNamespace(free=left.pop())

    monkeypatch.setattr(shutil, "disk_usage", usage)
    screen = Script({2: "r"}, frames=30, at=lambda n: n == 15 and gone.wait(20))
    assert show(options, screen).frames == 30


def test_full_disk_does_not_stop_the_show(
    options: WebcamOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Script({2: "r"}, frames=30, at=Full(monkeypatch, 3).wait)
    summary = show(options, screen)
    assert (summary.frames, summary.recordings) == (30, [])


def test_full_disk_under_record_is_an_error_in_the_end(
    options: WebcamOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Script(frames=30, at=Full(monkeypatch, 3).wait)
    with pytest.raises(OutputUnwritable, match="No space"):
        show(replace(options, record=tmp_path / "clip.mp4"), screen)
    assert len(screen.shown) == 31
    with pytest.raises(OutputUnwritable, match="No space"):
        show(replace(options, record=tmp_path / "clip.mp4"))
    assert not (tmp_path / "clip.mp4").exists()
