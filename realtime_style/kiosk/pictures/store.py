"""Visitors' pictures on the disk, each behind a link that cannot be guessed, for a limited time.

A file's name, ``CREATED-EXPIRES-DIGEST.KIND``, holds all there is to know of it, so that a kiosk
that was killed knows after its restart what to delete. The link itself is not on the disk, only
its digest: who reads the disk cannot fetch pictures, and who fetches cannot name another file.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as TimeOfDay
from pathlib import Path

from realtime_style.errors import OutputUnwritable

log = logging.getLogger(__name__)

KINDS = {"png": "image/png", "pdf": "application/pdf", "mp4": "video/mp4"}
"""File suffixes of stored pictures, and their media types."""

_NAME = re.compile(
    r"(?P<created>\d{1,12})-(?P<expires>\d{1,12})-(?P<digest>[0-9a-f]{64})\.(?P<kind>[a-z0-9]{3})"
)
_SCRATCH = ".realtime-style-making-"
_SCRATCH_NAME = re.compile(re.escape(_SCRATCH) + r"[a-z0-9_]{8}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_CLOCK_SLACK_S = 120.0


@dataclass(frozen=True)
class StoredPicture:
    """A picture on the disk, in one or more kinds of file."""

    token: str
    """128 random bits: the end of its link."""
    expires: float
    """Seconds since the epoch."""


class PictureReader:
    """Reads the folder of visitors' pictures; used by the page behind the links."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder, self._clock = folder, clock

    def find(self, token: str, kind: str) -> Path | None:
        """The file behind a link; None for a link that has expired or never existed."""
        if kind not in KINDS or not _TOKEN.fullmatch(token):
            return None
        now = self._clock()
        for path in self.folder.glob(f"*-{_digest(token)}.{kind}"):
            if not _is_expired(path, now):
                return path
        return None

    def kinds(self, token: str) -> list[str]:
        """Kinds of file behind a link, in the order of KINDS."""
        return [kind for kind in KINDS if self.find(token, kind) is not None]

    def expires(self, token: str) -> float | None:
        """End of a link, seconds since the epoch; None without a file."""
        paths = [self.find(token, kind) for kind in KINDS]
        return next((float(path.name.split("-")[1]) for path in paths if path is not None), None)


class PictureStore(PictureReader):
    """Keeps pictures and deletes them. Safe to use from several threads, and after a crash."""

    def __init__(
        self,
        folder: Path,
        *,
        hours: float,
        closing: TimeOfDay | None = None,
        former: Sequence[Path] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Keep pictures for `hours`, at most until `closing`, local time.

        Expired pictures in `former` folders, of earlier settings, are deleted as well. Raises
        OutputUnwritable.
        """
        super().__init__(folder, clock)
        self._hours, self._closing, self._former = hours, closing, former
        make_folder(folder)
        delete_unfinished(folder)
        self.delete_expired()

    def keep(self, contents: Mapping[str, bytes]) -> StoredPicture:
        """Write a picture in one or more of KINDS, all or none. Raises OutputUnwritable."""
        now = self._clock()
        token = secrets.token_urlsafe(16)
        expires = self._expiry(now)
        written: list[Path] = []
        try:
            for kind, content in contents.items():
                path = self.folder / f"{int(now)}-{int(expires)}-{_digest(token)}.{kind}"
                written.append(path)
                # No temporary name: what a crash leaves must have a name that will expire.
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                    file.write(content)
        except OSError as error:
            for path in written:
                path.unlink(missing_ok=True)
            raise OutputUnwritable(
                f"cannot keep a picture in {self.folder}: {error.strerror}; make room there"
            ) from error
        return StoredPicture(token, float(int(expires)))

    @contextmanager
    def scratch_dir(self) -> Iterator[Path]:
        """A folder for temporary files; deleted afterwards, or by the next kiosk after a crash."""
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=self.folder) as folder:
            yield Path(folder)

    def until(self) -> str:
        """Time of day at which a picture that is kept now expires."""
        return datetime.fromtimestamp(self._expiry(self._clock())).strftime("%H:%M")

    def delete_expired(self) -> int:
        """Delete expired pictures; returns the number of files left, without former folders."""
        now = self._clock()
        for folder in self._former:
            with suppress(OSError):  # it is gone, or on a stick that is not plugged in
                _delete(folder.iterdir(), lambda path: _is_expired(path, now))
        return self._delete(lambda path: _is_expired(path, now))

    def clear(self) -> None:
        """Delete all pictures, as nothing serves them any more. Nothing may be being made."""
        self._delete(lambda path: True)
        delete_unfinished(self.folder)

    def _delete(self, condition: Callable[[Path], bool]) -> int:
        try:
            paths = list(self.folder.iterdir())
        except OSError as error:  # a stick was pulled, or somebody deleted it
            log.warning("the folder of pictures %s cannot be read: %s", self.folder, error.strerror)
            with suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return 0
        return _delete(paths, condition)

    def _expiry(self, now: float) -> float:
        expires = now + self._hours * 3600
        if self._closing is None:
            return expires
        day = datetime.fromtimestamp(now)
        closing = datetime.combine(day.date(), self._closing)
        if closing <= day:
            closing += timedelta(days=1)
        return min(expires, closing.timestamp())


def make_folder(folder: Path) -> None:
    """Make a folder that only this user can read. Raises OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputUnwritable(
            f"cannot keep pictures in {folder}: {error.strerror}; change folder in [pictures]"
        ) from error


def delete_unfinished(folder: Path) -> None:
    """Delete the temporary files of a kiosk that was killed."""
    with suppress(OSError):  # the folder is gone, and all in it
        for path in folder.iterdir():
            if _SCRATCH_NAME.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)


def _delete(paths: Iterable[Path], condition: Callable[[Path], bool]) -> int:
    """Delete the pictures among `paths` that meet `condition`; returns how many are left."""
    left = 0
    for path in paths:
        if not _NAME.fullmatch(path.name):
            continue  # not ours: the folder may hold other things
        if not condition(path):
            left += 1
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            left += 1
            log.warning("cannot delete a visitor's picture in %s: %s", path.parent, error.strerror)
    return left


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _is_expired(path: Path, now: float) -> bool:
    """True also for a picture from the future: the clock was put back, and its age is unknown."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return True
    return now >= int(match["expires"]) or int(match["created"]) > now + _CLOCK_SLACK_S
