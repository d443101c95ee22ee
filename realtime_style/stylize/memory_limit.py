"""Refuse a frame that would not fit into memory, before the system starts to kill processes."""

from __future__ import annotations

import re

from realtime_style.errors import RealtimeStyleError
from realtime_style.system.memory import available_bytes

_TIMES_FIRST_STAGE = 11
"""Peak memory over the size of the first stage's output, see docs/research.md. Measured were 7 to
10 on ONNX Runtime's CPU provider and 2 to 5 on OpenVINO; the rest is margin for reading and writing
the picture."""

_UNKNOWN_NETWORK = 176

_FIRST_STAGE = re.compile(r"c\d+s(?P<stride>\d+)-(?P<channels>\d+)(,|$)")


def bytes_per_pixel(network: str) -> int:
    """Peak memory for each pixel of a painted frame, in bytes.

    `network` is the architecture string of the style file. The output of its first stage is the
    largest tensor: C channels of 4 bytes at 1/S of the width and height. All others are in
    proportion to it: the network of 2016, ``c9s1-32,...``, and the fast one, ``c5s2-16,...``,
    differ by a factor of 8 in this figure and in memory alike.
    """
    stage = _FIRST_STAGE.match(network)
    if stage is None:
        return _UNKNOWN_NETWORK
    return _TIMES_FIRST_STAGE * 4 * int(stage["channels"]) // int(stage["stride"]) ** 2


def check_memory(width: int, height: int, *, network: str = "", held_pixels: int = 0) -> None:
    """Raise RealtimeStyleError if a frame of this size needs more memory than is available.

    `held_pixels` is the size of the largest frame painted before: its memory is kept and reused.
    """
    available = available_bytes()
    needed = (width * height - held_pixels) * bytes_per_pixel(network)
    if needed > available:
        raise RealtimeStyleError(
            f"painting {width}x{height} pixels needs about {needed / 2**30:.1f} GB of memory and "
            f"{available / 2**30:.1f} GB are free; paint it smaller with --max-size"
        )
