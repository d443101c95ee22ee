"""Write files whole or not at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from realtime_style.errors import OutputUnwritable, RealtimeStyleError

_LEAST_FREE_BYTES = 100_000_000


def make_folder(folder: Path, *, mode: int = 0o777) -> None:
    """Make `folder` and those above it if missing. Raises OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise unwritable(folder, error) from error


def unused_path(folder: Path, stem: str, suffix: str, *, taken: Collection[Path] = ()) -> Path:
    """Path in `folder` that neither exists nor is `taken`: ``stem.mp4``, else ``stem_2.mp4`` …"""
    path, number = folder / f"{stem}{suffix}", 2
    while path in taken or path.exists():
        path, number = folder / f"{stem}_{number}{suffix}", number + 1
    return path


def dated_stem(now: datetime, label: str = "") -> str:
    """Name for a file of this moment: ``2026-11-25_09-00-00``, with ``_`` and a `label` after it.

    A label is cut to 80 characters: file systems take names of 255 bytes.
    """
    return f"{now:%Y-%m-%d_%H-%M-%S}" + (f"_{label[:80]}" if label else "")


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; rename it to `path` when the block ends well.

    When the block raises, what was written is removed. The temporary name keeps the suffix, which
    writers choose their format by (``.mp4``, ``.png``). The old file stays at `path` until the
    rename; if it cannot be replaced, the new one is kept under an unused name.
    Raises OutputUnwritable, with the reason, for anything the disk refuses.
    """
    part = start_part(path)
    try:
        yield part
    except BaseException as error:
        part.unlink(missing_ok=True)
        if (
            isinstance(error, OSError)
            and not isinstance(error, RealtimeStyleError)
            and _is_about(error, part)
        ):
            raise unwritable(path, error) from error
        raise
    finish_part(part, path)


def require_writable(path: Path) -> None:
    """Raise OutputUnwritable now where :func:`atomic_write` would, before hours of work."""
    start_part(path).unlink()


def nearly_full(folder: Path) -> bool:
    """Return whether less than 100 MB are free there. Raises OSError.

    A recording is finished before the disk is full: its index is written last, and needs room.
    """
    return shutil.disk_usage(folder).free < _LEAST_FREE_BYTES


def start_part(path: Path) -> Path:
    """Make an empty file beside `path` under the temporary name. Raises OutputUnwritable."""
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    if path.is_dir():
        raise OutputUnwritable(f"{path} is a folder; give a file name")
    if not path.parent.is_dir():
        raise OutputUnwritable(
            f"cannot write {path}: there is no folder {path.parent}; make it first"
        )
    try:
        part.touch()
    except OSError as error:
        raise unwritable(path, error) from error
    return part


def finish_part(part: Path, path: Path) -> None:
    """Rename `part` to `path`; where that is refused, keep the result under another name.

    Windows replaces no file that a player has open, and for a moment renames none that a virus
    scanner reads. Raises OutputUnwritable, with the name under which the result is kept.
    """
    try:
        _retry_rename(lambda: part.replace(path))
    except OSError as error:
        kept = part
        with suppress(OSError):
            kept = part.rename(unused_path(path.parent, path.stem, path.suffix))
        if kept == path:
            return
        raise OutputUnwritable(
            f"cannot {'replace' if path.exists() else 'write'} {path}: {error.strerror or error}; "
            f"the result is kept as {kept}, close the program that has the file open"
        ) from error


def _retry_rename(rename: Callable[[], object]) -> None:
    """Try for a second where permission is denied."""
    for _ in range(10):
        with suppress(PermissionError):
            rename()
            return
        time.sleep(0.1)
    rename()


def unwritable(path: Path, error: OSError) -> OutputUnwritable:
    """One-line error for an output that the system refuses to write."""
    reason = error.strerror or str(error)
    try:
        free = f" ({shutil.disk_usage(path.parent).free // 2**20} MB free there)"
    except OSError:
        free = ""
    return OutputUnwritable(f"cannot write {path}: {reason}{free}; choose another place")


def _is_about(error: OSError, part: Path) -> bool:
    """Return whether the error names the file, or no file (a disk that is full in the middle)."""
    return error.filename is None or Path(os.fsdecode(error.filename)) == part
