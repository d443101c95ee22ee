"""Write files whole or not at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from realtime_style.errors import OutputUnwritable, RealtimeStyleError


def unused_path(folder: Path, stem: str, suffix: str, *, taken: Collection[Path] = ()) -> Path:
    """A free path in `folder` that is not `taken`: ``stem.mp4``, else ``stem_2.mp4`` and so on."""
    path, number = folder / f"{stem}{suffix}", 2
    while path in taken or path.exists():
        path, number = folder / f"{stem}_{number}{suffix}", number + 1
    return path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, delete it on an error.

    The temporary name keeps the suffix, which writers look at (``.mp4``, ``.png``). An old file at
    `path` stays until the rename; if it cannot be replaced, the new one is kept under a free name.
    Raises OutputUnwritable, with the reason, for anything the disk refuses.
    """
    part = _create_part(path)
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
    _rename(part, path)


def require_writable(path: Path) -> None:
    """Raise OutputUnwritable now where :func:`atomic_write` would after hours of work.

    Nothing is left of the trial.
    """
    _create_part(path).unlink()


def nearly_full(folder: Path) -> bool:
    """True when less than 100 MB are free. Raises OSError.

    A recording has to end before the disk is full, because its index is written last.
    """
    return shutil.disk_usage(folder).free < 100_000_000


def _create_part(path: Path) -> Path:
    """Create an empty file with the temporary name beside `path`."""
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


def _rename(part: Path, path: Path) -> None:
    """Rename `part` to `path`, or keep it under another name: it may be hours of work.

    Windows does not replace a file that a player has open, and for a moment does not rename one
    that a virus scanner reads.
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
    """Retry for a second while permission is denied."""
    for _ in range(10):
        with suppress(PermissionError):
            rename()
            return
        time.sleep(0.1)
    rename()


def unwritable(path: Path, error: OSError) -> OutputUnwritable:
    """The one-line error for an output that the system refuses to write."""
    reason = error.strerror or str(error)
    try:
        free = f" ({shutil.disk_usage(path.parent).free // 2**20} MB free there)"
    except OSError:
        free = ""
    return OutputUnwritable(f"cannot write {path}: {reason}{free}; choose another place")


def _is_about(error: OSError, part: Path) -> bool:
    """True for an error that names the file, or none: a disk full in the middle of a write."""
    return error.filename is None or Path(os.fsdecode(error.filename)) == part
