"""Frames are painted as people see them, and come out so: sizes, turns, colours."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from av.codec.context import Flags

from realtime_style.errors import SinkError
from realtime_style.frames import Frame
from realtime_style.media.video_reader import VideoReader
from tests.helpers.video import (
    RATE,
    decode,
    flat,
    make_clip,
    names,
    packets,
    paint_clip,
    times,
)


@pytest.mark.parametrize("size", [(63, 47), (64, 47), (17, 16)])
def test_odd_sizes_repeat_the_last_row_and_column(tmp_path: Path, size: tuple[int, int]) -> None:
    frames = [flat(20, size) for _ in range(3)]
    source = make_clip(tmp_path / "in.mkv", frames, codec="ffv1", pix_fmt="yuv444p", audio=None)
    summary = paint_clip(source, tmp_path / "out.mp4")
    assert (summary.width, summary.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert all(
        np.abs(frame.astype(int) - 200).max() <= 3 for _, frame in decode(tmp_path / "out.mp4")
    )


@pytest.mark.parametrize(("name", "codec"), [("in.mpg", "mpeg2video"), ("in.ts", "libx264")])
@pytest.mark.parametrize("interlaced", [True, False])
def test_interlaced_frames_are_deinterlaced(
    tmp_path: Path, name: str, codec: str, interlaced: bool
) -> None:
    def prepare(stream: Any) -> None:
        if interlaced:
            stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me

    def halves_of_a_bar_on_its_way(number: int) -> Frame:
        frame = np.full((96, 128, 3), 60, np.uint8)
        for half in (0, 1):
            left = 6 * number + 3 * half + 10
            frame[half::2, left : left + 20] = 200
        return frame

    def comb(frame: Frame) -> float:
        rows = frame.astype(float)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    frames = [halves_of_a_bar_on_its_way(number) for number in range(12)]
    source = make_clip(tmp_path / name, frames, codec=codec, audio=None, prepare=prepare)
    seen: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        seen.append(frame.copy())
        return frame

    assert paint_clip(source, tmp_path / "out.mp4", paint).frames == 12
    assert np.diff([float(time) for time in times(tmp_path / "out.mp4")]) == pytest.approx(
        [float(1 / RATE)] * 11, abs=1e-3
    )
    combs = [comb(frame) for frame in seen]
    assert max(combs) < 0.3 if interlaced else min(combs) > 5
    for number, frame in enumerate(seen):
        bar = np.flatnonzero(frame[40, :, 0] > 130)
        assert (bar[0], bar[-1]) == pytest.approx((6 * number + 10, 6 * number + 29), abs=3)
        assert abs(float(frame[:, -16:].mean()) - 60) < 3


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_clip_filmed_on_its_side_comes_out_upright(tmp_path: Path, degrees: int) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :24] = 255
    source = make_clip(
        tmp_path / "in.mp4",
        [picture] * 3,
        audio=None,
        prepare=lambda stream: stream.set_display_rotation(degrees),
    )
    seen: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        seen.append(frame.copy())
        return frame

    paint_clip(source, tmp_path / "out.mp4", paint)
    capture = cv2.VideoCapture(str(source))  # turns by itself, and so is a second opinion
    upright = capture.read()[1]
    capture.release()
    assert seen[0].shape == upright.shape
    assert np.abs(seen[0].astype(int) - upright).max() <= 4
    result = decode(tmp_path / "out.mp4")[0][1]  # as stored: nothing is left to be turned
    assert result.shape == upright.shape
    assert np.abs(result.astype(int) - upright).mean() < 4


def test_mirrored_clip_is_mirrored(tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32] = 255
    source = make_clip(
        tmp_path / "in.mp4",
        [picture] * 2,
        audio=None,
        prepare=lambda stream: stream.set_display_rotation(0, hflip=True),
    )
    paint_clip(source, tmp_path / "out.mp4")
    result = decode(tmp_path / "out.mp4")[0][1]
    assert result[:, :28].mean() < 10
    assert result[:, 36:].mean() > 245


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [("ffv1", "yuv420p10le"), ("ffv1", "gray"), ("ffv1", "bgra"), ("mjpeg", "yuvj422p")],
)
def test_other_pixel_formats_keep_their_colours(tmp_path: Path, codec: str, pix_fmt: str) -> None:
    bgr = (110, 110, 110) if pix_fmt == "gray" else (200, 60, 120)
    source = make_clip(
        tmp_path / "in.mkv",
        [np.full((48, 64, 3), bgr, np.uint8)] * 3,
        codec=codec,
        pix_fmt=pix_fmt,
        audio=None,
    )
    seen: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        seen.append(frame.copy())
        return frame

    paint_clip(source, tmp_path / "out.mp4", paint)
    assert np.abs(seen[0].astype(int) - bgr).max() <= 5
    assert np.abs(decode(tmp_path / "out.mp4")[0][1].astype(int) - bgr).max() <= 6


@pytest.mark.parametrize(("size", "matrix"), [((64, 48), "ITU601"), ((128, 720), "ITU709")])
def test_untagged_colours_are_read_as_players_do(
    tmp_path: Path, size: tuple[int, int], matrix: str
) -> None:
    import av

    bgr = (40, 60, 220)
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=25, options={"crf": "0"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        picture = av.VideoFrame.from_ndarray(
            np.full((size[1], size[0], 3), bgr, np.uint8), format="bgr24"
        )
        picture = picture.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range="MPEG")
        picture.colorspace = 2
        container.mux(video.encode(picture))
        container.mux(video.encode(None))
    with VideoReader(path) as clip:
        frame = next(clip.to_bgr(item) for item in clip.read() if isinstance(item, av.VideoFrame))
    assert np.abs(frame.astype(int) - bgr).max() <= 4


def test_video_keeps_its_pixel_aspect_ratio(tmp_path: Path) -> None:
    import av

    def widen(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    source = make_clip(tmp_path / "in.mp4", [flat(5)] * 3, audio=None, prepare=widen)
    paint_clip(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_painted_frames_may_be_smaller_but_all_alike(clip: Path, tmp_path: Path) -> None:
    summary = paint_clip(
        clip, tmp_path / "out.mp4", lambda frame: np.ascontiguousarray(frame[::2, ::2])
    )
    assert (summary.width, summary.height) == (32, 24)
    assert packets(tmp_path / "out.mp4") == packets(clip)
    shapes = iter([64, 32])
    with pytest.raises(SinkError, match="frame of 32x48 in a video of 64x48"):
        paint_clip(
            clip,
            tmp_path / "other.mp4",
            lambda frame: np.ascontiguousarray(frame[:, : next(shapes)]),
        )
    assert names(tmp_path) == ["out.mp4"]
