"""Recordings: real files, correct times, and nothing lost when something fails."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from realtime_style.errors import OutputUnwritable, SinkError
from realtime_style.frames import Frame
from realtime_style.frames.pattern import read_barcode
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sinks import recorder as recorder_module
from realtime_style.sinks.recorder import ABANDONED_S, Recorder
from realtime_style.sources.pattern import TestPattern
from realtime_style.testing.style_files import FakeClock
from tests.helpers.waiting import until
from tests.helpers.webcam import read_video

GREY = np.full((120, 160, 3), 77, np.uint8)
NINE = datetime(2026, 11, 25, 9)


class Disk:
    """A disk with room for `frames` more, or one that is gone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frames, self.gone = 10**9, False
        monkeypatch.setattr(shutil, "disk_usage", self.usage)

    def usage(self, path: Path) -> SimpleNamespace:
        if self.gone:
            raise OSError(errno.EIO, "Input/output error")
        self.frames -= 1
        return SimpleNamespace(free=10**9 if self.frames >= 0 else 10**7)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_until_error(recorder: Recorder) -> SinkError:
    caught: list[SinkError] = []

    def raises() -> bool:
        try:
            recorder.write(GREY)
        except SinkError as error:
            caught.append(error)
        return bool(caught)

    until(raises)
    return caught[0]


def test_frames_keep_the_times_at_which_they_came(tmp_path: Path, fake_clock: FakeClock) -> None:
    moments = [0.0, 0.04, 0.05, 10.05, 10.1]  # a camera that was away for ten seconds
    with Recorder(tmp_path, clock=fake_clock) as recorder:
        path = recorder.start()
        for moment, frame in zip(moments, TestPattern(160, 120), strict=False):
            fake_clock.now = 500 + moment
            recorder.write(frame)
    frames, times = read_video(path)
    assert [read_barcode(frame) for frame in frames] == [0, 1, 2, 3, 4]
    assert times == pytest.approx(moments, abs=1e-4)


def test_times_can_be_given_with_the_frames(tmp_path: Path, fake_clock: FakeClock) -> None:
    with Recorder(tmp_path, clock=fake_clock) as recorder:
        path = recorder.start()
        for at_s in (7.0, 7.1, 7.5):
            recorder.write(GREY, at_s=at_s)
    assert read_video(path)[1] == pytest.approx([0, 0.1, 0.5], abs=1e-4)


def test_length_counts_from_the_first_frame(tmp_path: Path, fake_clock: FakeClock) -> None:
    with Recorder(tmp_path, clock=fake_clock) as recorder:
        recorder.start()
        fake_clock.now = 7.0  # the camera takes its time
        assert recorder.recorded_s() == 0
        recorder.write(GREY)
        fake_clock.now = 9.5
        assert recorder.recorded_s() == 2.5


def test_segments_have_their_length_and_overwrite_nothing(tmp_path: Path) -> None:
    with Recorder(tmp_path / "films", segment_s=600, today=lambda: NINE) as recorder:
        recorder.start()
        for at_s in (0, 300, 600, 900, 1200):
            recorder.write(GREY, at_s=at_s)
    expected = [f"2026-11-25_09-00-00{which}.mp4" for which in ("", "_2", "_3")]
    assert names(tmp_path / "films") == expected
    assert [path.name for path in recorder.recordings] == expected
    times = [read_video(path)[1] for path in recorder.recordings]
    assert times == [[0, 300], [0, 300], [0]]


@pytest.mark.parametrize("name", [None, "show.mp4"])
def test_picture_of_another_size_gets_its_own_file(tmp_path: Path, name: str | None) -> None:
    with Recorder(tmp_path, today=lambda: NINE) as recorder:
        recorder.start(tmp_path / name if name else None, label="a")
        recorder.write(GREY)
        recorder.write(GREY[:60])
        recorder.write(GREY[:60])
    stem = "show" if name else "2026-11-25_09-00-00_a"
    assert names(tmp_path) == [f"{stem}.mp4", f"{stem}_2.mp4"]
    assert [len(read_video(path)[0]) for path in recorder.recordings] == [1, 2]


def test_writing_never_waits_for_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    go_on, encode = threading.Event(), VideoWriter.write

    def slow(self: VideoWriter, frame: Frame, **times: Any) -> None:
        assert go_on.wait(20)
        encode(self, frame, **times)

    monkeypatch.setattr(VideoWriter, "write", slow)
    monkeypatch.setattr(recorder_module, "_BACKLOG_BYTES", 8 * GREY.nbytes)
    with Recorder(tmp_path) as recorder:
        path = recorder.start()
        for number in range(30):
            recorder.write(GREY, at_s=number / 30)
        go_on.set()
    assert 8 <= len(read_video(path)[0]) < 12  # one more may be on its way
    assert "the encoder was too slow for" in caplog.text


def test_outcomes_are_reported_once(tmp_path: Path) -> None:
    with Recorder(tmp_path, today=lambda: NINE) as recorder:
        recorder.start(label="a+b")
        recorder.write(GREY)
        recorder.stop()
        recorder.write(GREY)  # not recording: dropped
        recorder.start(label="c")
        recorder.stop()
        said: list[str] = []

        def told() -> bool:
            said.extend(recorder.poll())
            return len(said) == 2

        until(told)
        assert said == [
            "saved 2026-11-25_09-00-00_a+b.mp4",
            "nothing recorded in 2026-11-25_09-00-00_c.mp4",
        ]
        assert recorder.poll() == []
    assert names(tmp_path) == ["2026-11-25_09-00-00_a+b.mp4"]


def test_recording_is_finished_before_the_disk_is_full(tmp_path: Path, disk: Disk) -> None:
    with Recorder(tmp_path, today=lambda: NINE) as recorder:
        disk.frames = 1 + 3  # one to begin with
        path = recorder.start()
        error = write_until_error(recorder)
        assert not recorder.recording
        assert str(error).endswith(f"is nearly full, make room there; {path} is kept up to there")
        with pytest.raises(SinkError, match=r"nearly full, make room there$"):
            recorder.start()
        assert names(tmp_path) == [path.name]
        disk.frames = 10**9
        recorder.start()
        recorder.write(GREY)
        assert recorder.poll() == []  # that it was saved must not replace why it ended
    assert [len(read_video(path)[0]) for path in recorder.recordings] == [3, 1]
    assert recorder.failures == {}


def test_stick_that_is_pulled_out_ends_the_recording(tmp_path: Path, disk: Disk) -> None:
    with Recorder(tmp_path) as recorder:
        recorder.start()
        disk.gone = True
        assert "Input/output error" in str(write_until_error(recorder))


def test_file_that_fails_is_lost_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: VideoWriter, frame: Frame, **times: Any) -> None:
        self.discard()
        raise OutputUnwritable("cannot write it: No space left on device")

    with Recorder(tmp_path) as recorder:
        path = recorder.start()
        with monkeypatch.context() as patch:
            patch.setattr(VideoWriter, "write", full)
            error = write_until_error(recorder)
        assert recorder.failures == {path: error}
        recorder.start()  # the next one works
        recorder.write(GREY)
    assert len(recorder.recordings) == 1


def test_failure_that_nobody_has_heard_of_is_raised_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_index(self: VideoWriter) -> None:
        raise OutputUnwritable("no space left for the index")

    monkeypatch.setattr(VideoWriter, "close", no_index)
    recorder = Recorder(tmp_path)
    path = recorder.start()
    recorder.write(GREY)
    with pytest.raises(OutputUnwritable, match="for the index"):
        recorder.close()
    recorder.close()
    assert list(recorder.failures) == [path]


def test_unfinished_files_of_a_killed_program_are_deleted(tmp_path: Path) -> None:
    left, fresh = ".2026-11-25_08-00-00_a.4711.part.mp4", ".2026-11-25_08-50-00_2.4712.part.mp4"
    others = ("2026-11-25_08-00-00.mp4", ".holiday.12.part.mp4")
    for name in (left, fresh, *others):
        (tmp_path / name).touch()
    for name in (left, *others):
        os.utime(tmp_path / name, (0, time.time() - ABANDONED_S - 1))
    with Recorder(tmp_path, today=lambda: NINE) as recorder:
        recorder.start()
        recorder.write(GREY)
    assert names(tmp_path) == sorted([fresh, *others, "2026-11-25_09-00-00.mp4"])


def test_place_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "films").write_text("a file")
    recorder = Recorder(tmp_path / "films")
    with pytest.raises(OutputUnwritable, match="films"):
        recorder.start()
    with pytest.raises(OutputUnwritable, match="no folder"):
        recorder.start(tmp_path / "no" / "show.mp4")
    assert not recorder.recording
    recorder.close()
