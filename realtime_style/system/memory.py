"""Free memory."""

from __future__ import annotations


def available_bytes() -> int:
    """Memory that programs can still have without swapping, in bytes."""
    import psutil

    return int(psutil.virtual_memory().available)
