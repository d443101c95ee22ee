"""Outputs side by side: what fails in one, no other notices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvirtualcam

from realtime_style.errors import SinkError
from realtime_style.frames import Frame
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sinks import fanout
from realtime_style.sinks.base import NullSink, Sink
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.recorder import Recorder
from realtime_style.sinks.virtual_camera import VirtualCameraSink
from realtime_style.testing.virtual_camera import FakeVirtualCamera
from realtime_style.webcam.options import WebcamOptions
from tests.helpers.waiting import until
from tests.helpers.webcam import LEVEL, Script, show

GREY = np.full((120, 160, 3), 77, np.uint8)


@pytest.fixture(autouse=True)
def virtual_camera() -> Iterator[None]:
    FakeVirtualCamera.reset()
    pyvirtualcam.register_backend("fake", FakeVirtualCamera)
    yield
    FakeVirtualCamera.reset()


class HangingSink(Sink):
    """Hangs in `write`, as a driver may."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def write(self, frame: Frame) -> None:
        self.go_on.wait()

    def close(self) -> None:
        pass


class ClosingSink(NullSink):
    """Counts how often it is closed."""

    closes = 0

    def close(self) -> None:
        self.closes += 1


def test_failed_output_is_reopened_while_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "_FIRST_PAUSE_S", 0.05)
    null = NullSink()
    with OutputGroup({"virtual camera": VirtualCameraSink, "null": lambda: null}) as outputs:
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


def test_hanging_output_holds_no_other_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "_LEAVING_S", 0.2)
    hanging, null = HangingSink(), NullSink()
    outputs = OutputGroup({"hanging": lambda: hanging, "null": lambda: null})
    for frames in range(1, 6):
        outputs.put(GREY)
        until(partial(lambda frames: null.frames == frames, frames))
    outputs.close()
    assert outputs.written == {"hanging": 0, "null": 5}
    hanging.go_on.set()


def test_missing_output_is_an_error_at_once(tmp_path: Path) -> None:
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


def test_output_closed_before_its_thread_runs_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class LateThread(threading.Thread):
        """Runs its target only when somebody waits for it."""

        def __init__(self, *, target: Callable[[], None], **options: Any) -> None:
            super().__init__(**options)
            self.late_target = target

        def join(self, timeout: float | None = None) -> None:
            super().join(timeout)
            self.late_target()

    monkeypatch.setattr(threading, "Thread", LateThread)
    sink = ClosingSink()

    def missing() -> Sink:
        raise SinkError("no such output")

    with pytest.raises(SinkError, match="no such output"):
        OutputGroup({"first": lambda: sink, "second": missing})
    assert sink.closes == 1


def test_patient_group_waits_for_missing_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "_FIRST_PAUSE_S", 0.05)
    FakeVirtualCamera.plugged = False
    with OutputGroup({"virtual camera": VirtualCameraSink}, patient=True) as outputs:
        outputs.put(GREY)
        until(lambda: outputs.problems)
        FakeVirtualCamera.plugged = True

        def there() -> list[Frame]:
            outputs.put(GREY)
            return FakeVirtualCamera.frames

        until(there)


def test_recorder_as_output_starts_again_when_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "_FIRST_PAUSE_S", 0.05)
    (tmp_path / "films").write_text("a file where the folder should be")
    recorders: list[Recorder] = []

    def film() -> Recorder:
        recorders.append(Recorder(tmp_path / "films"))
        recorders[-1].start()
        return recorders[-1]

    with OutputGroup({"film": film}, patient=True) as outputs:
        outputs.put(GREY)
        until(lambda: outputs.problems)
        (tmp_path / "films").unlink()

        def recorded() -> bool:
            outputs.put(GREY)
            return outputs.written["film"] > 3

        until(recorded)
    assert [path.parent.name for path in recorders[-1].recordings] == ["films"]


def test_show_sends_the_picture_without_words(options: WebcamOptions) -> None:
    summary = show(replace(options, virtual_camera="auto"), Script({2: "h"}, frames=30))
    assert summary.outputs["virtual camera"] == len(FakeVirtualCamera.frames) > 5
    for frame in FakeVirtualCamera.frames:
        assert set(np.unique(frame)) <= {255 - LEVEL, 255}


def test_show_does_not_begin_without_its_virtual_camera(options: WebcamOptions) -> None:
    FakeVirtualCamera.plugged = False
    with pytest.raises(SinkError, match="no virtual camera"):
        show(replace(options, virtual_camera="auto"), Script(frames=3))


def test_show_goes_on_without_its_virtual_camera(options: WebcamOptions) -> None:
    def unplug(frame: int) -> None:
        if frame == 5:
            FakeVirtualCamera.plugged = False

    screen = Script(frames=60, at=unplug)
    assert show(replace(options, virtual_camera="auto"), screen).frames == 60
    assert screen.sprites[59] != screen.sprites[4]  # a message about it
