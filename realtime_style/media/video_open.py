"""Open video files, or say in one line why one does not open."""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import VideoUnreadable
from realtime_style.media.ffmpeg import CODEC_THREADS

if TYPE_CHECKING:
    import av

BROADCAST_FORMATS = frozenset({"mpegts", "mpeg"})
"""FFmpeg's names of the formats whose clock is that of the broadcast."""

_STILL_FORMATS = frozenset({"image2", "tty"})  # FFmpeg "plays" photos, and text files as ANSI art
_FLV_HEAD = re.compile(rb"FLV\x01[\x01\x04\x05]\0\0\0\x09\0\0\0\0")


def check_video_file(path: Path) -> None:
    """Raise VideoUnreadable if there is no file with something in it at `path`."""
    if path.is_dir():
        raise VideoUnreadable(
            f"{path} is a folder, not a video; "
            "give one clip, or paint photographs with realtime-style image"
        )
    if not path.exists():
        raise VideoUnreadable(f"video {path} does not exist; check the path")
    if not path.is_file():
        raise VideoUnreadable(f"{path} is not a file; copy the video to a file first")
    if path.stat().st_size == 0:
        raise VideoUnreadable(f"video {path} is empty (0 bytes); try another copy")


def open_video(path: Path) -> av.container.InputContainer:
    """Open a file that FFmpeg knows. Raises VideoUnreadable, naming the file and the reason."""
    import av

    check_video_file(path)
    try:
        # file: because FFmpeg takes "a:b.mp4" for a protocol. FFmpeg must not turn a clock that
        # starts again into one that ran for 26 hours: TimestampFixer does what is needed.
        container: av.container.InputContainer = av.open(
            f"file:{path}", options={"correct_ts_overflow": "0"}, **_any_encoding_of_tags()
        )
    except av.FFmpegError as error:
        raise unreadable(path, error) from error
    try:
        _refuse_joined_flv(path, container)
    except BaseException:
        container.close()
        raise
    return container


def _any_encoding_of_tags() -> dict[str, Any]:
    """Arguments of av.open with which a tag that is not UTF-8 does not refuse the file.

    PyAV 19 never refuses one, and takes no such argument.
    """
    import av

    return {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}


def _refuse_joined_flv(path: Path, container: av.container.InputContainer) -> None:
    """Refuse FLV files joined byte by byte: FFmpeg takes the head of the second for the end."""
    if container.format.name != "flv":
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        joint = _FLV_HEAD.search(data, 1)
    if joint is not None:
        raise VideoUnreadable(
            f"{path} is several FLV files in one, of which only the first can be read; "
            "join them again with ffmpeg -f concat, or paint them one by one"
        )


def unreadable(path: Path, error: av.FFmpegError) -> VideoUnreadable:
    """One-line error for a file that FFmpeg does not read."""
    if isinstance(error, OSError):
        return VideoUnreadable(
            f"video {path} cannot be read: {error.strerror}; check the file and the disk"
        )
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] == b"ftyp"
    if is_mp4:
        return VideoUnreadable(
            f"video {path} is damaged: its index is missing or broken; try another copy"
        )
    return VideoUnreadable(
        f"{path} is not a video, or a damaged one ({error.strerror}); try another copy"
    )


def picture_stream(path: Path, container: av.container.InputContainer) -> av.VideoStream:
    """The video stream that players show, ready to decode; no cover of an album, no photograph.

    Raises VideoUnreadable if there is none.
    """
    from av.stream import Disposition

    if container.format.name in _STILL_FORMATS or container.format.name.endswith("_pipe"):
        raise VideoUnreadable(
            f"{path} is not a video (it reads as {container.format.long_name}); give a video file"
        )
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        what = "sound only" if container.streams.audio else "no pictures"
        raise VideoUnreadable(f"{path} has {what}; give a file with a picture")
    decodable = [stream for stream in streams if stream.codec_context is not None]
    if not decodable:
        raise VideoUnreadable(
            f"video {path} is in a format that this program cannot decode; "
            "convert it to H.264 first"
        )
    # The first one if none is the default.
    video = max(decodable, key=lambda stream: bool(stream.disposition & Disposition.default))
    # No frame threads: one may report a broken frame late, and half of all tries took a recording
    # (.ts) that was cut short for whole.
    video.thread_type = "SLICE"
    video.codec_context.thread_count = CODEC_THREADS
    return video
