"""Keys, clicks and touches, and the one table of key names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Press:
    """A finger or the left mouse button went down, px."""

    x: int
    y: int


@dataclass(frozen=True)
class Drag:
    """It moved while down, px."""

    x: int
    y: int


@dataclass(frozen=True)
class Release:
    """It went up."""


@dataclass(frozen=True)
class Key:
    """A key went down; a key that is held counts once."""

    name: str
    """The character it types, letters always small, or one of NAMES; empty if it has neither."""
    digit: str = ""
    """The digit that is printed on the key.

    The upper row of a French or Belgian keyboard types ``&é"'(`` where it shows digits.
    """


@dataclass(frozen=True)
class CloseAsked:
    """Somebody asked the window system to close the window."""


Input = Press | Drag | Release | Key | CloseAsked

NAMES = {
    "K_ESCAPE": "esc", "K_RETURN": "enter", "K_KP_ENTER": "enter", "K_SPACE": "space",
    "K_TAB": "tab", "K_BACKSPACE": "backspace", "K_DELETE": "delete",
    "K_LEFT": "left", "K_RIGHT": "right", "K_UP": "up", "K_DOWN": "down",
    "K_PAGEUP": "pageup", "K_PAGEDOWN": "pagedown", "K_HOME": "home", "K_END": "end",
    **{f"K_F{number}": f"f{number}" for number in range(1, 13)},
    **{f"K_KP{digit}": str(digit) for digit in range(10)},
}  # fmt: skip
"""Names of keys that type nothing, by their constants in pygame.

The number pad types digits whether Num Lock is on or not: a box of buttons may be wired to it.
"""


class InputReader:
    """Translates pygame's events; remembers whether a finger or button is down."""

    def __init__(self) -> None:
        import pygame

        self._pygame = pygame
        self._names = {getattr(pygame, constant): name for constant, name in NAMES.items()}
        self._digits = {getattr(pygame, f"KSCAN_{digit}"): str(digit) for digit in range(10)}
        self._down = False

    def read(self, event: Any, to_px: Callable[[tuple[int, int]], tuple[int, int]]) -> Input | None:
        """What an event means here, if anything; `to_px` turns window coordinates into pixels."""
        pygame = self._pygame
        match event.type:
            case pygame.MOUSEBUTTONDOWN if event.button == pygame.BUTTON_LEFT:
                self._down = True
                return Press(*to_px(event.pos))
            case pygame.MOUSEMOTION if self._down:
                return Drag(*to_px(event.pos))
            case pygame.MOUSEBUTTONUP if event.button == pygame.BUTTON_LEFT:
                self._down = False
                return Release()
            case pygame.KEYDOWN:
                return self._key(event)
            case pygame.QUIT:
                return CloseAsked()
        return None

    def _key(self, event: Any) -> Key | None:
        typed = event.unicode.lower() if event.unicode.isprintable() else ""
        name = self._names.get(event.key, typed)
        digit = self._digits.get(event.scancode, name if name in self._digits.values() else "")
        return Key(name, digit) if name or digit else None
