"""Clips and the test pattern in place of a camera."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2  # noqa: F401  (before av)
import numpy as np
import pytest

from realtime_style.errors import VideoUnreadable
from realtime_style.frames.pattern import read_barcode
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sources.camera import open_camera
from realtime_style.sources.pattern import TestPattern
from realtime_style.sources.playback import ClipPlayback, PatternPlayback
from realtime_style.testing.style_files import FakeClock
from tests.helpers.video import anamorphic_clip, assert_circle
from tests.helpers.waiting import until


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 numbered frames, one second."""
    path = tmp_path_factory.mktemp("numbered") / "numbered.mp4"
    with VideoWriter(path, fps=30) as sink:
        for picture in TestPattern(160, 120, frames=30):
            sink.write(picture)
    return path


def clip_capture(path: Path, clock: FakeClock, size: tuple[int, int] | None = None) -> ClipPlayback:
    return ClipPlayback(path, size=size, clock=clock, sleep=clock.sleep)


def read(capture: ClipPlayback | PatternPlayback) -> int:
    arrived, frame = capture.read()
    assert arrived
    assert frame is not None
    return read_barcode(frame)


def test_clip_plays_in_real_time_and_loops(numbered: Path, fake_clock: FakeClock) -> None:
    clip = clip_capture(numbered, fake_clock)
    for number in range(75):
        assert read(clip) == number % 30
        assert fake_clock.now == pytest.approx(
            number / 30, abs=1e-3
        )  # also where it starts again: no gap
    clip.release()


def test_slow_reader_misses_frames_but_not_time(numbered: Path, fake_clock: FakeClock) -> None:
    clip = clip_capture(numbered, fake_clock)
    seen = []
    for _ in range(20):
        seen.append((read(clip), fake_clock.now))
        fake_clock.sleep(0.25)
    for number, now in seen:
        behind = (now * 30 - number) % 30
        assert min(behind, 30 - behind) <= 1.01
    clip.release()


def test_clip_goes_on_where_it_was_after_a_long_sleep(
    numbered: Path, fake_clock: FakeClock
) -> None:
    clip = clip_capture(numbered, fake_clock)
    assert read(clip) == 0
    fake_clock.sleep(3600)
    assert read(clip) == 1
    before = fake_clock.now
    assert read(clip) == 2
    assert fake_clock.now - before == pytest.approx(1 / 30)
    clip.release()


def test_clip_that_decodes_too_slowly_plays_slowly(numbered: Path, fake_clock: FakeClock) -> None:
    clip = clip_capture(numbered, fake_clock)
    whole_clip = clip._next

    def slow() -> object:
        fake_clock.sleep(0.05)
        return whole_clip()

    clip._next = slow  # type: ignore[method-assign, assignment]
    seen = []
    while fake_clock.now < 3:
        seen.append(fake_clock.now)
        read(clip)
    assert max(np.diff(seen)) < 0.3
    clip.release()


def test_clip_as_camera_has_square_pixels(tmp_path: Path, fake_clock: FakeClock) -> None:
    path = anamorphic_clip(tmp_path / "dv.mp4", Fraction(4, 3), frames=2)
    clip = clip_capture(path, fake_clock)
    for _ in range(3):  # also when it is played again
        frame = clip.read()[1]
        assert frame is not None
        assert frame.shape == (72, 128, 3)
        assert_circle(frame)
    assert clip.details.startswith("128x72 ")
    clip.release()


def test_clip_of_one_frame_is_opened_once(tmp_path: Path, fake_clock: FakeClock) -> None:
    path = anamorphic_clip(tmp_path / "still.mp4", Fraction(1))
    clip = clip_capture(path, fake_clock)
    first = clip.read()[1]
    path.unlink()
    for number in range(1, 50):
        frame = clip.read()[1]
        assert frame is not None
        assert first is not None
        assert frame is not first
        assert np.array_equal(frame, first)
        assert fake_clock.now == pytest.approx(number * 1001 / 30000)
    clip.release()


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five numbered frames in 0.2 s, then a still picture, and one more frame at 2.5 s."""
    path, clock = tmp_path_factory.mktemp("still") / "still.mp4", FakeClock()
    with VideoWriter(path, clock=clock) as sink:
        for number, picture in enumerate(TestPattern(160, 120, frames=6)):
            clock.now = number / 20 if number < 5 else 2.5
            sink.write(picture)
    return path


def test_still_picture_in_a_clip_is_repeated(still: Path, fake_clock: FakeClock) -> None:
    clip = clip_capture(still, fake_clock)
    seen = [(read(clip), round(fake_clock.now, 2)) for _ in range(10)]
    assert seen[:5] == [(0, 0), (1, 0.05), (2, 0.1), (3, 0.15), (4, 0.2)]
    assert seen[5:] == [(4, 0.7), (4, 1.2), (4, 1.7), (4, 2.2), (5, 2.5)]
    assert (read(clip), read(clip)) == (0, 1)
    clip.release()


def test_still_picture_in_a_clip_is_no_lost_camera(still: Path) -> None:
    with open_camera(str(still), stale_s=1.5) as camera:
        seen = map(read_barcode, camera)
        assert (4, 4) in pairwise(seen)


def test_size_scales_a_clip_and_details_say_so(numbered: Path, fake_clock: FakeClock) -> None:
    with open_camera(str(numbered), size=(80, 60)) as camera:
        assert next(iter(camera)).shape == (60, 80, 3)
        assert (camera.info.width, camera.info.height, camera.info.live, camera.info.name) == (
            80,
            60,
            True,
            "numbered.mp4",
        )
        assert (
            camera.info.details
            == "160x120 30 fps, played in real time and over again, scaled to 80x60"
        )


def test_clip_as_camera_drops_frames_nobody_takes(numbered: Path) -> None:
    with open_camera(str(numbered)) as camera:
        frames = iter(camera)
        next(frames)
        until(lambda: camera.dropped > 5)
        assert next(frames) is not None


def test_missing_or_empty_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoUnreadable, match="does not exist"):
        open_camera(str(tmp_path / "missing.mp4"))
    (tmp_path / "zero.mp4").touch()
    with pytest.raises(VideoUnreadable, match="empty"):
        open_camera(str(tmp_path / "zero.mp4"))


def test_pattern_plays_in_real_time(fake_clock: FakeClock) -> None:
    pattern = PatternPlayback(160, 120, fps=10, clock=fake_clock, sleep=fake_clock.sleep)
    assert [read(pattern) for _ in range(3)] == [0, 1, 2]
    assert fake_clock.now == pytest.approx(0.2)
    fake_clock.now = 1.75
    assert read(pattern) == 17
    assert read(pattern) == 18
    assert fake_clock.now == pytest.approx(1.8)
    pattern.release()


def test_slow_pattern_is_repeated(fake_clock: FakeClock) -> None:
    pattern = PatternPlayback(160, 120, fps=0.8, clock=fake_clock, sleep=fake_clock.sleep)
    assert [(read(pattern), fake_clock.now) for _ in range(5)] == [
        (0, 0),
        (0, 0.5),
        (0, 1),
        (1, 1.25),
        (1, 1.75),
    ]


def test_pattern_is_a_camera_of_640x480_at_30() -> None:
    with open_camera("pattern") as camera:
        assert (camera.info.width, camera.info.height, camera.info.fps, camera.info.live) == (
            640,
            480,
            30.0,
            True,
        )
        assert next(iter(camera)).shape == (480, 640, 3)
    with open_camera("pattern", size=(320, 200), fps=15) as camera:
        assert (camera.info.width, camera.info.height, camera.info.fps) == (320, 200, 15)
