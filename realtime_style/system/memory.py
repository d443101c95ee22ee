"""Refuse a frame that would not fit into memory, before the system starts to kill processes; hand back what is free, or not."""

from __future__ import annotations

from pathlib import Path


def available_bytes() -> int | None:
    """Memory that programs can still have, in bytes; None where the system does not say (it does on Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(values["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in values else None
