"""Other processes, as /proc shows them: Linux alone."""

from __future__ import annotations

import os
from pathlib import Path


def is_running(pid: int) -> bool:
    return _parent(pid) is not None


def children_with(word: str, parent: int | None = None) -> set[int]:
    """Numbers of the running children with `word` in their command, of this process or another."""
    parent = parent or os.getpid()
    processes = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()}
    children = {pid for pid in processes if _parent(pid) == parent}
    return {pid for pid in children if word in _command(pid)}


def _parent(pid: int) -> int | None:
    """The number of a process's parent; None when it has ended."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it has ended since
        return ""
