"""Names of keys, and the way of a finger."""

from __future__ import annotations

import pygame
import pytest

from realtime_style.display.inputs import (
    NAMES,
    CloseAsked,
    Drag,
    Input,
    InputReader,
    Key,
    Press,
    Release,
)
from realtime_style.webcam.controls import KEYS


def read(*events: pygame.event.Event) -> list[Input | None]:
    reader = InputReader()
    return [reader.read(event, lambda point: (2 * point[0], 2 * point[1])) for event in events]


def key(constant: int, typed: str = "", scancode: int = 0) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=constant, unicode=typed, scancode=scancode, mod=0)


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        (key(pygame.K_q, "q"), Key("q")),
        (key(pygame.K_q, "Q"), Key("q")),
        (key(pygame.K_LEFT), Key("left")),
        (key(pygame.K_ESCAPE, "\x1b"), Key("esc")),
        (key(pygame.K_RETURN, "\r"), Key("enter")),
        (key(pygame.K_KP_ENTER, "\r"), Key("enter")),
        (key(pygame.K_SPACE, " "), Key("space")),
        (key(pygame.K_F11), Key("f11")),
        (key(pygame.K_EQUALS, "+"), Key("+")),  # US with Shift
        (key(pygame.K_8, "[", pygame.KSCAN_8), Key("[", "8")),  # German with AltGr
        (key(pygame.K_KP7), Key("7", "7")),  # without Num Lock
        (key(pygame.K_3, "3", pygame.KSCAN_3), Key("3", "3")),
        (key(pygame.K_LSHIFT), None),
        (key(pygame.K_c, "\x03"), None),  # with Ctrl
    ],
)
def test_key_is_named_by_what_it_types(event: pygame.event.Event, heard: Key | None) -> None:
    assert read(event) == [heard]


@pytest.mark.parametrize(("sign", "digit"), [("&", 1), ("é", 2), ("à", 0), ("-", 6)])
def test_upper_row_of_a_french_keyboard_has_digits(sign: str, digit: int) -> None:
    event = key(ord(sign), sign, getattr(pygame, f"KSCAN_{digit}"))
    assert read(event) == [Key(sign, str(digit))]


def test_all_keys_of_the_live_window_have_names_that_exist() -> None:
    names = {*NAMES.values()}
    for line in KEYS:
        assert all(len(name) == 1 or name in names for name in line.keys)


def test_finger_presses_drags_and_lifts_in_pixels() -> None:
    down = pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=(10, 20), touch=True)
    move = pygame.event.Event(pygame.MOUSEMOTION, pos=(11, 22), touch=True)
    up = pygame.event.Event(pygame.MOUSEBUTTONUP, button=1, pos=(11, 22), touch=True)
    assert read(move, down, move, up, move) == [None, Press(20, 40), Drag(22, 44), Release(), None]


def test_other_buttons_and_the_wheel_do_nothing() -> None:
    for button in (2, 3, 4, 5):
        down = pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=button, pos=(1, 1), touch=False)
        assert read(down) == [None]


def test_request_to_close_is_reported() -> None:
    assert read(pygame.event.Event(pygame.QUIT)) == [CloseAsked()]
