"""Refuse a frame that would not fit into memory, before the system starts to kill processes; hand back what is free, or not."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from realtime_style.errors import RealtimeStyleError

_TIMES_FIRST_STAGE = 11
"""Peak memory over the size of what the network's first stage gives out, see docs/decisions.md: measured were 7 to 10 on ONNX
Runtime's CPU provider, 2 to 5 on OpenVINO; the rest is margin for reading and writing the picture."""

_UNKNOWN_NETWORK = 176
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = -3, -1, -2  # of glibc's malloc.h; their values are bytes
_HOLD_ON = {_MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 1 << 28}
_LET_GO = {_MMAP_THRESHOLD: 4 << 20, _TRIM_THRESHOLD: 8 << 20}
_FIRST_STAGE = re.compile(r"c\d+s(?P<stride>\d+)-(?P<channels>\d+)(,|$)")


def bytes_per_pixel(network: str) -> int:
    """Peak memory for each pixel of a frame, in bytes, painted by this network.

    `network` is the architecture string of the style file. Its first stage gives out the largest tensor: C channels of 4
    bytes at 1/S of the width and height. All others are in proportion to it: the network of 2016, ``c9s1-32,...``, and the
    fast one, ``c5s2-16,...``, differ by a factor of 8 in this figure and in memory alike.
    """
    stage = _FIRST_STAGE.match(network)
    if stage is None:
        return _UNKNOWN_NETWORK
    return _TIMES_FIRST_STAGE * 4 * int(stage["channels"]) // int(stage["stride"]) ** 2


def check_memory(width: int, height: int, *, network: str = "", held_pixels: int = 0) -> None:
    """Raise RealtimeStyleError when painting a frame of this size needs more memory than the machine has available.

    `held_pixels` is the size of the largest frame painted before: its memory is kept and used again.
    """
    available = available_bytes()
    needed = (width * height - held_pixels) * bytes_per_pixel(network)
    if available is not None and needed > available:
        raise RealtimeStyleError(
            f"painting {width}x{height} pixels needs about {needed / 2**30:.1f} GB of memory and {available / 2**30:.1f} GB "
            "are free; paint it smaller with --max-size"
        )


def available_bytes() -> int | None:
    """Memory that programs can still have, in bytes; None where the system does not say (it does on Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(values["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in values else None


def give_back() -> None:
    """Hand memory that was freed back to the system: glibc keeps it, for each thread that ever needed it.

    Takes some milliseconds. Where the C library is another one nothing happens.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl
            ctypes.CDLL(None).malloc_trim(0)


def hold_on() -> None:
    """Have glibc keep memory that is freed, up to 2 GB, for a program that will need as much again at once, and for good.

    Else each tensor of some megabytes is new pages from the system, which have to be cleared, and go back to it: 7 % of a step
    of training (docs/decisions.md). Blocks above 32 MB still come and go. Where the C library is another one nothing happens.
    """
    _tell_malloc(_HOLD_ON)


def let_go() -> None:
    """Have glibc hand each block above 4 MB back as soon as it is freed, for a program that runs all day.

    Else it learns from the first large block that comes and goes to keep the next ones, in the thread that needed them, from
    where :func:`give_back` does not fetch them: 30 MB after a greeting card. Frames up to 1280x960 are smaller, and stay quick.
    Where the C library is another one nothing happens.
    """
    _tell_malloc(_LET_GO)


def _tell_malloc(settings: Mapping[int, int]) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl
            for parameter, value in settings.items():
                ctypes.CDLL(None).mallopt(parameter, value)
