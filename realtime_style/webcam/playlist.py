"""The styles that the live window goes through, and loading them while it paints."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from realtime_style.errors import StyleError
from realtime_style.styles.catalog import StyleRef, open_style_file, scan_styles
from realtime_style.styles.mix import Mix

log = logging.getLogger(__name__)


def build_playlist(first: Mix) -> tuple[list[Mix], list[str]]:
    """The mixes to go through: `first`, the other styles of its files, then every style known by name.

    A broken style file does not stop the show: it is left out, and the second value has a line on each.
    """
    playlist = [first]
    seen = {_identity(first[0][0])} if len(first) == 1 else set()
    known, problems = scan_styles()
    styles: list[StyleRef] = []
    opened = problems.keys() | {style.file for style in known}
    for file in {style.file: None for style, _ in first if style.file not in opened}:
        try:
            styles += open_style_file(file)
        except StyleError as error:
            problems[file] = error
    for style in [*styles, *known]:
        if _identity(style) not in seen:
            seen.add(_identity(style))
            playlist.append(((style, 1.0),))
    return playlist, [str(error) for error in problems.values()]


def _identity(style: StyleRef) -> tuple[Path, int]:
    return style.file.resolve(), style.index


@dataclass(frozen=True)
class Loaded:
    """How loading ended."""

    mix: Mix
    problem: str | None
    """Why it failed, one line; None: it can be painted."""


class StyleLoader:
    """Loads one mix after the other in a thread of its own; only the one wanted last is reported.

    Loading a style takes from a tenth of a second to several; done in the thread that paints it would freeze the picture.
    """

    def __init__(self, preload: Callable[[Mix], None]) -> None:
        """`preload` does the loading, in the other thread."""
        self._preload = preload
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load style")
        self._wanted: tuple[Mix, Future[None]] | None = None

    def want(self, mix: Mix) -> None:
        """Load `mix` next, instead of what was wanted before; what is being loaded right now is finished first."""
        if self._wanted is not None:
            self._wanted[1].cancel()
        self._wanted = (mix, self._executor.submit(self._preload, mix))

    def poll(self) -> Loaded | None:
        """How loading the mix wanted last ended, once; None while it goes on. Never waits."""
        if self._wanted is None or not self._wanted[1].done():
            return None
        mix, future = self._wanted
        self._wanted = None
        error = future.exception()
        if error is not None:  # of any kind: engines raise types of their own, and the show goes on
            log.warning("style left out: %s", error)
        return Loaded(
            mix,
            None if error is None else str(error).strip().split("\n")[0] or type(error).__name__,
        )

    def close(self) -> None:
        """Wait for the loading that goes on, if any."""
        self._executor.shutdown(cancel_futures=True)

    def __enter__(self) -> StyleLoader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
