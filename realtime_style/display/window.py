"""A window for programs of a few lines."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from realtime_style.display.display import Display
from realtime_style.display.geometry import Fit
from realtime_style.display.inputs import CloseAsked, Key
from realtime_style.frames import Frame, check_frame


class Window:
    """A window that shows the last frame written to it, its shape kept, black beside it.

    Raises DisplayUnavailable where no window can be opened. Call `poll_key` once per frame: it
    keeps the window alive. When a person closes the window `closed` becomes True and further
    frames are ignored.
    """

    def __init__(self, title: str, *, fullscreen: bool = False, fit: Fit = "contain") -> None:
        """`fit` "cover" fills the window with the picture and cuts its edges off."""
        self._display = Display(title, fullscreen=fullscreen)
        self._fit: Fit = fit
        self._keys: deque[str] = deque()
        self._closed = False

    def write(self, frame: Frame) -> None:
        """Show a frame, (H, W, 3) uint8 BGR."""
        check_frame(frame)
        if not self._closed:
            self._display.show(frame, self._fit)

    def poll_key(self, wait_ms: int = 0) -> str | None:
        """The next key that was pressed, waited for up to `wait_ms` milliseconds; None for none.

        A key is the character it types, letters always small, or a name such as ``left``,
        ``space``, ``esc``, ``enter`` or ``f11``. No key is lost: those pressed meanwhile come one
        by one.
        """
        if not self._closed:
            for heard in self._display.inputs(0 if self._keys else wait_ms / 1000):
                if isinstance(heard, Key) and heard.name:
                    self._keys.append(heard.name)
                elif isinstance(heard, CloseAsked):
                    self.close()
                    break
        return self._keys.popleft() if self._keys else None

    @property
    def closed(self) -> bool:
        """True once it was closed, by a person or by `close`."""
        return self._closed

    @property
    def fullscreen(self) -> bool:
        """True while it fills the screen."""
        return self._display.fullscreen

    def set_fullscreen(self, on: bool) -> None:
        """Fill the screen, or be a window again."""
        if not self._closed:
            self._display.set_fullscreen(on)

    def close(self) -> None:
        """Close the window; further calls do nothing."""
        self._closed = True
        self._keys.clear()
        self._display.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
