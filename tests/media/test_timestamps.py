"""Clips that were joined byte by byte come out on one clock."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import cv2  # noqa: F401  (before av)
import av
import numpy as np
import pytest

from realtime_style.errors import VideoUnreadable
from realtime_style.frames import Frame
from tests.helpers.video import (
    RATE,
    flat,
    greys,
    make_clip,
    noisy,
    packets,
    paint_clip,
    refuse_to_paint,
    times,
)

FRAMES = [flat(n) for n in range(24)]


def joined(
    path: Path,
    *,
    codec: str,
    audio: str | None,
    starts_s: tuple[float, ...] = (0, 0),
    rates_hz: tuple[int, ...] = (44_100,),
    frames: Sequence[Frame] = FRAMES * 4,
) -> Path:
    """Clips of 3 s joined as by ``cat``, one for each number: the start of its clock."""
    parts = []
    for start, rate in zip(starts_s, cycle(rates_hz), strict=False):
        options = {"output_ts_offset": str(start)}
        name = path.with_name(f"part{path.suffix}")
        part = make_clip(name, frames, codec=codec, audio=audio, audio_rate=rate, options=options)
        parts.append(part.read_bytes())
        part.unlink()
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "audio", "starts_s"),
    [
        ("in.ts", "libx264", "libmp3lame", (0, 0)),
        ("in.ts", "libx264", "aac", (0, 0, 0)),
        # By more than a minute: FFmpeg alone takes it for 26 hours of stillness.
        ("in.ts", "libx264", "ac3", (7200, 3600)),
        ("in.ts", "libx264", "aac", (0, 60, 7200)),  # of one broadcaster, who has one clock
        ("in.mpg", "mpeg2video", "mp2", (0, 60)),
        ("in.mts", "libx264", None, (0, 0)),
        ("in.mpg", "mpeg2video", "mp2", (0, 0)),
    ],
)
def test_joined_clip_plays_through(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    codec: str,
    audio: str | None,
    starts_s: tuple[int, ...],
) -> None:
    source = joined(tmp_path / name, codec=codec, audio=audio, starts_s=starts_s)
    parts, frames = len(starts_s), 96 * len(starts_s)
    reports: list[tuple[int, int | None]] = []
    with caplog.at_level(logging.WARNING):
        summary = paint_clip(
            source, tmp_path / "out.mp4", report=lambda done, total: reports.append((done, total))
        )
    (said,) = (line for line in caplog.messages if "encoding it to AAC" not in line)
    assert said.startswith(f"the clock of {source} starts again at 3.")
    assert summary.frames == frames
    assert reports[-1] == (frames, None)
    shown = times(tmp_path / "out.mp4")
    gaps = np.diff(np.array(shown, float))
    assert gaps.max() < 0.15
    assert float(shown[-1] - shown[0]) == pytest.approx(frames / RATE, abs=0.15 * parts)
    assert greys(tmp_path / "out.mp4") == list(range(24)) * 4 * parts
    if audio:
        starts = [time for time, _, _ in packets(tmp_path / "out.mp4")]
        assert np.diff(np.array(starts, float)).max() < 0.25
        assert abs(float(starts[-1] - shown[-1])) < 0.2, "sound and picture stay together"


def test_joined_clip_keeps_all_its_sound(tmp_path: Path) -> None:
    source = joined(tmp_path / "in.ts", codec="libx264", audio="libmp3lame")
    paint_clip(source, tmp_path / "out.mp4")
    assert [data for _, _, data in packets(tmp_path / "out.mp4")] == [
        data for _, _, data in packets(source)
    ]


@pytest.mark.parametrize(
    ("name", "codec", "audio"), [("in.mpg", "mpeg2video", "mp2"), ("in.ts", "libx264", "aac")]
)
def test_sound_that_changes_its_rate_is_encoded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, codec: str, audio: str
) -> None:
    source = joined(
        tmp_path / name,
        codec=codec,
        audio=audio,
        rates_hz=(44_100, 48_000, 32_000),
        starts_s=(0, 0, 0),
    )
    with caplog.at_level(logging.WARNING):
        paint_clip(source, tmp_path / "out.mp4")
    why = (
        "changes its rate or channels on the way"
        if audio == "aac"
        else "is mp2, which .mp4 cannot hold"
    )
    assert any(line.endswith(f"{why}: encoding it to AAC") for line in caplog.messages)
    with av.open(str(tmp_path / "out.mp4")) as container:
        sound = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate or 0
    wave = np.concatenate(sound)
    assert len(wave) / rate == pytest.approx(3 * 96 / RATE, abs=0.4)
    for part in range(3):  # a tone of 440 Hz all along
        piece = wave[round((3.2 * part + 1) * rate) :][: rate * 3 // 2]
        loudest = np.argmax(np.abs(np.fft.rfft(piece))) / 1.5
        assert loudest == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("name", "codec", "audio"),
    [("in.mkv", "libx264", "libmp3lame"), ("in.mpg", "mpeg2video", "mp2")],
)
def test_sound_that_overlaps_is_left_out_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, codec: str, audio: str
) -> None:
    source = joined(tmp_path / name, codec=codec, audio=audio, frames=FRAMES)
    with caplog.at_level(logging.WARNING):
        assert paint_clip(source, tmp_path / "out.mp4").frames == 48
    (said,) = (line for line in caplog.messages if "encoding it to AAC" not in line)
    assert re.fullmatch(
        r"left out \d+ pieces of sound, as the recording has others at the same time", said
    )


def with_notes(path: Path, notes_s: Sequence[int], start_s: int) -> Path:
    """A clip of 40 s, five frames in each, with data at `notes_s`, like a drone's positions."""
    with av.open(str(path), "w", options={"output_ts_offset": str(start_s)}) as out:
        video = out.add_stream("libx264", rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        data = out.add_data_stream("klv")
        everything: list[av.Packet[av.stream.Stream]] = []
        for number in range(200):
            everything += video.encode(
                av.VideoFrame.from_ndarray(flat(number % 24), format="bgr24")
            )
        everything += video.encode(None)
        for second in notes_s:
            note = av.Packet(b"note")
            note.stream, note.time_base, note.pts, note.dts = data, Fraction(1), second, second
            everything.append(note)
        for packet in sorted(everything, key=lambda packet: (packet.dts or 0) * packet.time_base):
            out.mux(packet)
    return path


@pytest.mark.parametrize("starts_s", [(0,), (0, 60), (60, 0)])
def test_rare_packets_of_data_are_no_joint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, starts_s: tuple[int, ...]
) -> None:
    parts = [
        with_notes(tmp_path / "part.ts", (1, 13, 26, 38), start).read_bytes() for start in starts_s
    ]
    (tmp_path / "in.ts").write_bytes(b"".join(parts))
    assert paint_clip(tmp_path / "in.ts", tmp_path / "out.mp4").frames == 200 * len(parts)
    assert len(caplog.messages) == len(parts) - 1
    assert np.diff(np.array(times(tmp_path / "out.mp4"), float)).max() < 0.7


def test_joint_excuses_no_real_damage(tmp_path: Path) -> None:
    source = joined(tmp_path / "in.ts", codec="libx264", audio=None)
    data = source.read_bytes()
    at = len(data) // 188 // 4 * 188
    source.write_bytes(data[:at] + data[at + 5 * 188 :])
    with pytest.raises(VideoUnreadable, match=r"damaged: \d+ of \d+ frames can be read"):
        paint_clip(source, tmp_path / "out.mp4")


def test_recording_that_was_cut_into_segments_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The clock goes on; only the counters of transport packets start again."""
    source = joined(
        tmp_path / "in.ts",
        codec="libx264",
        audio=None,
        starts_s=(0, float(96 / RATE), float(2 * 96 / RATE)),
        frames=noisy(96),
    )
    assert marked_pictures(source) == 2
    assert paint_clip(source, tmp_path / "out.mp4").frames == 3 * 96
    assert np.diff(np.array(times(tmp_path / "out.mp4"), float)).max() < 0.1
    assert caplog.messages == []


def marked_pictures(path: Path) -> int:
    """Pictures that FFmpeg calls corrupt because packets before them were not counted on."""
    with av.open(str(path)) as container:
        return sum(packet.is_corrupt for packet in container.demux(video=0))


def test_damaged_key_frame_is_no_joint(tmp_path: Path) -> None:
    """HEVC's decoder conceals it without a word: only the counters show it."""
    source = make_clip(tmp_path / "in.ts", noisy(60), codec="libx265", audio=None)
    with av.open(str(source)) as container:
        places = [packet.pos or 0 for packet in container.demux(video=0) if packet.is_keyframe]
    data, at = source.read_bytes(), places[1] // 188 * 188 + 3 * 188
    source.write_bytes(data[:at] + data[at + 188 :])
    assert marked_pictures(source) == 1
    with pytest.raises(VideoUnreadable, match=r"damaged: \d+ of \d+ frames can be read"):
        paint_clip(source, tmp_path / "out.mp4")


def test_audio_track_that_begins_at_a_joint_is_in_time(tmp_path: Path) -> None:
    parts = [
        make_clip(tmp_path / f"{tracks}.ts", FRAMES * 4, audio="mp2", audio_tracks=tracks)
        for tracks in (1, 2)
    ]
    source = tmp_path / "in.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    paint_clip(source, tmp_path / "out.mp4")
    begins = [packets(tmp_path / "out.mp4", track)[0][0] for track in (0, 1)]
    assert float(begins[1] - begins[0]) == pytest.approx(float(96 / RATE), abs=0.15)


def test_announced_track_without_packets_is_no_error(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "in.ts", FRAMES)
    data = source.read_bytes()
    packets_188 = [data[at : at + 188] for at in range(0, len(data), 188)]
    source.write_bytes(b"".join(p for p in packets_188 if (p[1] & 31) << 8 | p[2] != 0x101))
    assert paint_clip(source, tmp_path / "out.mp4").frames == 24


def test_joined_flv_files_are_refused_before_any_work(tmp_path: Path) -> None:
    source = joined(tmp_path / "in.flv", codec="libx264", audio="libmp3lame")
    with pytest.raises(
        VideoUnreadable, match=r"in\.flv is several FLV files in one, .* ffmpeg -f concat"
    ):
        paint_clip(source, tmp_path / "out.mp4", refuse_to_paint)


def test_still_picture_in_a_clip_is_no_joint(tmp_path: Path) -> None:
    """Frames are stored out of order: far apart, their times of display fall by seconds."""
    ticks = [0, 10, 20, 30, 40, 41, 42, 60]
    source = make_clip(
        tmp_path / "in.mkv",
        [flat(n) for n in range(8)],
        pts=ticks,
        time_base=Fraction(1),
        audio=None,
    )
    paint_clip(source, tmp_path / "out.mp4")
    assert times(tmp_path / "out.mp4") == ticks
