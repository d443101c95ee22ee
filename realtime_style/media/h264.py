"""H.264 as browsers and phones play it: libx264, yuv420p, BT.709 limited range, even sizes.

PyAV and not OpenCV encodes it: OpenCV's Linux wheel has no working H.264 encoder, no uneven timing
and no sound. Colours are converted *and* tagged as BT.709: some players take untagged video for
BT.601, which shifts reds and greens visibly.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import cv2  # before av is loaded anywhere: the other order hangs windows on Linux

from realtime_style.errors import SinkError
from realtime_style.frames import Frame
from realtime_style.media.ffmpeg import CODEC_THREADS, exact_conversion

if TYPE_CHECKING:
    import av

LIVE_TIME_BASE = Fraction(1, 90_000)
"""Unit of time stamps of live frames, in seconds; mp4 tools expect 90 kHz of video."""

_CODEC = "libx264"
_BT709 = 1  # FFmpeg's number of BT.709: the same for matrix, primaries and transfer curve
_LIMITED = 1  # FFmpeg's number of limited ("MPEG", 16..235) range


def even_size(width: int, height: int) -> tuple[int, int]:
    """Size (width, height) in px that is encoded: yuv420p halves both, so odd sides grow by one."""
    return width + width % 2, height + height % 2


def add_h264_stream(
    container: av.container.OutputContainer,
    *,
    width: int,
    height: int,
    rate: Fraction,
    time_base: Fraction | None = None,
    crf: int = 18,
    preset: str = "veryfast",
    **x264: str,
) -> av.VideoStream:
    """Add an H.264 stream for frames of `width` x `height` px, encoded by at most CODEC_THREADS.

    `rate` is in frames per second and exact (30000/1001, never 29.97). `time_base` is the unit of
    the frames' pts in seconds; None means 1 / `rate`, so that pts are frame numbers. `crf` is
    x264's quality, 1 (best) to 51, `preset` its effort, ``ultrafast`` to ``veryslow``; further
    options go to x264 as they are. Raises SinkError if PyAV was built without x264.
    """
    import av

    if not 1 <= crf <= 51:  # 0 is lossless, in a profile that phones and many browsers do not play
        raise ValueError(f"crf is a number from 1 to 51, not {crf}")
    options = {"crf": str(crf), "preset": preset, **x264}
    try:
        stream = cast("av.VideoStream", container.add_stream(_CODEC, rate=rate, options=options))
    except av.codec.codec.UnknownCodecError as error:
        raise SinkError(
            f"this PyAV has no H.264 encoder (tried {_CODEC}); "
            "try: pip install --force-reinstall av"
        ) from error
    stream.width, stream.height = even_size(width, height)
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.thread_count = CODEC_THREADS
    context.time_base = time_base if time_base is not None else 1 / rate
    context.color_range = _LIMITED
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    return stream


def to_yuv(frame: Frame, pts: int, time_base: Fraction) -> av.VideoFrame:
    """Convert a frame, (H, W, 3) uint8 BGR, to yuv420p for the time `pts` x `time_base` seconds.

    Odd sizes are filled up by repeating the last row or column: no visible border, no scaling.
    """
    import av

    height, width = frame.shape[:2]
    wide, high = even_size(width, height)
    if (wide, high) != (width, height):
        edge = cv2.BORDER_REPLICATE
        frame = cast("Frame", cv2.copyMakeBorder(frame, 0, high - height, 0, wide - width, edge))
    picture = av.VideoFrame.from_ndarray(frame, format="bgr24")
    picture = picture.reformat(
        format="yuv420p",
        dst_colorspace="ITU709",
        dst_color_range="MPEG",
        interpolation=exact_conversion(),
        threads=1,
    )
    picture.pts, picture.time_base = pts, time_base
    return picture


def exact_rate(fps: float | Fraction) -> Fraction:
    """Frames per second as a fraction: 29.97 is 30000/1001. Raises ValueError unless above 0."""
    if isinstance(fps, Fraction):
        rate = fps
    elif not 0 < fps < 1e6:
        raise ValueError(f"a frame rate is a number above 0, not {fps}")
    else:
        television = Fraction(round(fps) * 1000, 1001)
        near = abs(fps - television) < 0.005 and abs(fps - round(fps)) > 0.005
        rate = television if near else Fraction(fps).limit_denominator(1001)
    if rate <= 0:
        raise ValueError(f"a frame rate is a number above 0, not {fps}")
    return rate
