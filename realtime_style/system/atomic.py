"""OutputGroup that are whole or not there."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from realtime_style.errors import OutputUnwritable, RealtimeStyleError


def unused_path(folder: Path, stem: str, suffix: str, *, taken: Collection[Path] = ()) -> Path:
    """A path in `folder` that no file has and that is not `taken`: ``stem.mp4``, else ``stem_2.mp4`` and so on."""
    path, number = folder / f"{stem}{suffix}", 2
    while path in taken or path.exists():
        path, number = folder / f"{stem}_{number}{suffix}", number + 1
    return path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; rename it to `path` when the block ends well, remove it when it does not.

    The temporary name keeps the suffix, so that writers who look at it (``.mp4``, ``.png``) are not misled. Whatever
    stood at `path` stays until the rename; if it cannot be replaced, what was written is kept under a name that is free.
    Raises OutputUnwritable, naming the reason, for anything the disk refuses.
    """
    part = _beginning(path)
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
    _give_name(part, path)


def require_writable(path: Path) -> None:
    """Raise OutputUnwritable now where :func:`atomic_write` would, before hours of work; nothing is left of the trial."""
    _beginning(path).unlink()


def nearly_full(folder: Path) -> bool:
    """Whether less than 100 MB are left there: a recording is finished while it can be, as its index comes last and a full disk
    has no place for it. Raises OSError."""
    return shutil.disk_usage(folder).free < 100_000_000


def _beginning(path: Path) -> Path:
    """An empty file beside `path` with the temporary name."""
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


def _give_name(part: Path, path: Path) -> None:
    """Rename `part`; where that is not allowed, hours of work shall not end with it, and it is kept under another name.

    Windows replaces no file that a player has open, and renames none that a virus scanner is looking at, for a moment.
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
    """Try for a second where it is not allowed."""
    for _ in range(10):
        with suppress(PermissionError):
            rename()
            return
        time.sleep(0.1)
    rename()


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
