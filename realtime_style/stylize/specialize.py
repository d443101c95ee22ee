"""What stays as it is gets faster: a stream painted in one style for a while is worth some preparation.

A style file blends its styles anew for each frame, as they may be other ones in the next. An engine that knows that they stay
can do that once; it takes a tenth of a second, which must not hold up the picture.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Literal

log = logging.getLogger(__name__)

SpecializeMode = Literal["behind", "at once", "never"]
"""When what stays is prepared for: in a thread behind the painting, in between two frames, or never."""

SPECIALIZE_AFTER = 8
"""Frames painted alike, one after the other, that say that more will follow: a cross-fade is over, a slider let go."""


class Specializer:
    """Tells after each frame whether the next ones will be like it, and has that prepared."""

    def __init__(self, *, behind: bool = True) -> None:
        """`behind`: in a thread of its own; else at once, in the one that paints."""
        self._behind = behind
        self._how: object = None
        self._alike = 0
        self._specialized_on: object = None
        self._thread: threading.Thread | None = None
        self._over = False

    def painted(self, how: object, specialize: Callable[[], None]) -> None:
        """A frame was painted as `how` says, anything that can be compared; `settle` prepares for more of them."""
        self._alike = self._alike + 1 if how == self._how else 1
        self._how = how
        if self._alike < SPECIALIZE_AFTER or how == self._specialized_on or self._over:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        if self._behind:
            self._specialized_on = how
            thread = threading.Thread(target=self._run, args=(specialize,), name="specialize style")
            try:
                thread.start()
            except RuntimeError as error:  # no more threads on this system
                self._give_up(error)
            else:
                self._thread = thread
        else:
            self.specialize_now(how, specialize)

    def specialize_now(self, how: object, specialize: Callable[[], None]) -> None:
        """Prepare for frames painted like that without having seen any."""
        self._specialized_on = how
        self._run(specialize)

    def _run(self, specialize: Callable[[], None]) -> None:
        try:
            specialize()
        except Exception as error:  # of any kind: the frames are painted without it, too
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._over = True
        log.warning("painting does not get faster as it goes on: %s", error)

    def close(self) -> None:
        """Wait for what is being prepared, if anything; nothing is from now on."""
        self._over = True
        if self._thread is not None:
            self._thread.join()
