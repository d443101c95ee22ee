"""Settings and helpers that all users of FFmpeg (PyAV) share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)

if TYPE_CHECKING:
    from av.video.reformatter import Interpolation

CODEC_THREADS = max(2, (os.cpu_count() or 2) // 2)
"""Threads of a decoder, and of an encoder beside it. FFmpeg's default is one and a half per core,
which takes the time of the network that paints between them."""


def exact_conversion() -> Interpolation:
    """Flags for swscale without which it rounds down: pictures get two grey levels too dark."""
    from av.video.reformatter import Interpolation

    return (
        Interpolation.BILINEAR
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT
        | Interpolation.FULL_CHR_H_INP
    )


def readable_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags of a file or a stream in valid UTF-8, as mp4 demands, with U+FFFD for other bytes."""
    return {
        key: value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        for key, value in tags.items()
    }
