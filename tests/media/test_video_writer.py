"""Video files that are written: what lands on disk, and nothing lost when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2  # noqa: F401  (before av)
import av
import numpy as np
import pytest

from realtime_style.errors import OutputUnwritable, SinkError
from realtime_style.frames import Frame
from realtime_style.frames.pattern import read_barcode
from realtime_style.media.ffmpeg import CODEC_THREADS
from realtime_style.media.video_writer import VIDEO_SUFFIXES, VideoWriter
from realtime_style.sources.files import VideoSource
from realtime_style.sources.pattern import TestPattern
from realtime_style.testing.style_files import FakeClock
from tests.helpers.video import paint_clip

PICTURES = list(TestPattern(160, 120, frames=12))


def times_s(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [
            float(picture.time) for picture in container.decode(video=0) if picture.time is not None
        ]


def test_video_holds_every_frame_at_exactly_its_rate(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, fps=Fraction(30000, 1001)) as sink:
        for picture in PICTURES:
            sink.write(picture)
        assert sink.frames == 12
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.frames) == (Fraction(30000, 1001), 12)
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert [read_barcode(picture) for picture in VideoSource(path)] == list(range(12))
    assert times_s(path) == pytest.approx([n * 1001 / 30000 for n in range(12)])
    assert list(tmp_path.iterdir()) == [path]


def test_index_is_in_front_for_browsers(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, fps=30) as sink:
        for picture in PICTURES:
            sink.write(picture)
    content = path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_live_recording_keeps_the_time_of_each_frame(tmp_path: Path, fake_clock: FakeClock) -> None:
    path = tmp_path / "live.mp4"
    fake_clock.now = 1000.0
    moments = [0, 0.04, 0.05, 0.3, 0.3, 0.3, 0.35, 2.0, 2.01]
    with VideoWriter(path, clock=fake_clock) as sink:
        for picture, moment in zip(PICTURES, moments, strict=False):
            fake_clock.now = 1000.0 + moment
            sink.write(picture)
    times = times_s(path)
    assert times == pytest.approx(moments, abs=1e-4)
    assert all(later > earlier for earlier, later in pairwise(times)), "strictly increasing"
    assert [read_barcode(picture) for picture in VideoSource(path)] == list(range(9))


def test_clock_that_goes_back_does_not_break_a_recording(
    tmp_path: Path, fake_clock: FakeClock
) -> None:
    with VideoWriter(tmp_path / "live.mp4", clock=fake_clock) as sink:
        for picture, moment in zip(PICTURES, (5.0, 5.0, 4.0, 5.1), strict=False):
            fake_clock.now = moment
            sink.write(picture)
    assert len(times_s(tmp_path / "live.mp4")) == 4


@pytest.mark.parametrize("size", [(63, 47), (641, 479), (16, 16), (1, 1)])
def test_odd_and_tiny_sizes_are_filled_up(tmp_path: Path, size: tuple[int, int]) -> None:
    frame = np.full((size[1], size[0], 3), 77, np.uint8)
    with VideoWriter(tmp_path / "odd.mp4", fps=30) as sink:
        sink.write(frame)
    (picture,) = VideoSource(tmp_path / "odd.mp4")
    assert picture.shape[:2] == (size[1] + size[1] % 2, size[0] + size[0] % 2)
    assert np.abs(picture.astype(int) - 77).max() <= 3


def test_red_stays_red(tmp_path: Path) -> None:
    red: Frame = np.zeros((48, 64, 3), np.uint8)
    red[..., 2] = 255
    with VideoWriter(tmp_path / "red.mp4", fps=30) as sink:
        sink.write(red)
    (picture,) = VideoSource(tmp_path / "red.mp4")
    assert np.abs(picture.astype(int) - red).max() <= 6


@pytest.mark.parametrize("fps", [None, 100])
def test_times_can_be_given_with_the_frames(tmp_path: Path, fps: int | None) -> None:
    moments = [100, 100.04, 100.05, 110.3]
    with VideoWriter(tmp_path / "live.mp4", fps=fps) as sink:
        for picture, moment in zip(PICTURES, moments, strict=False):
            sink.write(picture, at_s=moment)
    expected = [moment - 100 for moment in moments]
    assert times_s(tmp_path / "live.mp4") == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_every_suffix_can_be_written_and_painted(tmp_path: Path, suffix: str) -> None:
    with VideoWriter(tmp_path / f"in{suffix}", fps=30) as sink:
        for picture in PICTURES:
            sink.write(picture)
    summary = paint_clip(tmp_path / f"in{suffix}", tmp_path / f"out{suffix}")
    assert summary.frames == 12
    heads = {(tmp_path / f"{name}{suffix}").read_bytes()[4:12] for name in ("in", "out")}
    assert heads == {b"ftypqt  " if suffix == ".mov" else b"ftypisom"}


def test_encoder_leaves_cores_to_the_network(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    real = av.open

    def watch(*args: Any, **options: Any) -> Any:
        container = real(*args, **options)
        if "w" in args:
            opened.append(container)
        return container

    opened: list[Any] = []
    monkeypatch.setattr(av, "open", watch)
    sink = VideoWriter(tmp_path / "live.mp4")
    sink.write(PICTURES[0])
    threads.append(opened[-1].streams.video[0].codec_context.thread_count)
    sink.close()
    paint_clip(
        clip,
        tmp_path / "out.mp4",
        report=lambda done, total: threads.append(
            opened[-1].streams.video[0].codec_context.thread_count
        ),
    )
    assert set(threads) == {CODEC_THREADS}


def test_frames_may_be_painted_on_after_writing(tmp_path: Path) -> None:
    canvas = PICTURES[0].copy()
    with VideoWriter(tmp_path / "out.mp4", fps=30) as sink:
        for picture in PICTURES:
            canvas[:] = picture
            sink.write(canvas)
            canvas[:] = 0
    assert [read_barcode(picture) for picture in VideoSource(tmp_path / "out.mp4")] == list(
        range(12)
    )


def test_names_that_ffmpeg_misreads_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["18:30.mp4", "50%d.mp4", "http:x.mp4", "-o.mp4", "Ünïcode 夜.mp4"]
    for name in names:
        with VideoWriter(Path(name), fps=30) as sink:
            sink.write(PICTURES[0])
        assert len(times_s(tmp_path / name)) == 1
    assert {path.name for path in tmp_path.iterdir()} == set(names)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that is already there under the video's name."""
    path = tmp_path / "out.mp4"
    path.write_bytes(b"precious")
    return path


def untouched(old: Path) -> bool:
    return old.read_bytes() == b"precious" and list(old.parent.iterdir()) == [old]


def test_exception_in_the_middle_keeps_the_old_file(old: Path) -> None:
    def pictures() -> Iterator[Frame]:
        yield from PICTURES
        raise KeyboardInterrupt

    def record() -> None:
        with VideoWriter(old, fps=30) as sink:
            for picture in pictures():
                sink.write(picture)

    with pytest.raises(KeyboardInterrupt):
        record()
    assert untouched(old)


def test_discard_keeps_the_old_file(old: Path) -> None:
    sink = VideoWriter(old)
    sink.write(PICTURES[0])
    sink.discard()
    sink.discard()
    sink.close()
    assert untouched(old)
    with pytest.raises(SinkError, match="is finished"):
        sink.write(PICTURES[0])


def test_without_a_frame_there_is_no_file(old: Path) -> None:
    VideoWriter(old).close()
    assert untouched(old)


def test_old_file_stays_until_close(old: Path) -> None:
    sink = VideoWriter(old, fps=30)
    sink.write(PICTURES[0])
    assert old.read_bytes() == b"precious"
    sink.close()
    sink.close()
    assert len(times_s(old)) == 1


def test_frame_of_another_size_is_refused_and_the_rest_saved(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", fps=30) as sink:
        sink.write(PICTURES[0])
        with pytest.raises(SinkError, match="frame of 64x48 in a video of 160x120"):
            sink.write(np.zeros((48, 64, 3), np.uint8))
        sink.write(PICTURES[1])
    assert len(times_s(tmp_path / "out.mp4")) == 2


def test_no_frame_is_refused_before_anything_is_written(old: Path) -> None:
    with pytest.raises(ValueError, match="float64 != uint8"), VideoWriter(old) as sink:
        sink.write(np.zeros((4, 4, 3)))  # type: ignore[arg-type]
    assert untouched(old)


def test_bad_encoder_setting_leaves_nothing(old: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sink = VideoWriter(old, preset="warp")
    with pytest.raises(
        SinkError, match=r"cannot encode .*change crf 18, preset warp or size 160x120"
    ):
        sink.write(PICTURES[0])
    assert untouched(old)  # at once, not when the sink is closed


def test_missing_encoder_leaves_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime_style.media.h264._CODEC", "libx2640")
    with pytest.raises(SinkError, match="tried libx2640"), VideoWriter(old) as sink:
        sink.write(PICTURES[0])
    assert untouched(old)


def test_wrong_place_is_refused_before_the_first_frame(tmp_path: Path) -> None:
    for path, words in (
        (tmp_path / "no" / "out.mp4", "no folder"),
        (tmp_path / "out.avi", "videos are written as .mp4"),
        (tmp_path / "out", "videos are written as .mp4"),
        (Path("/proc/out.mp4"), "cannot write /proc/out.mp4"),
    ):
        with pytest.raises(OutputUnwritable, match=words):
            VideoWriter(path)
    assert list(tmp_path.iterdir()) == []
