"""Settings of glibc's memory allocator; nothing happens where the C library is another one."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from contextlib import suppress

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = (
    -3,
    -1,
    -2,
)  # of glibc's malloc.h; their values are bytes

_HOLD_ON = {_MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 1 << 28}

_LET_GO = {_MMAP_THRESHOLD: 4 << 20, _TRIM_THRESHOLD: 8 << 20}


def trim_heap() -> None:
    """Hand memory that was freed back to the system: glibc keeps it, for each thread that ever needed it.

    Takes some milliseconds. Where the C library is another one nothing happens.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl
            ctypes.CDLL(None).malloc_trim(0)


def keep_freed() -> None:
    """Have glibc keep memory that is freed, up to 2 GB, for a program that will need as much again at once, and for good.

    Else each tensor of some megabytes is new pages from the system, which have to be cleared, and go back to it: 7 % of a step
    of training (docs/adr/0005-training-on-a-cpu.md). Blocks above 32 MB still come and go. Where
    the C library is another one nothing happens.
    """
    _tell_malloc(_HOLD_ON)


def return_large_blocks() -> None:
    """Have glibc hand each block above 4 MB back as soon as it is freed, for a program that runs all day.

    Else it learns from the first large block that comes and goes to keep the next ones, in the thread that needed them, from
    where :func:`trim_heap` does not fetch them: 30 MB after a greeting card. Frames up to 1280x960 are smaller, and stay quick.
    Where the C library is another one nothing happens.
    """
    _tell_malloc(_LET_GO)


def _tell_malloc(settings: Mapping[int, int]) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl
            for parameter, value in settings.items():
                ctypes.CDLL(None).mallopt(parameter, value)
