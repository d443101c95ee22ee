"""Clips whose own clock starts again in the middle come out on one that does not."""

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
    starts_s: tuple[int, ...] = (0, 0),
    rates_hz: tuple[int, ...] = (44_100,),
    frames: Sequence[Frame] = FRAMES * 4,
) -> Path:
    """Clips of 3 s, one for each number: where its clock starts. Put together as ``cat`` does."""
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
        (
            "in.ts",
            "libx264",
            "ac3",
            (7200, 3600),
        ),  # by more than a minute: FFmpeg alone takes it for 26 hours of stillness
        ("in.ts", "libx264", "aac", (0, 60, 7200)),  # of one broadcaster, who has one clock
        ("in.mpg", "mpeg2video", "mp2", (0, 60)),
        ("in.mts", "libx264", None, (0, 0)),
        ("in.mpg", "mpeg2video", "mp2", (0, 0)),
    ],
)
def test_a_clip_whose_clock_starts_again_plays_through(
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


def test_all_pieces_of_sound_of_a_joined_clip_are_kept(tmp_path: Path) -> None:
    source = joined(tmp_path / "in.ts", codec="libx264", audio="libmp3lame")
    paint_clip(source, tmp_path / "out.mp4")
    assert [data for _, _, data in packets(tmp_path / "out.mp4")] == [
        data for _, _, data in packets(source)
    ]


@pytest.mark.parametrize(
    ("name", "codec", "audio"), [("in.mpg", "mpeg2video", "mp2"), ("in.ts", "libx264", "aac")]
)
def test_sound_that_changes_its_rate_at_a_joint_is_encoded_on(
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
def test_sound_that_falls_back_by_little_is_left_out_with_one_line(
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
    """A clip of 40 s, five frames in each, with data in it at `notes_s`, as subtitles and drones' positions are."""
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
def test_what_comes_once_in_a_while_is_no_new_clock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, starts_s: tuple[int, ...]
) -> None:
    parts = [
        with_notes(tmp_path / "part.ts", (1, 13, 26, 38), start).read_bytes() for start in starts_s
    ]
    (tmp_path / "in.ts").write_bytes(b"".join(parts))
    assert paint_clip(tmp_path / "in.ts", tmp_path / "out.mp4").frames == 200 * len(parts)
    assert len(caplog.messages) == len(parts) - 1
    assert np.diff(np.array(times(tmp_path / "out.mp4"), float)).max() < 0.7


def test_a_joint_excuses_no_real_damage(tmp_path: Path) -> None:
    source = joined(tmp_path / "in.ts", codec="libx264", audio=None)
    data = source.read_bytes()
    at = len(data) // 188 // 4 * 188
    source.write_bytes(data[:at] + data[at + 5 * 188 :])
    with pytest.raises(VideoUnreadable, match=r"damaged: \d+ of \d+ frames can be read"):
        paint_clip(source, tmp_path / "out.mp4")


def test_flv_files_in_one_are_refused_before_any_work(tmp_path: Path) -> None:
    source = joined(tmp_path / "in.flv", codec="libx264", audio="libmp3lame")
    with pytest.raises(
        VideoUnreadable, match=r"in\.flv is several FLV files in one, .* ffmpeg -f concat"
    ):
        paint_clip(source, tmp_path / "out.mp4", refuse_to_paint)


def test_a_still_picture_in_between_is_no_new_clock(tmp_path: Path) -> None:
    """Frames far apart are stored in another order than they are shown in: their times of display fall by seconds."""
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
