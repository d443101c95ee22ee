"""Settings of glibc's memory allocator. With another C library every function does nothing."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from contextlib import suppress

# Parameter numbers of mallopt, from glibc's malloc.h; their values are bytes.
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = -3, -1, -2

_KEEP_FREED = {_MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 1 << 28}

_RETURN_LARGE = {_MMAP_THRESHOLD: 4 << 20, _TRIM_THRESHOLD: 8 << 20}


def trim_heap() -> None:
    """Return freed memory to the system: glibc keeps it for each thread. Takes milliseconds."""
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl
            ctypes.CDLL(None).malloc_trim(0)


def keep_freed() -> None:
    """Have glibc keep up to 2 GB of freed memory, for a program that allocates it again at once.

    Otherwise each tensor of some megabytes takes new pages from the system, which have to be
    cleared, and returns them: 7 % of a training step. Blocks above 32 MB still come and go.
    """
    _set_malloc_options(_KEEP_FREED)


def return_large_blocks() -> None:
    """Have glibc return each freed block above 4 MB at once, for a program that runs all day.

    Otherwise glibc raises its threshold after the first large block, and keeps later ones in the
    thread that freed them, out of reach of :func:`trim_heap`: 30 MB after a greeting card. Frames
    up to 1280x960 are below 4 MB and stay fast.
    """
    _set_malloc_options(_RETURN_LARGE)


def _set_malloc_options(options: Mapping[int, int]) -> None:
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl
            for parameter, value in options.items():
                ctypes.CDLL(None).mallopt(parameter, value)
