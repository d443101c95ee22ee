"""Opening video files, and saying in one line why one does not open."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

from realtime_style.errors import VideoUnreadable

if TYPE_CHECKING:
    import av

CODEC_THREADS = max(2, (os.cpu_count() or 2) // 2)
"""Threads for the decoder, and for the encoder beside it: FFmpeg's default is one and a half per core, which takes the
time of the network that paints between them."""

_STILL_FORMATS = frozenset(
    {"image2", "tty"}
)  # FFmpeg "plays" photographs, and text files as ANSI art


def check_video_file(path: Path) -> None:
    """Raise VideoUnreadable if there is no file with something in it at `path`."""
    if path.is_dir():
        raise VideoUnreadable(
            f"{path} is a folder, not a video; give one clip, or paint photographs with realtime-style image"
        )
    if not path.exists():
        raise VideoUnreadable(f"video {path} does not exist; check the path")
    if not path.is_file():
        raise VideoUnreadable(f"{path} is not a file; copy the video to a file first")
    if path.stat().st_size == 0:
        raise VideoUnreadable(f"video {path} is empty (0 bytes); try another copy")


def open_video(path: Path) -> av.container.InputContainer:
    """Open a file that FFmpeg knows; raises VideoUnreadable, naming the file and the reason."""
    import av

    check_video_file(path)
    try:
        # file: because FFmpeg takes "a:b.mp4" for a protocol. A clock that starts again is not to be guessed into one that
        # ran for 26 hours: TimestampFixer sees to it.
        container: av.container.InputContainer = av.open(
            f"file:{path}", options={"correct_ts_overflow": "0"}, **_any_encoding_of_tags()
        )
        return container
    except av.FFmpegError as error:
        raise unreadable(path, error) from error


def _any_encoding_of_tags() -> dict[str, Any]:
    """Arguments of av.open that keep a tag which is not UTF-8 from refusing the file. PyAV 19 never does and takes none."""
    import av

    return {"metadata_errors": "surrogateescape"} if int(av.__version__.split(".")[0]) < 19 else {}


def readable_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags of a file or a stream with U+FFFD for each byte that is not UTF-8, which mp4 demands."""
    return {
        key: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for key, value in tags.items()
    }


def unreadable(path: Path, error: av.FFmpegError) -> VideoUnreadable:
    """Why FFmpeg would not read the file, for people."""
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
    """The stream of pictures people would see, ready to decode: no cover of an album, no photograph, no text file."""
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
            f"video {path} is in a format that this program cannot decode; convert it to H.264 first"
        )
    video = max(
        decodable, key=lambda stream: bool(stream.disposition & Disposition.default)
    )  # the first one if none is
    # Not by frames: a thread that decodes one may be late to say that it is broken, and half of all tries took a recording
    # (.ts) that was cut short for whole.
    video.thread_type = "SLICE"
    video.codec_context.thread_count = CODEC_THREADS
    return video
