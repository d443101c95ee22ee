"""The display: one window that shows a picture and sprites, and reports keys and touches.

Everything here belongs to one thread, the main one: window systems insist.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from realtime_style.display.canvas import icon, open_canvas
from realtime_style.display.driver import close_driver, open_driver
from realtime_style.display.geometry import Box, Fit, fitted_box
from realtime_style.display.inputs import Input, InputReader
from realtime_style.display.sprites import Sprite
from realtime_style.errors import DisplayUnavailable
from realtime_style.frames import Frame

_POINTER_S = 3.0  # a mouse that was moved is visible for so long
_SHARE = 0.8  # of the screen that a new window takes at most
_LEAST = 640  # px on the longer side of a new window, for text to be legible


class Display:
    """A window, or the whole screen. Raises DisplayUnavailable. One at a time."""

    def __init__(
        self,
        title: str,
        *,
        fullscreen: bool = False,
        size_wh: tuple[int, int] | None = None,
        monitor: int = 0,
        vsync: bool = True,
    ) -> None:
        """Open on this monitor, 0 being the first.

        A full screen is black until the first picture. A window appears with it, in `size_wh` or,
        if None, in the picture's size as far as the screen has room. `vsync` shows pictures when
        the screen is refreshed, where there is a graphics chip.
        """
        open_driver()
        import pygame

        self._pygame = pygame
        desktops = pygame.display.get_desktop_sizes()
        if not 0 <= monitor < len(desktops):
            close_driver()
            sizes = ", ".join(f"{n}: {w}x{h}" for n, (w, h) in enumerate(desktops))
            raise DisplayUnavailable(f"no monitor {monitor}; there are {sizes}")
        self._title, self._fullscreen, self._desktop_wh = title, fullscreen, desktops[monitor]
        self._place = (pygame.WINDOWPOS_CENTERED | monitor,) * 2  # SDL's code for a monitor
        self._window_wh = size_wh
        self._visible = False
        self._window: Any = None
        try:
            self._window, self._canvas = open_canvas(self._open, vsync)
        except pygame.error as error:
            close_driver()
            raise DisplayUnavailable(
                f"no window: {error}; check the graphics driver, or try SDL_RENDER_DRIVER=software"
            ) from error
        self._inputs = InputReader()
        self._pointer_until = float("-inf")
        pygame.mouse.set_visible(False)
        pygame.display.set_allow_screensaver(False)
        if fullscreen:
            self.show(None)

    def _open(self) -> Any:
        """A window that is not visible yet, with an icon in place of pygame's.

        A full screen has its size from the start: without a window manager nobody would give it.
        """
        window = self._pygame.Window(
            self._title,
            size=self._desktop_wh if self._fullscreen else self._window_wh or (_LEAST, _LEAST),
            position=self._place,
            fullscreen_desktop=self._fullscreen,
            hidden=True,
            resizable=True,
            allow_high_dpi=True,
        )
        window.set_icon(icon())
        return window

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height, px of the screen."""
        return self._canvas.size_wh

    @property
    def fullscreen(self) -> bool:
        """True while it fills the screen."""
        return self._fullscreen

    def set_fullscreen(self, on: bool) -> None:
        """Fill the screen, or be a window again."""
        if on == self._fullscreen:
            return
        self._fullscreen = on
        if on:
            self._window.set_fullscreen(True)
        else:
            self._window.set_windowed()
            self._window.size = self._window_wh or self._desktop_wh
            self._window.position = self._place

    def show(
        self,
        picture: Frame | None,
        place: Box | Fit = "contain",
        sprites: Sequence[Sprite] = (),
    ) -> None:
        """Put the picture, (H, W, 3) uint8 BGR, into its place, sprites above it, black elsewhere.

        `place` is a box in px, or how the picture fits the whole window. Raises DisplayUnavailable
        when the driver no longer draws; the screen would stay black.
        """
        self._pygame.event.pump()  # a window that has been resized is drawn at its new size
        if picture is not None:
            self._fit_window((picture.shape[1], picture.shape[0]))
        if not self._visible:
            self._window.show()
            self._visible = True
        with self._drawing():
            if isinstance(place, str):
                screen = Box(0, 0, *self.size_wh)
                size_wh = (picture.shape[1], picture.shape[0]) if picture is not None else (1, 1)
                place = fitted_box(size_wh, screen, place)
            self._canvas.draw(picture, place, sprites)

    def inputs(self, wait_s: float = 0.0) -> list[Input]:
        """All keys, clicks and touches since the last call, in their order.

        Waits up to `wait_s` seconds for the first. Call it once per frame: it also keeps the window
        alive and hides a pointer that rests.
        """
        pygame = self._pygame
        events = pygame.event.get()
        if not events and wait_s > 0:
            events = [pygame.event.wait(max(1, round(wait_s * 1000))), *pygame.event.get()]
        found = []
        for event in events:
            if event.type in (pygame.MOUSEMOTION, pygame.MOUSEBUTTONDOWN):
                by_hand = not event.touch
                self._pointer_until = time.perf_counter() + _POINTER_S if by_hand else float("-inf")
            elif event.type in (pygame.RENDER_TARGETS_RESET, pygame.RENDER_DEVICE_RESET):
                self._canvas.forget()
            if (heard := self._inputs.read(event, self._to_px)) is not None:
                found.append(heard)
        pygame.mouse.set_visible(time.perf_counter() < self._pointer_until)
        return found

    def close(self) -> None:
        """Give the screen back. Further calls do nothing."""
        if self._window is None:
            return
        self._canvas.forget()
        del self._canvas  # its renderer goes before its window
        self._window.destroy()
        self._window = None
        close_driver()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _fit_window(self, size_wh: tuple[int, int]) -> None:
        """Give a new window the size for pictures of this size."""
        if self._window_wh is not None:
            return
        self._window_wh = window_size(size_wh, self._desktop_wh)
        if not self._fullscreen:
            self._window.size = self._window_wh
            self._window.position = self._place

    def _to_px(self, point: tuple[int, int]) -> tuple[int, int]:
        """Pixels from window coordinates, which are larger on screens of high density."""
        (width, height), (wide, high) = self.size_wh, self._window.size
        return point[0] * width // max(1, wide), point[1] * height // max(1, high)

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        try:
            yield
        except self._pygame.error as error:
            raise DisplayUnavailable(
                f"the screen no longer shows pictures: {error}; check the graphics driver"
            ) from error


def window_size(size_wh: tuple[int, int], desktop_wh: tuple[int, int]) -> tuple[int, int]:
    """Size of a new window for pictures of this size, their shape kept: not tiny, not too large."""
    enlarged = max(1.0, _LEAST / max(size_wh))
    room = min(_SHARE * desktop / side for desktop, side in zip(desktop_wh, size_wh, strict=True))
    width, height = (max(1, round(side * min(enlarged, room))) for side in size_wh)
    return width, height
