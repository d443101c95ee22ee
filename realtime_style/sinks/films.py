"""The day on film, for hosts who ask for it: a film every ten minutes, so that little is lost when the power goes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from realtime_style.errors import SinkError
from realtime_style.frames import Frame
from realtime_style.sinks.base import Sink
from realtime_style.sinks.video_file import VideoWriter
from realtime_style.system.atomic import nearly_full, unused_path, unwritable

_UNFINISHED = re.compile(r"\.\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?\.\d+\.part\.mp4")
FILM_S = 600.0
"""Length of a film."""


class Films(Sink):
    """Writes frames to H.264 videos in a folder, named by the time of their first frame; none is ever overwritten.

    What a kiosk that was killed left half written, which nothing can play and no file manager shows, is deleted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.perf_counter,
        today: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`folder` is made if missing; raises OutputUnwritable."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(folder, error) from error
        self._folder, self._clock, self._today = folder, clock, today
        self._film: VideoWriter | None = None
        self._shape: tuple[int, ...] = ()
        self._began = 0.0

    def write(self, frame: Frame) -> None:
        """Raises OutputUnwritable; the film that was being written is then lost, those before are whole. Raises SinkError, and
        finishes the film, while the disk has no room but what visitors' pictures need."""
        try:
            full = nearly_full(self._folder)
        except OSError as error:  # a stick that was pulled out
            raise unwritable(self._folder, error) from error
        if full:
            self.close()
            raise SinkError(
                f"the disk with {self._folder} is nearly full; make room for more films of the day"
            )
        if self._film is not None and (
            frame.shape != self._shape or self._clock() - self._began >= FILM_S
        ):
            self.close()
        if self._film is None:
            self._delete_unfinished()
            path = unused_path(self._folder, f"{self._today():%Y-%m-%d_%H-%M-%S}", ".mp4")
            self._film, self._shape, self._began = (
                VideoWriter(path, clock=self._clock),
                frame.shape,
                self._clock(),
            )
        self._film.write(frame)

    def _delete_unfinished(self) -> None:
        """A film in the making is written to all the time: one left alone for so long is of a kiosk that is gone."""
        with suppress(OSError):
            for path in self._folder.glob(".*.part.mp4"):
                if _UNFINISHED.fullmatch(path.name) and time.time() - path.stat().st_mtime > FILM_S:
                    path.unlink()

    def close(self) -> None:
        """Finish the film."""
        film, self._film = self._film, None
        if film is not None:
            film.close()
