"""Painted clips keep their frames, times and sound."""

from __future__ import annotations

import logging
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realtime_style.frames import Frame
from tests.helpers.video import (
    RATE,
    decode,
    flat,
    greys,
    invert,
    make_clip,
    names,
    packets,
    paint_clip,
    times,
)


def test_frames_times_and_sound_are_kept(clip: Path, tmp_path: Path) -> None:
    import av

    reports: list[tuple[int, int | None]] = []
    painted: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        painted.append(frame)
        return 255 - frame

    summary = paint_clip(
        clip, tmp_path / "out.mp4", paint, report=lambda done, total: reports.append((done, total))
    )
    assert times(tmp_path / "out.mp4") == times(clip)
    assert packets(tmp_path / "out.mp4") == packets(clip)
    before, after = decode(clip), decode(tmp_path / "out.mp4")
    assert len(painted) == len(before) == len(after) == 20
    for (_, original), (_, result) in zip(before, after, strict=True):
        assert abs(float(original[:, :3].mean() + result[:, :3].mean()) - 255) < 6
    assert reports == [(number, 20) for number in range(1, 21)]
    assert (summary.frames, summary.width, summary.height, summary.audio_streams) == (20, 64, 48, 1)
    assert (summary.fps, summary.provider, summary.output) == (
        float(RATE),
        "test",
        tmp_path / "out.mp4",
    )
    with av.open(str(clip)) as one, av.open(str(tmp_path / "out.mp4")) as two:
        for name in (
            "average_rate",
            "base_rate",
            "guessed_rate",
            "frames",
            "time_base",
            "start_time",
        ):
            assert getattr(two.streams.video[0], name) == getattr(one.streams.video[0], name), name
        assert two.streams.video[0].average_rate == RATE
        for stream in (
            two.streams.video[0],
            one.streams.video[0],
        ):  # mp4 rounds lengths to milliseconds
            assert float((stream.duration or 0) * (stream.time_base or 0)) == pytest.approx(
                float(20 / RATE), abs=0.0006
            )
    assert names(tmp_path) == ["out.mp4"]


def test_browsers_can_play_the_result(clip: Path, tmp_path: Path) -> None:
    import av

    paint_clip(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert [
            context.color_range,
            context.colorspace,
            context.color_primaries,
            context.color_trc,
        ] == [1, 1, 1, 1]
    data = (tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_uneven_times_are_kept_exactly(tmp_path: Path, suffix: str) -> None:
    ticks = [0, 10, 21, 40, 95, 96, 130, 200, 400, 401, 450, 777]
    source = make_clip(
        tmp_path / "in.mp4", [flat(n) for n in range(12)], pts=ticks, time_base=Fraction(1, 600)
    )
    paint_clip(source, tmp_path / f"out{suffix}")
    assert (
        times(tmp_path / f"out{suffix}") == times(source) == [Fraction(tick, 600) for tick in ticks]
    )
    assert greys(tmp_path / f"out{suffix}") == list(range(12))
    assert packets(tmp_path / f"out{suffix}") == packets(source)


def held_at_the_end(path: Path) -> Path:
    """A clip whose five frames are shown 0.1 s each but for the last: 3 s."""
    import av

    if path.suffix == ".gif":
        first, *rest = [Image.fromarray(flat(n)) for n in range(5)]
        first.save(path, save_all=True, append_images=rest, duration=[100, 100, 100, 100, 3000])
        return path
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        pictures = [av.VideoFrame.from_ndarray(flat(n), format="bgr24") for n in range(5)]
        stored = [packet for picture in (*pictures, None) for packet in video.encode(picture)]
        for packet in stored:
            packet.duration = round(
                (3 if packet is stored[-1] else Fraction(1, 10)) / packet.time_base
            )
            container.mux(packet)
    return path


@pytest.mark.parametrize("name", ["in.mp4", "in.gif"])
def test_last_frame_keeps_its_duration(tmp_path: Path, name: str) -> None:
    import av

    paint_clip(held_at_the_end(tmp_path / name), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.duration == pytest.approx(3.4e6, abs=2000)
        shown = [
            (packet.pts or 0, (packet.duration or 0) * packet.time_base)
            for packet in container.demux()
        ]
    assert max(shown)[1] == Fraction(3)
    assert times(tmp_path / "out.mp4") == [Fraction(n, 10) for n in range(5)]


@pytest.mark.parametrize("video_ticks", [0, 250, 301])
def test_offset_between_sound_and_picture_stays(tmp_path: Path, video_ticks: int) -> None:
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


def test_all_audio_tracks_are_kept(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", [flat(n) for n in range(10)], audio_tracks=2)
    assert paint_clip(source, tmp_path / "out.mp4").audio_streams == 2
    assert packets(source, 0) != packets(source, 1)
    for track in (0, 1):
        assert packets(tmp_path / "out.mp4", track) == packets(source, track)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_default_audio_track_stays_the_default(tmp_path: Path, codec: str) -> None:
    import av
    from av.stream import Disposition

    two = make_clip(tmp_path / "two.mov", [flat(n) for n in range(10)], audio=codec, audio_tracks=2)
    with av.open(str(two)) as source, av.open(str(tmp_path / "in.mov"), "w") as out:
        copies = [
            out.add_stream_from_template(stream)
            for stream in (*source.streams.video, *source.streams.audio)
        ]
        for stream, disposition in zip(
            copies, (Disposition.default, Disposition(0), Disposition.default), strict=True
        ):
            stream.disposition = disposition
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    paint_clip(tmp_path / "in.mov", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as painted:
        assert [
            bool(stream.disposition & Disposition.default) for stream in painted.streams.audio
        ] == [False, True]


@pytest.mark.parametrize(
    ("codec", "container"),
    [("libmp3lame", "mkv"), ("ac3", "mkv"), ("libopus", "mkv"), ("alac", "mp4")],
)
def test_sound_that_mp4_can_hold_is_copied(tmp_path: Path, codec: str, container: str) -> None:
    source = make_clip(
        tmp_path / f"in.{container}", [flat(n) for n in range(15)], audio=codec, audio_rate=48000
    )
    paint_clip(source, tmp_path / "out.mp4")
    copied, original = packets(tmp_path / "out.mp4"), packets(source)
    assert [data for _, _, data in copied] == [data for _, _, data in original]
    for (after, _, _), (before, _, _) in zip(copied, original, strict=True):
        assert abs(after - before) < Fraction(1, 1000)


@pytest.mark.parametrize(
    ("codec", "rate"), [("pcm_s16le", 44100), ("wavpack", 44100), ("libmp3lame", 8000)]
)
def test_other_sound_is_encoded_to_aac_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, codec: str, rate: int
) -> None:
    import av

    source = make_clip(
        tmp_path / "in.mkv",
        [flat(n) for n in range(18)],
        audio=codec,
        audio_rate=rate,
        audio_start=rate // 10,
    )
    with caplog.at_level(logging.INFO):
        paint_clip(source, tmp_path / "out.mp4")
    assert len(caplog.records) == 1
    assert "encoding it to AAC" in caplog.text
    with av.open(str(tmp_path / "out.mp4")) as container:
        sound = container.streams.audio[0].codec_context
        assert (sound.name, sound.sample_rate) == ("aac", rate)
        decoded = [
            (float(frame.time or 0), frame.to_ndarray())
            for frame in container.decode(container.streams.audio[0])
        ]
    loud = next(time for time, samples in decoded if np.abs(samples).max() > 0.3)
    assert loud == pytest.approx(
        0.1, abs=0.15 if rate == 8000 else 0.05
    )  # a piece of sound at 8 kHz lasts 0.13 s
    assert sum(samples.shape[1] for _, samples in decoded) / rate == pytest.approx(
        0.55, abs=0.3 if rate == 8000 else 0.1
    )


def test_undecodable_sound_is_left_out_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = make_clip(
        tmp_path / "in.mkv", [flat(n) for n in range(5)], audio="libmp3lame", audio_tracks=2
    )
    source.write_bytes(source.read_bytes().replace(b"A_MPEG/L3", b"A_SECRET1", 1))
    with caplog.at_level(logging.INFO):
        assert paint_clip(source, tmp_path / "out.mp4").audio_streams == 1
    assert caplog.messages == [
        f"sound stream 1 of {source} is in a format that this program cannot read: left out"
    ]
    assert packets(tmp_path / "out.mp4")


def test_silent_clip_works(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", [flat(n) for n in range(5)], audio=None)
    assert paint_clip(source, tmp_path / "out.mp4").audio_streams == 0


def test_single_frame_works(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.mp4", [flat(9)], audio=None)
    assert paint_clip(source, tmp_path / "out.mp4").frames == 1
    assert greys(tmp_path / "out.mp4") == [9]


@pytest.mark.parametrize("name", ["in.mkv", "in.avi", "in.ts", "in.mov", "in.flv"])
def test_other_containers_are_read_whole(tmp_path: Path, name: str) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    source = make_clip(
        tmp_path / name, [flat(n) for n in range(24)], codec=codec, audio="libmp3lame"
    )
    summary = paint_clip(source, tmp_path / "out.mp4")
    assert summary.frames == 24
    assert summary.fps == pytest.approx(float(RATE), abs=0.01)
    assert greys(tmp_path / "out.mp4") == list(range(24))
    before, after = times(source), times(tmp_path / "out.mp4")
    assert np.diff(np.array(after)).tolist() == np.diff(np.array(before)).tolist()
    sound = packets(tmp_path / "out.mp4")
    assert [data for _, _, data in sound] == [data for _, _, data in packets(source)]
    assert (
        abs(float(sound[0][0] - times(tmp_path / "out.mp4")[0])) < 0.1
    )  # a transport stream starts at 1.4 s for both


def test_stream_without_times_gets_even_ones(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.h264", [flat(n) for n in range(12)], audio=None)
    assert paint_clip(source, tmp_path / "out.mp4").frames == 12
    assert greys(tmp_path / "out.mp4") == list(range(12))
    assert (
        len({round(float(gap), 4) for gap in np.diff(np.array(times(tmp_path / "out.mp4")))}) == 1
    )


def test_names_that_ffmpeg_misreads_work(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, Path()):
        for name in ("18:30.mp4", "50%d.mp4", "http:x.mp4", "-o.mp4", "Ünïcode 夜.mp4"):
            shutil.copy(clip, folder / name)
            assert paint_clip(folder / name, folder / f"out{name}").frames == 20
            assert paint_clip(folder / f"out{name}", folder / name).frames == 20
    assert len(names(tmp_path)) == 10


def test_title_and_language_stay(tmp_path: Path) -> None:
    import av

    first = make_clip(tmp_path / "first.mp4", [flat(n) for n in range(6)])
    with av.open(str(first)) as old, av.open(str(tmp_path / "in.mp4"), "w") as new:
        new.metadata["title"] = "Night"
        streams = {
            stream.index: new.add_stream_from_template(stream)
            for stream in (*old.streams.video, *old.streams.audio)
        }
        streams[1].metadata["language"] = "nld"
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    paint_clip(tmp_path / "in.mp4", tmp_path / "out.mp4", invert)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["title"] == "Night"
        assert container.streams.audio[0].language == "nld"


def test_title_that_is_not_utf8_keeps_its_readable_letters(tmp_path: Path) -> None:
    import av

    first = make_clip(tmp_path / "first.mp4", [flat(n) for n in range(6)])
    with av.open(str(first)) as old, av.open(str(tmp_path / "in.mkv"), "w") as new:
        new.metadata["title"] = "Cafe Noir"
        streams = {
            stream.index: new.add_stream_from_template(stream)
            for stream in (*old.streams.video, *old.streams.audio)
        }
        streams[1].metadata["title"] = "Cafe Sound"
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    clip = tmp_path / "in.mkv"
    clip.write_bytes(
        clip.read_bytes().replace(b"Cafe ", b"Caf\xe9 ")
    )  # as a program of the nineties wrote it
    assert paint_clip(clip, tmp_path / "out.mp4", invert).frames == 6
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.metadata["title"] == "Caf\ufffd Noir"


def test_frames_hidden_by_a_trim_stay_hidden(tmp_path: Path) -> None:
    """Phones trim without encoding: frames from a key frame on stay, an edit hides some of them."""
    import av

    whole = make_clip(tmp_path / "whole.mp4", [flat(n) for n in range(20)], audio=None)
    with av.open(str(whole)) as old, av.open(str(tmp_path / "in.mp4"), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux():
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts = (
                    ticks - round(6 / RATE / packet.time_base) for ticks in (packet.pts, packet.dts)
                )
                packet.stream = stream
                new.mux(packet)
    reports: list[tuple[int, int | None]] = []
    paint_clip(
        tmp_path / "in.mp4",
        tmp_path / "out.mp4",
        report=lambda done, total: reports.append((done, total)),
    )
    assert greys(tmp_path / "out.mp4") == greys(tmp_path / "in.mp4") == list(range(6, 20))
    assert times(tmp_path / "out.mp4") == times(tmp_path / "in.mp4")
    assert reports[-1] == (14, 14)
