"""What the host sees: a keypad for the PIN, and the menu."""

from __future__ import annotations

from realtime_style.kiosk.state.model import Digit, Event, Host, State, Touch
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Props, SceneLayout, tiled, unit
from realtime_style.kiosk.ui.text import BOLD, Box


def keypad(state: State, props: Props, now: float) -> SceneLayout:
    """Digits, and dots for those that were typed."""
    width, height = props.size_wh
    u = unit(props)
    screen = _dark(props)
    title = Box(0, 4 * u, width, 12 * u)
    locked = state.locked_until - now
    words = (
        props.words("host_locked", seconds=round(locked))
        if locked > 0
        else "●" * len(state.pin) or props.words("host_pin")
    )
    screen.put(
        widgets.passing_label(words, width, title.height, 8 * u, weight=BOLD, shade=False), title
    )
    room = Box((width - 78 * u) // 2, 18 * u, 78 * u, height - 22 * u)
    keys: list[tuple[str, Event]] = [(digit, Digit(digit)) for digit in "123456789"]
    keys += [("←", Touch.PIN_BACK), ("0", Digit("0")), ("OK", Touch.PIN_DONE)]
    for (name, event), box in zip(keys, tiled(room, len(keys), 4, 24 * u, 2 * u), strict=True):
        screen.put(widgets.button(name, box.width, box.height, widgets.GREY), box, event)
    return screen


def menu(state: State, props: Props) -> SceneLayout:
    """What the host can do, and how it goes."""
    width, height = props.size_wh
    u = unit(props)
    screen = _dark(props)
    for number, line in enumerate(props.status):
        box = Box(4 * u, (3 + 6 * number) * u, width - 8 * u, 6 * u)
        screen.put(
            widgets.passing_label(line, box.width, box.height, 4 * u, align=0, shade=False), box
        )
    choices = [
        ("host_resume" if state.on_break else "host_pause", widgets.BLUE, Host.PAUSE),
        ("host_next", widgets.BLUE, Host.NEXT_ARTIST),
        ("host_restart", widgets.GREY, Host.RESTART),
        ("host_quit", widgets.RED, Host.QUIT),
        ("host_leave", widgets.GREEN, Host.LEAVE),
    ]
    wide = min(90 * u, width - 8 * u)
    for number, (key, colour, event) in enumerate(choices):
        box = Box(
            (width - wide) // 2, height - (len(choices) - number) * 13 * u - 2 * u, wide, 11 * u
        )
        screen.put(widgets.button(props.words(key), box.width, box.height, colour), box, event)
    return screen


def _dark(props: Props) -> SceneLayout:
    screen = SceneLayout(Box(0, 0, 0, 0))
    screen.put(widgets.panel(8, 8, widgets.DARK, 1.0), Box(0, 0, *props.size_wh))
    return screen
