"""Clips for tests, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2  # before av
import numpy as np
import pytest
from av.video.reformatter import Interpolation

from realtime_style.batch.video import VideoSummary, stylize_video
from realtime_style.frames import Frame

RATE = Fraction(30000, 1001)

_ENCODERS = {
    "libx264": {"crf": "5", "g": "10"},
    "libx265": {"x265-params": "log-level=none:keyint=20:min-keyint=20"},
}


def identity(frame: Frame) -> Frame:
    return frame


def invert(frame: Frame) -> Frame:
    return 255 - frame


def refuse_to_paint(frame: Frame) -> Frame:
    raise AssertionError("painted although it should have been refused first")


def paint_clip(
    source: Path, target: Path, paint: Callable[[Frame], Frame] = identity, **options: Any
) -> VideoSummary:
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
        video: Any = container.add_stream(codec, rate=RATE, options=_ENCODERS.get(codec, {}))
        height, width = frames[0].shape[:2]
        video.width, video.height, video.pix_fmt = width, height, pix_fmt
        if time_base is not None:
            video.codec_context.time_base = time_base
        prepare(video)
        sounds: list[Any] = [
            container.add_stream(audio, rate=audio_rate, layout="mono")
            for _ in range(audio_tracks)
            if audio
        ]
        for number, pixels in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(pixels, format="bgr24")
            if pts is not None:
                picture.pts, picture.time_base = pts[number], time_base
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for track, sound in enumerate(sounds):
            wave = np.sin(
                np.arange(audio_rate * len(frames) // 30)
                * (track + 1)
                * 440
                * 2
                * np.pi
                / audio_rate
            )
            samples = (wave * 20000).astype(np.int16)[np.newaxis]
            for start in range(0, samples.shape[1] - 1023, 1024):
                piece = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(samples[:, start : start + 1024]),
                    format="s16",
                    layout="mono",
                )
                piece.sample_rate, piece.pts = audio_rate, audio_start + start
                container.mux(sound.encode(piece))
            container.mux(sound.encode(None))
    return path


def anamorphic_clip(path: Path, aspect: Fraction, *, turned: bool = False, frames: int = 1) -> Path:
    """A clip of 96 x 72 px with a disc that is a circle at this pixel aspect ratio."""
    picture = np.full((72, 96, 3), 40, np.uint8)
    cv2.ellipse(picture, (48, 36), (round(24 / aspect), 24), 0, 0, 360, (220, 220, 220), -1)

    def prepare(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = aspect
        if turned:
            stream.set_display_rotation(90)

    return make_clip(path, [picture] * frames, audio=None, prepare=prepare)


def assert_circle(picture: Frame) -> None:
    """Assert that the disc of `anamorphic_clip` is as wide as high."""
    disc = picture[..., 1] > 130
    wide, high = disc.any(0).sum(), disc.any(1).sum()
    assert wide == pytest.approx(high, abs=3), f"{wide} x {high}"


def decode(path: Path) -> list[tuple[Fraction, Frame]]:
    """All frames with their times in seconds, as stored: not turned."""
    import av

    flags = (
        Interpolation.BILINEAR
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT
        | Interpolation.FULL_CHR_H_INP
    )
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        unit = Fraction(stream.time_base or 0)
        return [
            (
                (frame.pts or 0) * unit,
                np.asarray(frame.to_ndarray(format="bgr24", interpolation=flags), dtype=np.uint8),
            )
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


def noisy(count: int) -> list[Frame]:
    """Frames that fill some kilobytes each, so that a file is mostly pictures."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(count)]
