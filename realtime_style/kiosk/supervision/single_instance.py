"""Single-instance lock: a second kiosk on one folder would delete the first one's pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from realtime_style.errors import RealtimeStyleError

log = logging.getLogger(__name__)

LOCK = ".realtime-style-kiosk.lock"
"""Name of an empty file in the folder, which stays there."""


@contextmanager
def single_instance(folder: Path) -> Iterator[None]:
    """Lock an existing folder of pictures while the block runs, however it ends.

    Raises RealtimeStyleError when another kiosk holds the lock. On a file system without locks
    there is a warning instead.
    """
    # Without locks filelock would leave a mark of its own ("soft lock"). It outlives a kiosk that
    # was killed, and no other could start.
    lock = FileLock(folder / LOCK, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise RealtimeStyleError(
            f"another kiosk keeps its pictures in {folder}; end that one first, or choose "
            "another folder in [pictures]"
        ) from error
    except OSError as error:
        log.warning("cannot lock %s against a second kiosk (%s): start only one", folder, error)
    try:
        yield
    finally:
        lock.release()
