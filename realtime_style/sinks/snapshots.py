"""Snapshots of a live picture, saved in a thread: compressing one would be seen as a stutter."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from realtime_style.errors import RealtimeStyleError, SinkError
from realtime_style.frames import Frame
from realtime_style.media.images import Picture, write_image
from realtime_style.system.atomic import dated_stem, make_folder, unused_path

log = logging.getLogger(__name__)

_WAITING = 8  # a key that is held down must not fill the memory with frames


class Snapshots:
    """Saves pictures as PNG in a folder, named by date and time; none is ever overwritten."""

    def __init__(self, folder: Path, *, today: Callable[[], datetime] = datetime.now) -> None:
        """`folder` is made when first needed."""
        self.saved: list[Path] = []
        """Written, whole."""
        self._folder, self._today = folder, today
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="save snapshots")
        self._under_way: dict[Path, Future[None]] = {}

    def save(self, frame: Frame, label: str = "") -> None:
        """Save `frame`, which must not change afterwards; `poll` tells the outcome.

        `label` ends the name. Raises SinkError when too many wait to be saved.
        """
        if len(self._under_way) >= _WAITING:
            raise SinkError("earlier snapshots are still being saved; try again in a moment")
        stem = dated_stem(self._today(), label)
        path = unused_path(self._folder, stem, ".png", taken=self._under_way)
        self._under_way[path] = self._thread.submit(self._write, path, frame)

    def poll(self) -> list[str]:
        """Messages for people on what has been saved since the last call. Never waits."""
        done = [path for path, future in self._under_way.items() if future.done()]
        return [self._outcome(path, self._under_way.pop(path)) for path in done]

    def close(self) -> None:
        """Wait until everything is written."""
        self._thread.shutdown()
        self.poll()

    def _write(self, path: Path, frame: Frame) -> None:
        make_folder(path.parent)
        write_image(path, Picture(frame))

    def _outcome(self, path: Path, future: Future[None]) -> str:
        error = future.exception()
        if error is None:
            self.saved.append(path)
            return f"saved {path.name}"
        if not isinstance(error, (RealtimeStyleError, OSError)):
            raise error
        log.warning("%s", error)
        return str(error)
