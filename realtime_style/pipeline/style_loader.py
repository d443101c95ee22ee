"""Loading styles in a thread of its own while the picture goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType

from realtime_style.styles.mix import Mix

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """Outcome of loading a mix."""

    mix: Mix
    problem: str | None
    """Why it failed, one line; None: it can be painted."""


class StyleLoader:
    """Loads one mix after the other; only the one wanted last is reported.

    Loading a style takes from a tenth of a second to several; in the thread that paints it would
    freeze the picture.
    """

    def __init__(self, preload: Callable[[Mix], None]) -> None:
        """`preload` loads a mix, in the loader's thread."""
        self._preload = preload
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load style")
        self._wanted: tuple[Mix, Future[None]] | None = None

    def want(self, mix: Mix) -> None:
        """Load `mix` next, in place of the one wanted before; loading under way is finished."""
        if self._wanted is not None:
            self._wanted[1].cancel()
        self._wanted = (mix, self._executor.submit(self._preload, mix))

    def load_ahead(self, mixes: Sequence[Mix]) -> None:
        """Load all of them in turn, so that choosing one later does not stall."""
        for mix in mixes:
            self._executor.submit(self._load_quietly, mix)

    def poll(self) -> Loaded | None:
        """Outcome of the mix wanted last, once; None while it is being loaded. Never waits."""
        if self._wanted is None or not self._wanted[1].done():
            return None
        mix, future = self._wanted
        self._wanted = None
        error = future.exception()
        if error is None:
            return Loaded(mix, None)
        log.warning("style left out: %s", error)  # engines raise types of their own
        return Loaded(mix, str(error).strip().split("\n")[0] or type(error).__name__)

    def close(self) -> None:
        """Wait for the loading under way, if any."""
        self._executor.shutdown(cancel_futures=True)

    def _load_quietly(self, mix: Mix) -> None:
        try:
            self._preload(mix)
        except Exception as error:  # engines raise types of their own; nobody asked for it yet
            log.warning("style not loaded: %s", error)

    def __enter__(self) -> StyleLoader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
