"""Second screen and virtual camera beside the window: real pages, a real browser, and failures that stay where they are."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import pyvirtualcam
from realtime_style.sinks.films import FILM_S, Films

from realtime_style.errors import OutputUnwritable, SinkError
from realtime_style.frames import Frame
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sinks import fanout as outputs_module
from realtime_style.sinks.base import NullSink, Sink
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.virtual_camera import VirtualCameraSink
from realtime_style.testing.virtual_camera import FakeVirtualCamera
from realtime_style.web.address import parse_address
from realtime_style.webcam.options import WebcamOptions
from tests.helpers.waiting import until
from tests.helpers.webcam import LEVEL, Script, read_video, show

GREY = np.full((120, 160, 3), 77, np.uint8)


@pytest.fixture(autouse=True)
def virtual_camera() -> Iterator[None]:
    FakeVirtualCamera.reset()
    pyvirtualcam.register_backend("fake", FakeVirtualCamera)
    yield
    FakeVirtualCamera.reset()


class Stubborn(Sink):
    """Hangs until told, as a driver may."""

    def __init__(self) -> None:
        self.hanging = True

    def write(self, frame: Frame) -> None:
        while self.hanging:
            time.sleep(0.01)

    def close(self) -> None:
        pass


# side by side


def test_output_that_fails_is_opened_again_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outputs_module, "_FIRST_PAUSE_S", 0.05)
    null = NullSink()
    with OutputGroup(
        {"virtual camera": lambda: VirtualCameraSink(), "null": lambda: null}
    ) as outputs:
        outputs.put(GREY)
        until(lambda: FakeVirtualCamera.frames and null.frames == 1)
        FakeVirtualCamera.plugged = False
        outputs.put(GREY)
        until(lambda: outputs.problems)
        assert "virtual camera" in outputs.problems
        before = null.frames
        outputs.put(GREY)
        until(lambda: null.frames > before)
        FakeVirtualCamera.plugged = True
        seen = len(FakeVirtualCamera.frames)

        def back() -> bool:
            outputs.put(GREY)
            return len(FakeVirtualCamera.frames) > seen

        until(back)
        until(lambda: not outputs.problems)


def test_output_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs_module, "_LEAVING_S", 0.2)
    stubborn, null = Stubborn(), NullSink()
    outputs = OutputGroup({"stubborn": lambda: stubborn, "null": lambda: null})
    for frames in range(1, 6):
        outputs.put(GREY)
        until(partial(lambda frames: null.frames == frames, frames))
    outputs.close()
    assert outputs.written == {"stubborn": 0, "null": 5}
    stubborn.hanging = False


def test_impatient_outputs_tell_at_once_what_is_missing(tmp_path: Path) -> None:
    FakeVirtualCamera.plugged = False
    film = tmp_path / "film.mp4"
    with pytest.raises(SinkError, match="no virtual camera is plugged in"):
        OutputGroup(
            {
                "film": lambda: VideoWriter(film),
                "virtual camera": lambda: VirtualCameraSink(size_wh=(640, 480)),
            }
        )
    assert list(tmp_path.iterdir()) == []


def test_patient_outputs_wait_for_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs_module, "_FIRST_PAUSE_S", 0.05)
    FakeVirtualCamera.plugged = False
    with OutputGroup({"virtual camera": VirtualCameraSink}, patient=True) as outputs:
        outputs.put(GREY)
        until(lambda: outputs.problems)
        FakeVirtualCamera.plugged = True

        def there() -> list[Frame]:
            outputs.put(GREY)
            return FakeVirtualCamera.frames

        until(there)


# the virtual camera


def test_virtual_camera_gets_the_very_frames_and_is_opened_again_for_another_size() -> None:
    with VirtualCameraSink("fake", size_wh=(160, 120)) as sink:
        frame = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
        sink.write(frame)
        sink.write(GREY[:60])
    assert (FakeVirtualCamera.frames[0] == frame).all()
    assert FakeVirtualCamera.frames[1].shape == (60, 160, 3)
    assert FakeVirtualCamera.opened == 2


def test_missing_driver_is_told_in_one_line_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeVirtualCamera.plugged = False
    with pytest.raises(
        SinkError, match=r"no virtual camera of 640x480: .*modprobe v4l2loopback"
    ) as caught:
        VirtualCameraSink(size_wh=(640, 480))
    assert "\n" not in str(caught.value)


# the second screen


@pytest.mark.parametrize("where", ["", "eighty", "0", "70000", "127.0.0.1:", "::"])
def test_address_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="such as 8082"):
        parse_address(where)


# in the live show


def test_show_gives_every_output_the_picture_without_words(options: WebcamOptions) -> None:
    summary = show(replace(options, virtual_camera=""), Script({2: "h"}, frames=30))
    assert summary.outputs["virtual camera"] == len(FakeVirtualCamera.frames) > 5
    for frame in FakeVirtualCamera.frames:
        assert set(np.unique(frame)) <= {255 - LEVEL, 255}


def test_show_does_not_begin_without_the_virtual_camera_it_was_asked_for(
    options: WebcamOptions,
) -> None:
    FakeVirtualCamera.plugged = False
    with pytest.raises(SinkError, match="no virtual camera"):
        show(replace(options, virtual_camera=""), Script(frames=3))


def test_show_goes_on_when_the_virtual_camera_goes(options: WebcamOptions) -> None:
    def unplug(frame: int) -> None:
        if frame == 5:
            FakeVirtualCamera.plugged = False

    screen = Script(frames=60, at=unplug)
    assert show(replace(options, virtual_camera=""), screen).frames == 60
    assert not (screen.shown[59] == screen.shown[4]).all()  # a word about it


def test_films_are_ten_minutes_long_and_none_is_overwritten(tmp_path: Path) -> None:
    now = [0.0]
    with Films(
        tmp_path / "films", clock=lambda: now[0], today=lambda: datetime(2026, 11, 25, 9)
    ) as films:
        for _ in range(5):
            films.write(GREY)
            now[0] += FILM_S / 2
        films.write(GREY[:60])
    names = sorted(path.name for path in (tmp_path / "films").iterdir())
    assert names == [f"2026-11-25_09-00-00{which}.mp4" for which in ("", "_2", "_3", "_4")]
    assert [len(read_video(tmp_path / "films" / name)[0]) for name in names] == [2, 2, 1, 1]


def test_film_is_kept_and_none_begun_while_the_disk_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 10**9
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    with Films(tmp_path / "films", today=lambda: datetime(2026, 11, 25, 9)) as films:
        films.write(GREY)
        free = 10**7
        for _ in range(2):
            with pytest.raises(SinkError, match="nearly full"):
                films.write(GREY)
        assert [path.name for path in (tmp_path / "films").iterdir()] == ["2026-11-25_09-00-00.mp4"]
        free = 10**9
        films.write(GREY)
    assert [len(read_video(path)[0]) for path in (tmp_path / "films").iterdir()] == [1, 1]


def test_films_that_a_crash_left_half_written_go_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    left, being_written = (
        ".2026-11-25_08-00-00.4711.part.mp4",
        ".2026-11-25_08-50-00_2.4712.part.mp4",
    )
    others = ("2026-11-25_08-00-00.mp4", ".holiday.12.part.mp4")
    for name in (left, being_written, *others):
        (folder / name).touch()
    for name in (left, *others):
        os.utime(folder / name, (0, time.time() - FILM_S - 1))
    with Films(folder, today=lambda: datetime(2026, 11, 25, 9)) as films:
        films.write(GREY)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [being_written, *others, "2026-11-25_09-00-00.mp4"]
    )


def test_folder_for_films_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "films").write_text("a file")
    with pytest.raises(OutputUnwritable, match="films"):
        Films(tmp_path / "films")
