"""The clip that comes out is the clip that went in: same frames, same times, same sound; or nothing, and a reason."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from av.video.reformatter import Interpolation

from realtime_style.errors import OutputUnwritable, VideoUnreadable
from realtime_style.frames import Frame
from realtime_style.video import VideoSummary, stylize_video
from realtime_style.video_reader import Clip

RATE = Fraction(30000, 1001)


def identity(frame: Frame) -> Frame:
    return frame


def invert(frame: Frame) -> Frame:
    return 255 - frame


def refuse_to_paint(frame: Frame) -> Frame:
    raise AssertionError("painted although it should have been refused first")


def paint_clip(source: Path, target: Path, paint: Callable[[Frame], Frame] = identity, **options: Any) -> VideoSummary:
    return stylize_video(source, target, paint, provider="test", preset="ultrafast", **options)


def flat(number: int, size: tuple[int, int] = (64, 48)) -> Frame:
    """Frame `number`: flat grey, 10 levels brighter each time."""
    return np.full((size[1], size[0], 3), 10 * number, np.uint8)


def make_clip(
    path: Path,
    frames: Sequence[Frame],
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    audio: str | None = "aac",
    audio_rate: int = 44100,
    audio_start: int = 0,
    audio_tracks: int = 1,
    prepare: Callable[[Any], None] = lambda stream: None,
    options: dict[str, str] | None = None,
) -> Path:
    """A clip at 30000/1001 fps with a tone; frames carry `pts` in `time_base`."""
    import av

    with av.open(str(path), "w", options=options or {}) as container:
        video: Any = container.add_stream(codec, rate=RATE, options={"crf": "5", "g": "10"} if codec == "libx264" else {})
        height, width = frames[0].shape[:2]
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        if time_base is not None:
            video.codec_context.time_base = time_base
        prepare(video)
        sounds: list[Any] = [container.add_stream(audio, rate=audio_rate, layout="mono") for _ in range(audio_tracks) if audio]
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            if pts is not None:
                picture.pts, picture.time_base = pts[number], time_base
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for track, sound in enumerate(sounds):
            wave = np.sin(np.arange(audio_rate * len(frames) // 30) * (track + 1) * 440 * 2 * np.pi / audio_rate)
            samples = (wave * 20000).astype(np.int16)[np.newaxis]
            for start in range(0, samples.shape[1] - 1023, 1024):
                piece = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, start : start + 1024]), format="s16", layout="mono"
                )
                piece.sample_rate, piece.pts = audio_rate, audio_start + start
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
    return path


def decode(path: Path) -> list[tuple[Fraction, Frame]]:
    """All frames with their times in seconds, as stored: not turned."""
    import av

    flags = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        unit = Fraction(stream.time_base or 0)
        return [
            ((frame.pts or 0) * unit, np.asarray(frame.to_ndarray(format="bgr24", interpolation=flags), dtype=np.uint8))
            for frame in container.decode(stream)
        ]


def times(path: Path) -> list[Fraction]:
    return [time for time, _ in decode(path)]


def packets(path: Path, track: int = 0) -> list[tuple[Fraction, int | None, bytes]]:
    """Sound as stored: time, duration, bytes."""
    import av

    with av.open(str(path)) as container:
        return [
            ((packet.pts or 0) * packet.time_base, packet.duration, bytes(packet))
            for packet in container.demux(container.streams.audio[track])
            if packet.dts is not None
        ]


def greys(path: Path) -> list[int]:
    """The numbers of `flat` frames; encoding twice may darken them a little."""
    return [round((float(frame.mean()) + 1.5) / 10) for _, frame in decode(path)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What comes out


def test_every_frame_once_in_order_at_its_time_with_its_sound(clip: Path, tmp_path: Path) -> None:
    import av

    reports: list[tuple[int, int | None]] = []
    painted: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        painted.append(frame)
        return 255 - frame

    summary = paint_clip(clip, tmp_path / "out.mp4", paint, report=lambda done, total: reports.append((done, total)))
    assert times(tmp_path / "out.mp4") == times(clip)
    assert packets(tmp_path / "out.mp4") == packets(clip)
    before, after = decode(clip), decode(tmp_path / "out.mp4")
    assert len(painted) == len(before) == len(after) == 20
    for (_, original), (_, result) in zip(before, after, strict=True):
        assert abs(float(original[:, :3].mean() + result[:, :3].mean()) - 255) < 6
    assert reports == [(number, 20) for number in range(1, 21)]
    assert (summary.frames, summary.width, summary.height, summary.audio_streams) == (20, 64, 48, 1)
    assert (summary.fps, summary.provider, summary.output) == (float(RATE), "test", tmp_path / "out.mp4")
    with av.open(str(clip)) as one, av.open(str(tmp_path / "out.mp4")) as two:
        for name in ("average_rate", "base_rate", "guessed_rate", "frames", "time_base", "start_time"):
            assert getattr(two.streams.video[0], name) == getattr(one.streams.video[0], name), name
        assert two.streams.video[0].average_rate == RATE
        for stream in (two.streams.video[0], one.streams.video[0]):  # mp4 rounds lengths to milliseconds
            assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(float(20 / RATE), abs=0.0006)
    assert names(tmp_path) == ["out.mp4"]


def test_browsers_can_play_the_result(clip: Path, tmp_path: Path) -> None:
    import av

    paint_clip(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert [context.color_range, context.colorspace, context.color_primaries, context.color_trc] == [1, 1, 1, 1]
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_uneven_times_are_kept_exactly(tmp_path: Path, suffix: str) -> None:
    ticks = [0, 10, 21, 40, 95, 96, 130, 200, 400, 401, 450, 777]
    source = make_clip(tmp_path / "in.mp4", [flat(n) for n in range(12)], pts=ticks, time_base=Fraction(1, 600))
    paint_clip(source, tmp_path / f"out{suffix}")
    assert times(tmp_path / f"out{suffix}") == times(source) == [Fraction(tick, 600) for tick in ticks]
    assert greys(tmp_path / f"out{suffix}") == list(range(12))
    assert packets(tmp_path / f"out{suffix}") == packets(source)


@pytest.mark.parametrize("video_ticks", [0, 250, 301])
def test_sound_that_starts_later_or_earlier_than_the_picture_stays_so(tmp_path: Path, video_ticks: int) -> None:
    ticks = [video_ticks + 20 * n for n in range(15)]
    source = make_clip(
        tmp_path / "in.mp4",
        [flat(n) for n in range(15)],
        pts=ticks,
        time_base=Fraction(1, 600),
        audio_start=0 if video_ticks else 11025,
        options={"movie_timescale": "600"},
    )
    paint_clip(source, tmp_path / "out.mp4")
    assert times(tmp_path / "out.mp4") == times(source) == [Fraction(tick, 600) for tick in ticks]
    assert packets(tmp_path / "out.mp4") == packets(source)


def test_all_tracks_of_sound_are_kept(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", [flat(n) for n in range(10)], audio_tracks=2)
    assert paint_clip(source, tmp_path / "out.mp4").audio_streams == 2
    assert packets(source, 0) != packets(source, 1)
    for track in (0, 1):
        assert packets(tmp_path / "out.mp4", track) == packets(source, track)


@pytest.mark.parametrize(("codec", "container"), [("libmp3lame", "mkv"), ("ac3", "mkv"), ("libopus", "mkv"), ("alac", "mp4")])
def test_sound_that_mp4_can_hold_is_copied(tmp_path: Path, codec: str, container: str) -> None:
    source = make_clip(tmp_path / f"in.{container}", [flat(n) for n in range(15)], audio=codec, audio_rate=48000)
    paint_clip(source, tmp_path / "out.mp4")
    copied, original = packets(tmp_path / "out.mp4"), packets(source)
    assert [data for _, _, data in copied] == [data for _, _, data in original]
    for (after, _, _), (before, _, _) in zip(copied, original, strict=True):
        assert abs(after - before) < Fraction(1, 1000)


@pytest.mark.parametrize(("codec", "rate"), [("pcm_s16le", 44100), ("wavpack", 44100), ("libmp3lame", 8000)])
def test_other_sound_is_encoded_to_aac_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, codec: str, rate: int
) -> None:
    import av

    source = make_clip(tmp_path / "in.mkv", [flat(n) for n in range(18)], audio=codec, audio_rate=rate, audio_start=rate // 10)
    with caplog.at_level(logging.INFO):
        paint_clip(source, tmp_path / "out.mp4")
    assert len(caplog.records) == 1
    assert "encoding it to AAC" in caplog.text
    with av.open(str(tmp_path / "out.mp4")) as container:
        sound = container.streams.audio[0].codec_context
        assert (sound.name, sound.sample_rate) == ("aac", rate)
        decoded = [(float(frame.time or 0), frame.to_ndarray()) for frame in container.decode(container.streams.audio[0])]
    loud = next(time for time, samples in decoded if np.abs(samples).max() > 0.3)
    assert loud == pytest.approx(0.1, abs=0.15 if rate == 8000 else 0.05)  # a piece of sound at 8 kHz lasts 0.13 s
    assert sum(samples.shape[1] for _, samples in decoded) / rate == pytest.approx(0.55, abs=0.3 if rate == 8000 else 0.1)


def test_a_silent_clip_works(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", [flat(n) for n in range(5)], audio=None)
    assert paint_clip(source, tmp_path / "out.mp4").audio_streams == 0


def test_a_single_frame_works(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", [flat(9)], audio=None)
    assert paint_clip(source, tmp_path / "out.mp4").frames == 1
    assert greys(tmp_path / "out.mp4") == [9]


@pytest.mark.parametrize("name", ["in.mkv", "in.avi", "in.ts", "in.mov", "in.flv"])
def test_other_containers_are_read_whole(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    source = make_clip(tmp_path / name, [flat(n) for n in range(24)], codec=codec, audio="libmp3lame")
    summary = paint_clip(source, tmp_path / "out.mp4")
    assert summary.frames == 24
    assert summary.fps == pytest.approx(float(RATE), abs=0.01)
    assert greys(tmp_path / "out.mp4") == list(range(24))
    before, after = times(source), times(tmp_path / "out.mp4")
    assert np.diff(np.array(after)).tolist() == np.diff(np.array(before)).tolist()
    sound = packets(tmp_path / "out.mp4")
    assert [data for _, _, data in sound] == [data for _, _, data in packets(source)]
    assert abs(float(sound[0][0] - times(tmp_path / "out.mp4")[0])) < 0.1  # a transport stream starts at 1.4 s for both


def test_a_bare_stream_without_times_gets_even_ones(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.h264", [flat(n) for n in range(12)], audio=None)
    assert paint_clip(source, tmp_path / "out.mp4").frames == 12
    assert greys(tmp_path / "out.mp4") == list(range(12))
    assert len({round(float(gap), 4) for gap in np.diff(np.array(times(tmp_path / "out.mp4")))}) == 1


# Pictures


@pytest.mark.parametrize("size", [(63, 47), (64, 47), (17, 16)])
def test_odd_sizes_repeat_the_last_row_and_column(tmp_path: Path, size: tuple[int, int]) -> None:
    frames = [flat(20, size) for _ in range(3)]
    source = make_clip(tmp_path / "in.mkv", frames, codec="ffv1", pix_fmt="yuv444p", audio=None)
    summary = paint_clip(source, tmp_path / "out.mp4")
    assert (summary.width, summary.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert all(np.abs(frame.astype(int) - 200).max() <= 3 for _, frame in decode(tmp_path / "out.mp4"))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_clip_filmed_on_its_side_comes_out_upright(tmp_path: Path, degrees: int) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :24] = 255
    source = make_clip(
        tmp_path / "in.mp4", [picture] * 3, audio=None, prepare=lambda stream: stream.set_display_rotation(degrees)
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


def test_a_mirrored_clip_is_mirrored(tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32] = 255
    source = make_clip(
        tmp_path / "in.mp4", [picture] * 2, audio=None, prepare=lambda stream: stream.set_display_rotation(0, hflip=True)
    )
    paint_clip(source, tmp_path / "out.mp4")
    result = decode(tmp_path / "out.mp4")[0][1]
    assert result[:, :28].mean() < 10
    assert result[:, 36:].mean() > 245


@pytest.mark.parametrize(
    ("codec", "pix_fmt"), [("ffv1", "yuv420p10le"), ("ffv1", "gray"), ("ffv1", "bgra"), ("mjpeg", "yuvj422p")]
)
def test_other_pixel_formats_keep_their_colours(tmp_path: Path, codec: str, pix_fmt: str) -> None:
    bgr = (110, 110, 110) if pix_fmt == "gray" else (200, 60, 120)
    source = make_clip(tmp_path / "in.mkv", [np.full((48, 64, 3), bgr, np.uint8)] * 3, codec=codec, pix_fmt=pix_fmt, audio=None)
    seen: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        seen.append(frame.copy())
        return frame

    paint_clip(source, tmp_path / "out.mp4", paint)
    assert np.abs(seen[0].astype(int) - bgr).max() <= 5
    assert np.abs(decode(tmp_path / "out.mp4")[0][1].astype(int) - bgr).max() <= 6


@pytest.mark.parametrize(("size", "matrix"), [((64, 48), "ITU601"), ((128, 720), "ITU709")])
def test_untagged_colours_are_read_as_players_do(tmp_path: Path, size: tuple[int, int], matrix: str) -> None:
    import av

    bgr = (40, 60, 220)
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=25, options={"crf": "0"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), bgr, np.uint8), format="bgr24")
        picture = picture.reformat(format="yuv420p", dst_colorspace=matrix, dst_color_range="MPEG")
        picture.colorspace = 2
        container.mux(video.encode(picture))
        container.mux(video.encode(None))
    with Clip(path) as clip:
        frame = next(clip.upright(item) for item in clip.read() if isinstance(item, av.VideoFrame))
    assert np.abs(frame.astype(int) - bgr).max() <= 4


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    import av

    def widen(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    source = make_clip(tmp_path / "in.mp4", [flat(5)] * 3, audio=None, prepare=widen)
    paint_clip(source, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_a_painter_may_reduce_the_frames_but_only_all_alike(clip: Path, tmp_path: Path) -> None:
    summary = paint_clip(clip, tmp_path / "out.mp4", lambda frame: np.ascontiguousarray(frame[::2, ::2]))
    assert (summary.width, summary.height) == (32, 24)
    assert packets(tmp_path / "out.mp4") == packets(clip)
    shapes = iter([64, 32])
    with pytest.raises(ValueError, match=r"\(48, 32, 3\) != \(48, 64, 3\)"):
        paint_clip(clip, tmp_path / "other.mp4", lambda frame: np.ascontiguousarray(frame[:, : next(shapes)]))
    assert names(tmp_path) == ["out.mp4"]


# Bad input


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
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
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


def test_what_is_no_video_is_one_line_and_the_old_result_stays(clip: Path, tmp_path: Path) -> None:
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


def noisy(count: int) -> list[Frame]:
    """Frames that fill some kilobytes each, so that a file is mostly pictures."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(count)]


def test_an_mp4_cut_short_is_refused_before_any_work(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.mp4", noisy(20), options={"movflags": "+faststart"})
    broken = cut(whole, tmp_path / "cut.mp4", 0.6)
    with pytest.raises(VideoUnreadable, match=r"cut\.mp4 is damaged: (\d+) of 20 frames can be read .*cut short") as caught:
        paint_clip(broken, tmp_path / "out.mp4", refuse_to_paint)
    assert 8 <= int(str(caught.value).split("damaged: ")[1].split(" ")[0]) <= 13
    assert names(tmp_path) == ["cut.mp4", "whole.mp4"]


@pytest.mark.parametrize("name", ["whole.mkv", "whole.avi", "whole.flv", "whole.ts"])
def test_other_videos_cut_short_leave_no_result(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    whole = make_clip(tmp_path / name, noisy(60), codec=codec, audio="libmp3lame")
    broken = cut(whole, tmp_path / f"cut{whole.suffix}", 0.6)
    with pytest.raises(VideoUnreadable, match=r"damaged: \d+ of \d+ frames can be read"):
        paint_clip(broken, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    assert len(names(tmp_path)) == 2


def test_frames_broken_in_the_middle_leave_no_result_and_are_counted(tmp_path: Path) -> None:
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


def test_a_recording_that_starts_in_the_middle_of_a_broadcast_is_no_damage(tmp_path: Path) -> None:
    """A transport stream cut anywhere at its start: the decoder has to wait for a key frame, and that is all."""
    whole = make_clip(tmp_path / "whole.ts", [flat(n) for n in range(25)], audio=None)
    data = whole.read_bytes()
    at = 188 * 12
    (tmp_path / "late.ts").write_bytes(data[:564] + data[at:])
    summary = paint_clip(tmp_path / "late.ts", tmp_path / "out.mp4")
    assert 10 <= summary.frames < 25
    assert greys(tmp_path / "out.mp4") == list(range(25 - summary.frames, 25))


# Bad output


def test_the_source_is_never_the_target(clip: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    shutil.copy(clip, source)
    before = source.read_bytes()
    (tmp_path / "link.mp4").symlink_to(source)
    os.link(source, tmp_path / "hard.mp4")
    for given in (source, tmp_path / "link.mp4", tmp_path / "hard.mp4", Path(os.path.relpath(source))):
        with pytest.raises(OutputUnwritable, match="to be painted itself"):
            paint_clip(source, given, refuse_to_paint)
        with pytest.raises(OutputUnwritable, match="to be painted itself"):
            paint_clip(given, source, refuse_to_paint)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "words"), [("o.mkv", "videos are written as"), ("o", "videos are written as"), ("no/o.mp4", "no folder")]
)
def test_a_target_that_cannot_be_is_refused_before_any_work(clip: Path, tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(OutputUnwritable, match=words):
        paint_clip(clip, tmp_path / name, refuse_to_paint)
    assert not names(tmp_path)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, MemoryError])
def test_an_interrupted_run_leaves_the_old_file(clip: Path, tmp_path: Path, error: type[BaseException]) -> None:
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
def test_a_disk_that_fills_up_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    import resource

    source = make_clip(tmp_path / "in.mp4", noisy(30))
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        with pytest.raises(OutputUnwritable, match=r"cannot write .*out\.mp4: File too large") as caught:
            paint_clip(source, target, crf=5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["in.mp4", "out.mp4"]


def test_names_that_ffmpeg_takes_for_something_else_work(clip: Path, tmp_path: Path) -> None:
    for name in ("at 10:30.mp4", "50%d.mp4", "http:x.mp4", "-o.mp4", "Ünïcode 夜.mp4"):
        source = tmp_path / name
        shutil.copy(clip, source)
        assert paint_clip(source, tmp_path / f"out {name}").frames == 20
    assert len(names(tmp_path)) == 10


def test_title_and_language_stay(tmp_path: Path) -> None:
    import av

    first = make_clip(tmp_path / "first.mp4", [flat(n) for n in range(6)])
    with av.open(str(first)) as old, av.open(str(tmp_path / "in.mp4"), "w") as new:
        new.metadata["title"] = "Night"
        streams = {stream.index: new.add_stream_from_template(stream) for stream in (*old.streams.video, *old.streams.audio)}
        streams[1].metadata["language"] = "nld"
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    paint_clip(tmp_path / "in.mp4", tmp_path / "out.mp4", invert)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["title"] == "Night"
        assert container.streams.audio[0].language == "nld"


def test_frames_that_a_trimmed_clip_hides_stay_hidden(tmp_path: Path) -> None:
    """Phones trim without encoding again: the file holds the frames from the last key frame on, and an edit that hides some."""
    import av

    whole = make_clip(tmp_path / "whole.mp4", [flat(n) for n in range(20)], audio=None)
    with av.open(str(whole)) as old, av.open(str(tmp_path / "in.mp4"), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux():
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts = (ticks - round(packet.time_base**-1 * 6 / RATE) for ticks in (packet.pts, packet.dts))
                packet.stream = stream
                new.mux(packet)
    reports: list[tuple[int, int | None]] = []
    paint_clip(tmp_path / "in.mp4", tmp_path / "out.mp4", report=lambda done, total: reports.append((done, total)))
    assert greys(tmp_path / "out.mp4") == greys(tmp_path / "in.mp4") == list(range(6, 20))
    assert times(tmp_path / "out.mp4") == times(tmp_path / "in.mp4")
    assert reports[-1] == (14, 14)
