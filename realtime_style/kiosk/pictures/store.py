"""Visitors' pictures on the disk: each behind a link that cannot be guessed, and gone when its time is over.

All there is to know about a picture is in the name of its file, ``CREATED-EXPIRES-DIGEST.KIND``, so that a kiosk that was
killed knows after its restart what to keep and what to delete. The link itself is not on the disk, only its digest: who reads
the disk cannot fetch what is served, and who is served cannot name another file.
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
"""What can be kept, and its media type."""

_NAME = re.compile(
    r"(?P<created>\d{1,12})-(?P<expires>\d{1,12})-(?P<digest>[0-9a-f]{64})\.(?P<kind>[a-z0-9]{3})"
)
_WORK = ".realtime-style-making-"
_WORK_NAME = re.compile(re.escape(_WORK) + r"[a-z0-9_]{8}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_CLOCK_SLACK_S = 120.0


@dataclass(frozen=True)
class Keepsake:
    """A visitor's picture and the way to it."""

    token: str
    """128 random bits: the end of its link."""
    expires: float
    """Seconds since the epoch."""


class PictureReader:
    """The folder of visitors' pictures, for reading: what the page behind the links knows."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder, self._clock = folder, clock

    def find(self, token: str, kind: str) -> Path | None:
        """The file behind a link; None for a link that never was, or is over, and for anything else."""
        if kind not in KINDS or not _TOKEN.fullmatch(token):
            return None
        now = self._clock()
        for path in self.folder.glob(f"*-{_digest(token)}.{kind}"):
            if not _is_over(path, now):
                return path
        return None

    def kinds(self, token: str) -> list[str]:
        """What there is behind a link, in the order of KINDS."""
        return [kind for kind in KINDS if self.find(token, kind) is not None]

    def expires(self, token: str) -> float | None:
        """When the link is over, seconds since the epoch; None for one that is not there."""
        paths = [self.find(token, kind) for kind in KINDS]
        return next((float(path.name.split("-")[1]) for path in paths if path is not None), None)


class PictureStore(PictureReader):
    """The same for the kiosk, which keeps and deletes. Safe to use from several threads and again after a crash."""

    def __init__(
        self,
        folder: Path,
        *,
        hours: float,
        closing: TimeOfDay | None = None,
        former: Sequence[Path] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Pictures live for `hours`, at most until `closing`, local time. Raises OutputUnwritable.

        `former` folders are those of settings before: what is over is deleted there, too.
        """
        super().__init__(folder, clock)
        self._hours, self._closing, self._former = hours, closing, former
        make_folder(folder)
        delete_unfinished(folder)
        self.delete_expired()

    def keep(self, contents: Mapping[str, bytes]) -> Keepsake:
        """Keep a picture, as one or more of KINDS; all of them or none. Raises OutputUnwritable."""
        now = self._clock()
        token = secrets.token_urlsafe(16)
        expires = self._expiry(now)
        written: list[Path] = []
        try:
            for kind, content in contents.items():
                path = self.folder / f"{int(now)}-{int(expires)}-{_digest(token)}.{kind}"
                written.append(path)
                # Not by way of a temporary name: whatever a crash leaves must be a name that the sweep knows.
                with os.fdopen(
                    os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
                ) as file:
                    file.write(content)
        except OSError as error:
            for path in written:
                path.unlink(missing_ok=True)
            raise OutputUnwritable(
                f"cannot keep a picture in {self.folder}: {error.strerror}; make room there"
            ) from error
        return Keepsake(token, float(int(expires)))

    @contextmanager
    def scratch_dir(self) -> Iterator[Path]:
        """A folder to make something in that can only be made as a file; empty afterwards, or at the latest after a restart."""
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=self.folder) as folder:
            yield Path(folder)

    def until(self) -> str:
        """When a picture that is kept now is deleted, as on a clock."""
        return datetime.fromtimestamp(self._expiry(self._clock())).strftime("%H:%M")

    def delete_expired(self) -> int:
        """Delete what is over; returns how many files are left, those in former folders not counted."""
        now = self._clock()
        for folder in self._former:
            with suppress(OSError):  # it is gone, or on a stick that is not plugged in
                _delete(folder.iterdir(), lambda path: _is_over(path, now))
        return self._delete(lambda path: _is_over(path, now))

    def clear(self) -> None:
        """Delete everything: where no page serves it, a picture only lies about. To be called while nothing is being made."""
        self._delete(lambda path: True)
        delete_unfinished(self.folder)

    def _delete(self, over: Callable[[Path], bool]) -> int:
        try:
            paths = list(self.folder.iterdir())
        except OSError as error:  # a stick was pulled, or somebody tidied up
            log.warning("the folder of pictures %s cannot be read: %s", self.folder, error.strerror)
            with suppress(OSError):
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return 0
        return _delete(paths, over)

    def _expiry(self, now: float) -> float:
        over = now + self._hours * 3600
        if self._closing is None:
            return over
        day = datetime.fromtimestamp(now)
        closing = datetime.combine(day.date(), self._closing)
        if closing <= day:
            closing += timedelta(days=1)
        return min(over, closing.timestamp())


def make_folder(folder: Path) -> None:
    """A folder that is nobody else's business. Raises OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputUnwritable(
            f"cannot keep pictures in {folder}: {error.strerror}; change folder in [pictures]"
        ) from error


def delete_unfinished(folder: Path) -> None:
    """What was being made in a folder of pictures when a kiosk was killed."""
    with suppress(OSError):  # the folder is gone, and all in it
        for left in folder.iterdir():
            if _WORK_NAME.fullmatch(left.name):
                shutil.rmtree(left, ignore_errors=True)


def _delete(paths: Iterable[Path], over: Callable[[Path], bool]) -> int:
    """Delete the keepsakes among `paths` that are `over`; returns how many are left."""
    left = 0
    for path in paths:
        if not _NAME.fullmatch(path.name):
            continue  # not ours: a folder may have been chosen that holds other things
        if not over(path):
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


def _is_over(path: Path, now: float) -> bool:
    """Whether a picture's time is over; one from the future counts: the clock was put back, and nobody knows how old it is."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return True
    return now >= int(match["expires"]) or int(match["created"]) > now + _CLOCK_SLACK_S
