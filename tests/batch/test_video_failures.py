"""Painted clips are whole or not there: one line says why, and the old file stays."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from realtime_style.errors import OutputUnwritable, VideoUnreadable
from realtime_style.frames import Frame
from tests.helpers.video import (
    flat,
    greys,
    make_clip,
    names,
    noisy,
    paint_clip,
    refuse_to_paint,
)


def cut(source: Path, target: Path, share: float) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def bad_files(folder: Path, clip: Path) -> dict[str, tuple[Path, str]]:
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("not a video\n" * 50)
    (folder / "notes.txt").write_text("FFmpeg plays text as pictures\n" * 50)
    cv2.imwrite(str(folder / "photo.png"), flat(5))
    import av

    with av.open(str(folder / "sound.m4a"), "w", format="mp4") as container:
        sound: Any = container.add_stream("aac", rate=44100, layout="mono")
        piece = av.AudioFrame.from_ndarray(
            np.zeros((1, 4096), np.float32), format="fltp", layout="mono"
        )
        piece.sample_rate = 44100
        container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    return {
        "missing": (folder / "gone.mp4", "does not exist"),
        "folder": (folder, "is a folder"),
        "empty": (folder / "empty.mp4", "is empty"),
        "text": (folder / "text.mp4", "is not a video"),
        "letters": (folder / "notes.txt", "is not a video"),
        "photo": (folder / "photo.png", "is not a video"),
        "sound": (folder / "sound.m4a", "has sound only"),
        "no index": (cut(clip, folder / "no_index.mp4", 0.5), "its index is missing"),
    }


def test_bad_input_is_one_line_and_keeps_the_old_result(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    for path, words in bad_files(tmp_path / "in", clip).values():
        with pytest.raises(VideoUnreadable, match=words) as caught:
            paint_clip(path, target, refuse_to_paint)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["in", "out.mp4"]


def test_truncated_mp4_is_refused_before_any_work(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", noisy(20), options={"movflags": "+faststart"})
    broken = cut(whole, tmp_path / "cut.mp4", 0.6)
    with pytest.raises(
        VideoUnreadable, match=r"cut\.mp4 is damaged: (\d+) of 20 frames can be read .*cut short"
    ) as caught:
        paint_clip(broken, tmp_path / "out.mp4", refuse_to_paint)
    assert 8 <= int(str(caught.value).split("damaged: ")[1].split(" ")[0]) <= 13
    assert names(tmp_path) == ["cut.mp4", "whole.mp4"]


@pytest.mark.parametrize("name", ["whole.mkv", "whole.avi", "whole.flv", "whole.ts"])
def test_other_truncated_videos_leave_no_result(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    whole = make_clip(tmp_path / name, noisy(60), codec=codec, audio="libmp3lame")
    broken = cut(whole, tmp_path / f"cut{whole.suffix}", 0.6)
    for _ in range(5):  # with threads that decode a frame each, it was noticed now and then
        with pytest.raises(VideoUnreadable, match=r"damaged: \d+ of \d+ frames can be read"):
            paint_clip(broken, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    assert len(names(tmp_path)) == 2


def test_broken_frames_in_the_middle_are_counted(tmp_path: Path) -> None:
    import av

    source = make_clip(tmp_path / "in.mp4", noisy(30), audio=None)
    with av.open(str(source)) as container:
        entries = list(container.streams.video[0].index_entries)
    data = bytearray(source.read_bytes())
    for entry in entries[12:15]:
        data[entry.pos : entry.pos + entry.size] = bytes(entry.size)
    source.write_bytes(data)
    painted: list[int] = []

    def paint(frame: Frame) -> Frame:
        painted.append(1)
        return frame

    with pytest.raises(VideoUnreadable, match=r"damaged: 2\d of 30 frames can be read"):
        paint_clip(source, tmp_path / "out.mp4", paint)
    assert len(painted) < 20  # no time is spent on painting what will not be kept
    assert names(tmp_path) == ["in.mp4"]


def test_recording_that_starts_within_a_broadcast_is_whole(tmp_path: Path) -> None:
    """A transport stream that begins anywhere: its decoder waits for a key frame."""
    whole = make_clip(tmp_path / "whole.ts", [flat(n) for n in range(25)], audio=None)
    data = whole.read_bytes()
    at = 188 * 12
    (tmp_path / "late.ts").write_bytes(data[:564] + data[at:])
    summary = paint_clip(tmp_path / "late.ts", tmp_path / "out.mp4")
    assert 10 <= summary.frames < 25
    assert greys(tmp_path / "out.mp4") == list(range(25 - summary.frames, 25))


def test_source_is_never_the_target(clip: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    shutil.copy(clip, source)
    before = source.read_bytes()
    (tmp_path / "link.mp4").symlink_to(source)
    os.link(source, tmp_path / "hard.mp4")
    for given in (
        source,
        tmp_path / "link.mp4",
        tmp_path / "hard.mp4",
        Path(os.path.relpath(source)),
    ):
        with pytest.raises(OutputUnwritable, match="to be painted itself"):
            paint_clip(source, given, refuse_to_paint)
        with pytest.raises(OutputUnwritable, match="to be painted itself"):
            paint_clip(given, source, refuse_to_paint)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "words"),
    [("o.mkv", "videos are written as"), ("o", "videos are written as"), ("no/o.mp4", "no folder")],
)
def test_impossible_target_is_refused_before_any_work(
    clip: Path, tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(OutputUnwritable, match=words):
        paint_clip(clip, tmp_path / name, refuse_to_paint)
    assert not names(tmp_path)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, MemoryError])
def test_interrupted_run_keeps_the_old_file(
    clip: Path, tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    left = iter(range(10))

    def paint(frame: Frame) -> Frame:
        if next(left, None) is None:
            raise error
        return frame

    with pytest.raises(error):
        paint_clip(clip, target, paint)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["out.mp4"]


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files the POSIX way")
def test_full_disk_is_one_line_and_keeps_the_old_file(tmp_path: Path) -> None:
    import resource

    source = make_clip(tmp_path / "in.mp4", noisy(30))
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        with pytest.raises(
            OutputUnwritable, match=r"cannot write .*out\.mp4: File too large"
        ) as caught:
            paint_clip(source, target, crf=5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["in.mp4", "out.mp4"]
