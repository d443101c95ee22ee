"""Outputs that are whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from realtime_style.errors import OutputUnwritable, RealtimeStyleError


def free_name(folder: Path, stem: str, suffix: str, *, taken: Collection[Path] = ()) -> Path:
    """A path in `folder` that no file has and that is not `taken`: ``stem.mp4``, else ``stem_2.mp4`` and so on."""
    path, number = folder / f"{stem}{suffix}", 2
    while path in taken or path.exists():
        path, number = folder / f"{stem}_{number}{suffix}", number + 1
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; rename it to `path` when the block ends well, remove it when it does not.

    The temporary name keeps the suffix, so that writers who look at it (``.mp4``, ``.png``) are not misled. Whatever
    stood at `path` stays until the rename; if it cannot be replaced, what was written is kept under a name that is free.
    Raises OutputUnwritable, naming the reason, for anything the disk refuses.
    """
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    if path.is_dir():
        raise OutputUnwritable(f"{path} is a folder; give a file name")
    if not path.parent.is_dir():
        raise OutputUnwritable(f"cannot write {path}: there is no folder {path.parent}; make it first")
    try:
        part.touch()
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield part
        _give_name(part, path)
    except OSError as error:
        if isinstance(error, RealtimeStyleError) or not _is_about(error, part):
            raise
        raise unwritable(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def _give_name(part: Path, path: Path) -> None:
    try:
        part.replace(path)
    except OSError as error:
        if not path.exists():
            raise
        kept = free_name(path.parent, path.stem, path.suffix)
        part.rename(kept)  # Windows replaces no file that a player has open; hours of work shall not end with that
        raise OutputUnwritable(
            f"cannot replace {path}: {error.strerror or error}; the result is kept as {kept}, "
            "close the program that has the old one open"
        ) from error


def unwritable(path: Path, error: OSError) -> OutputUnwritable:
    """The one-line refusal for an output the system would not let us write."""
    reason = error.strerror or str(error)
    try:
        free = f" ({shutil.disk_usage(path.parent).free // 2**20} MB free there)"
    except OSError:
        free = ""
    return OutputUnwritable(f"cannot write {path}: {reason}{free}; choose another place")


def _is_about(error: OSError, part: Path) -> bool:
    """Whether the error is one of writing: it names the file, or no file at all (disk full in the middle of a write)."""
    return error.filename is None or Path(os.fsdecode(error.filename)) == part
