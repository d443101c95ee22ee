"""The host's scenes: a keypad for the PIN, and the menu."""

from __future__ import annotations

from realtime_style.display.geometry import Box
from realtime_style.display.sprites import DARK
from realtime_style.display.text import BOLD
from realtime_style.kiosk.state.model import Digit, Event, Host, State, Touch
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Props, SceneLayout, tiled


def keypad(state: State, props: Props, now: float) -> SceneLayout:
    """Digits to touch, and a dot for each that was typed."""
    (width, height), u = props.size_wh, props.unit
    screen = _dark(props)
    locked = state.locked_until - now
    words = (
        props.words("host_locked", seconds=round(locked))
        if locked > 0
        else "●" * len(state.pin) or props.words("host_pin")
    )
    screen.label(words, Box(0, 4 * u, width, 12 * u), 8 * u, weight=BOLD, passing=True)
    room = Box((width - 78 * u) // 2, 18 * u, 78 * u, height - 22 * u)
    keys: list[tuple[str, Event]] = [(digit, Digit(digit)) for digit in "123456789"]
    keys += [("←", Touch.PIN_BACK), ("0", Digit("0")), ("OK", Touch.PIN_DONE)]
    for (name, event), box in zip(keys, tiled(room, len(keys), 4, 24 * u, 2 * u), strict=True):
        screen.button(name, box, widgets.GREY, event)
    return screen


def menu(state: State, props: Props) -> SceneLayout:
    """The host's choices, and the status of the kiosk."""
    (width, height), u = props.size_wh, props.unit
    screen = _dark(props)
    for number, line in enumerate(props.status):
        box = Box(4 * u, (3 + 6 * number) * u, width - 8 * u, 6 * u)
        screen.label(line, box, 4 * u, align=0, passing=True)
    choices = [
        ("host_resume" if state.on_break else "host_pause", widgets.BLUE, Host.PAUSE),
        ("host_next", widgets.BLUE, Host.NEXT_ARTIST),
        ("host_restart", widgets.GREY, Host.RESTART),
        ("host_quit", widgets.RED, Host.QUIT),
        ("host_leave", widgets.GREEN, Host.LEAVE),
    ]
    wide = min(90 * u, width - 8 * u)
    for number, (key, colour, event) in enumerate(choices):
        y = height - (len(choices) - number) * 13 * u - 2 * u
        screen.button(props.words(key), Box((width - wide) // 2, y, wide, 11 * u), colour, event)
    return screen


def _dark(props: Props) -> SceneLayout:
    screen = SceneLayout(Box(0, 0, 0, 0))
    screen.put(widgets.panel(8, 8, DARK, 1.0), Box(0, 0, *props.size_wh))
    return screen
