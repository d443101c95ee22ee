"""One kiosk to a folder of pictures: a second one, started by mistake, would tidy away what visitors still come for."""

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
    """Keep all other kiosks from this folder of pictures, which must exist, for as long as the block runs, however it ends.

    Raises RealtimeStyleError when one is there already. On a file system without locks a warning takes their place.
    """
    # A soft lock, which filelock takes in its place, would outlive a kiosk that was killed, and no further one could start.
    lock = FileLock(folder / LOCK, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise RealtimeStyleError(
            f"another kiosk keeps its pictures in {folder}; end that one first, or choose another folder in [pictures]"
        ) from error
    except OSError as error:
        log.warning("a second kiosk would not be kept from %s (%s): start only one", folder, error)
    try:
        yield
    finally:
        lock.release()
