"""Files as sources: every frame of a video, or images one after the other."""

from __future__ import annotations

import gc
from fractions import Fraction
from pathlib import Path

import cv2  # noqa: F401  (before av)
import numpy as np
import pytest

from realtime_style.errors import CameraNotFound, ImageUnreadable, SourceError, VideoUnreadable
from realtime_style.frames import Frame
from realtime_style.frames.pattern import read_barcode
from realtime_style.media.images import Picture, write_image
from realtime_style.media.video_reader import VideoReader
from realtime_style.media.video_writer import VideoWriter
from realtime_style.sources.files import ImageFiles, VideoSource
from realtime_style.sources.open_source import open_source
from realtime_style.sources.pattern import TestPattern
from tests.helpers.video import anamorphic_clip, assert_circle


def numbered_video(path: Path, frames: int) -> Path:
    with VideoWriter(path, fps=30) as sink:
        for picture in TestPattern(320, 240, frames=frames):
            sink.write(picture)
    return path


def test_video_gives_every_frame_and_its_exact_rate(clip: Path) -> None:
    with VideoSource(clip) as video:
        assert (video.info.width, video.info.height) == (64, 48)
        assert video.info.fps == float(Fraction(30000, 1001))
        assert not video.info.live
        assert (video.info.name, video.info.details) == ("clip.mp4", "64x48 29.97 fps")
        pictures = list(video)
    assert video.dropped == 0
    levels = [int(picture[24, 0, 0]) if number else 0 for number, picture in enumerate(pictures)]
    assert len(pictures) == 20
    assert levels == sorted(levels)
    assert abs(levels[10] - 100) <= 4
    assert all(
        p.shape == (48, 64, 3) and p.dtype == np.uint8 and p.flags["C_CONTIGUOUS"] for p in pictures
    )


def test_frames_come_in_order_without_gaps(tmp_path: Path) -> None:
    video = VideoSource(numbered_video(tmp_path / "n.mp4", 45))
    assert [read_barcode(picture) for picture in video] == list(range(45))


def test_fps_survives_a_round_trip(tmp_path: Path, clip: Path) -> None:
    with VideoSource(clip) as video, VideoWriter(tmp_path / "copy.mp4", fps=video.info.fps) as sink:
        for picture in video:
            sink.write(picture)
    with VideoReader(tmp_path / "copy.mp4") as copy:
        assert copy.rate == Fraction(30000, 1001)


def test_clip_from_an_upright_phone_comes_out_upright(tmp_path: Path) -> None:
    import av

    path = tmp_path / "phone.mp4"
    lying = np.zeros((48, 64, 3), np.uint8)
    lying[:, 48:] = 255  # white on the right as stored
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if not hasattr(stream, "set_display_rotation"):
            pytest.skip("this PyAV cannot write a rotation")
        stream.set_display_rotation(90)  # anticlockwise: the right side is up
        container.mux(stream.encode(av.VideoFrame.from_ndarray(lying, format="bgr24")))
        container.mux(stream.encode(None))
    video = VideoSource(path)
    assert (video.info.width, video.info.height) == (48, 64)
    (picture,) = video
    assert picture.shape == (64, 48, 3)
    assert picture[:12].min() > 240
    assert picture[20:].max() < 15


@pytest.mark.parametrize(
    ("aspect", "turned", "size"),
    [
        (Fraction(4, 3), False, (128, 72)),  # HDV: stored as 96x72, shown as 16:9
        (Fraction(4, 3), True, (72, 128)),
        (Fraction(8, 9), False, (85, 72)),  # DV of NTSC
        (Fraction(1000), False, (96, 72)),  # a mistake in the file
    ],
)
def test_video_source_gives_square_pixels(
    tmp_path: Path, aspect: Fraction, turned: bool, size: tuple[int, int]
) -> None:
    path = anamorphic_clip(tmp_path / "clip.mp4", aspect, turned=turned)
    with VideoSource(path) as video:
        assert (video.info.width, video.info.height) == size
        (picture,) = video
    assert picture.shape == (size[1], size[0], 3)
    if aspect < 10:
        assert_circle(picture)


def test_leaving_a_loop_early_and_closing_twice_works(clip: Path) -> None:
    video = VideoSource(clip)
    for _ in video:
        break
    video.close()
    video.close()
    assert list(video) == []


def test_closing_inside_the_loop_ends_it(clip: Path) -> None:
    video, seen = VideoSource(clip), 0
    for _ in video:
        seen += 1
        video.close()
    assert seen == 1


def test_file_that_is_no_video_is_one_line_with_its_name(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.mp4", tmp_path / "text.mp4"
    empty.touch()
    text.write_text("not a video\n" * 100)
    for path, words in (
        (tmp_path / "missing.mp4", "does not exist"),
        (empty, "empty"),
        (text, "not a video"),
        (tmp_path, "folder"),
    ):
        with pytest.raises(VideoUnreadable, match=words) as caught:
            VideoSource(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_truncated_video_is_told_from_one_that_ended(tmp_path: Path) -> None:
    whole = numbered_video(tmp_path / "whole.mp4", 60).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VideoUnreadable, match="damaged"):
        list(VideoSource(cut))


def test_images_come_by_name_each_in_its_size(tmp_path: Path) -> None:
    for name, level, size in (("b.png", 2, 8), ("a.png", 1, 6), ("c.jpg", 3, 10)):
        write_image(tmp_path / name, Picture(np.full((size, 2 * size, 3), level, np.uint8)))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "sub.png").mkdir()
    with open_source(str(tmp_path)) as source:
        assert (source.info.width, source.info.height, source.info.fps) == (12, 6, None)
        frames = list(source)
    assert [frame.shape[0] for frame in frames] == [6, 8, 10]
    assert [int(frame[0, 0, 0]) for frame in frames[:2]] == [1, 2]


def test_image_source_keeps_blue_blue(tmp_path: Path) -> None:
    blue: Frame = np.zeros((4, 4, 3), np.uint8)
    blue[..., 0] = 255
    write_image(tmp_path / "blue.png", Picture(blue))
    (frame,) = open_source(str(tmp_path / "blue.png"))
    assert np.array_equal(frame, blue)


def test_macos_side_files_are_no_images(tmp_path: Path) -> None:
    write_image(tmp_path / "photo.jpg", Picture(np.zeros((4, 4, 3), np.uint8)))
    (tmp_path / "._photo.jpg").write_bytes(b"\0\5\x16\7 attributes of the file")
    with open_source(str(tmp_path)) as photos:
        assert len(list(photos)) == 1


def test_empty_folder_and_broken_image_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"folder {tmp_path} has no images in it"):
        open_source(str(tmp_path))
    (tmp_path / "broken.png").write_text("no image")
    with pytest.raises(ImageUnreadable, match=r"broken\.png"):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match="no images were given"):
        ImageFiles([])


def test_open_source_opens_what_the_text_names(clip: Path, tmp_path: Path) -> None:
    assert isinstance(open_source("pattern"), TestPattern)
    assert isinstance(open_source(str(clip)), VideoSource)
    with pytest.raises(CameraNotFound, match="camera 97 did not open"):
        open_source("97")
    with pytest.raises(VideoUnreadable, match="does not exist"):
        open_source(str(tmp_path / "nothing"))


def test_decoded_frames_wait_for_no_garbage_collection(tmp_path: Path) -> None:
    with VideoSource(numbered_video(tmp_path / "clip.mp4", 60)) as source:
        frames = iter(source)
        next(frames)
        gc.collect()
        gc.disable()  # decoded frames are large, and a collection may come minutes later
        try:
            assert sum(1 for _ in frames) == 59
            assert gc.collect() < 20
        finally:
            gc.enable()
