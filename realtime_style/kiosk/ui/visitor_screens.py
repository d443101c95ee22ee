"""The visitors' scenes: from a state to sprites and touch targets, without a window.

Everything that visitors have to reach is in the lower half of the screen. Letters that matter are
a twenty-fifth of its height or more, white on dark, legible at two metres.
"""

from __future__ import annotations

from realtime_style.display.geometry import Box, fitted_box
from realtime_style.display.sprites import DARK, Colour
from realtime_style.display.text import BOLD, text_width
from realtime_style.kiosk.state.model import (
    ChooseArtist,
    ChooseLanguage,
    Scene,
    SetStrength,
    State,
    Touch,
)
from realtime_style.kiosk.ui import host_screens, widgets
from realtime_style.kiosk.ui.layout import Props, SceneLayout, Target, tiled

_NOWHERE = Box(0, 0, 0, 0)


def lay_out(state: State, props: Props, now: float) -> SceneLayout:
    """The layout of this state. Images that have not changed since the last call are the same."""
    if state.covered:
        return _covered(state, props)
    match state.scene:
        case Scene.ATTRACT:
            return _attract(state, props)
        case Scene.LIVE:
            return _live(state, props)
        case Scene.COUNTDOWN:
            return _countdown(state, props, now)
        case Scene.FILMING:
            return _filming(state, props, now)
        case Scene.REVIEW:
            return _review(props)
        case Scene.CARD:
            return _card(state, props)
        case Scene.PIN:
            return host_screens.keypad(state, props, now)
        case Scene.MENU:
            return host_screens.menu(state, props)


def _attract(state: State, props: Props) -> SceneLayout:
    height, u = props.size_wh[1], props.unit
    screen = SceneLayout(props.video_box)
    _sign(screen, props)
    invite = _centred(props, 120 * u, height - 52 * u, 17 * u)
    screen.label(props.words("invite"), invite, 13 * u, weight=BOLD, shade=True)
    more = _centred(props, 90 * u, height - 34 * u, 9 * u)
    screen.label(props.words("invite_more"), more, 6 * u, shade=True)
    _artist(screen, state, props, _centred(props, 90 * u, height - 23 * u, 9 * u))
    if others := [words("invite") for words in props.languages if words.code != state.language]:
        line = _centred(props, 120 * u, height - 12 * u, 9 * u)
        screen.label(" · ".join(others), line, 5 * u, shade=True)
    return screen


def _live(state: State, props: Props) -> SceneLayout:
    (width, height), u = props.size_wh, props.unit
    screen = SceneLayout(props.video_box)
    sign = _sign(screen, props)
    name = Box(2 * u, sign.y + sign.height + u, min(90 * u, width - 4 * u), 8 * u)
    _artist(screen, state, props, name, align=0)
    side = 31 * u
    rows = 1 if width - side >= 12 * u * len(props.tiles) else 2
    bar = Box(0, height - 25 * u * rows, width - side, 25 * u * rows)
    screen.put(widgets.panel(width, bar.height), Box(0, bar.y, width, bar.height))
    for artist, box in enumerate(tiled(bar.inset(2 * u), len(props.tiles), rows, 17 * u, u)):
        tile = props.tiles.image(artist, box.width, box.height, chosen=artist == state.artist)
        screen.put(tile, box, ChooseArtist(artist))
    _shutters(screen, props, Box(width - side, height - 25 * u, side, 25 * u))
    languages = 14 * u * len(props.languages) + u
    slider = Box(2 * u, bar.y - 13 * u, min(80 * u, width - languages - 4 * u), 11 * u)
    _slider(screen, state, props, slider)
    _languages(screen, state, props, Box(width - languages, bar.y - 12 * u, 13 * u, 10 * u))
    return screen


def _shutters(screen: SceneLayout, props: Props, room: Box) -> None:
    u = props.unit
    shoot = Box(room.x + room.width - 18 * u, room.y + 4 * u, 15 * u, 15 * u)
    film = Box(room.x, room.y + 7 * u, 11 * u, 11 * u)
    screen.put(widgets.shutter(film.width, film=True), film, Touch.FILM)
    screen.put(widgets.shutter(shoot.width, film=False), shoot, Touch.SHOOT)
    under = Box(film.x - u, film.y + film.height + u, film.width + u, 5 * u)
    seconds = f"{props.rules.timing.film:g}"
    screen.label(props.words("film", seconds=seconds), under, 3 * u, lines=2)
    below = Box(shoot.x - 3 * u, shoot.y + shoot.height, shoot.width + 6 * u, 5 * u)
    screen.label(props.words("shoot"), below, 3 * u)


def _countdown(state: State, props: Props, now: float) -> SceneLayout:
    (width, height), u = props.size_wh, props.unit
    screen = SceneLayout(props.video_box)
    left = max(1, -int(-(state.since + props.rules.timing.countdown - now) // 1))
    number = Box(width // 2 - 30 * u, height // 2 - 32 * u, 60 * u, 50 * u)
    screen.label(str(left), number, 38 * u, weight=BOLD, shade=True)
    look = _centred(props, 100 * u, number.y + number.height + 3 * u, 10 * u)
    screen.label(props.words("look_here"), look, 7 * u, shade=True)
    _cancel(screen, props)
    _sign(screen, props)
    return screen


def _filming(state: State, props: Props, now: float) -> SceneLayout:
    (width, height), u = props.size_wh, props.unit
    screen = SceneLayout(props.video_box)
    done = min(1.0, max(0.0, (now - state.since) / props.rules.timing.film))
    rail = Box(8 * u, height - 24 * u, width - 16 * u, 3 * u)
    screen.put(widgets.panel(rail.width, rail.height), rail)
    part = max(1, round(rail.width * done))
    screen.put(widgets.panel(8, 8, widgets.RED, 1.0), Box(rail.x, rail.y, part, rail.height))
    _cancel(screen, props)
    _sign(screen, props)
    return screen


def _review(props: Props) -> SceneLayout:
    (width, height), u = props.size_wh, props.unit
    low = 34 * u
    room = Box(0, 8 * u, width, height - low - 9 * u)
    screen = SceneLayout(fitted_box(props.video_wh, room))
    _title(screen, props, "review", 8 * u)
    text = props.words("consent", time=props.kept_until)
    if not (props.recorded or props.shown_elsewhere):
        text += " " + props.words("consent_nowhere_else")
    consent = Box(4 * u, height - low, width - 8 * u, 13 * u)
    screen.label(text, consent, 4 * u, lines=3, passing=True)
    _two_buttons(
        screen, props, ("discard", widgets.GREY, Touch.DISCARD), ("keep", widgets.GREEN, Touch.KEEP)
    )
    _notice(screen, props)
    return screen


def _card(state: State, props: Props) -> SceneLayout:
    (width, height), u = props.size_wh, props.unit
    left = Box(3 * u, 10 * u, width * 6 // 10, height - 32 * u)
    screen = SceneLayout(_NOWHERE)
    _title(screen, props, "card", 9 * u)
    if props.card is not None:
        screen.put(props.card, fitted_box(props.card_wh, left))
    right = Box(left.x + left.width + 3 * u, left.y, width - left.width - 9 * u, left.height)
    words = props.words(
        "making" if props.card is None else "no_link" if props.take_home else "ask_host"
    )
    text = right
    if props.code is not None:
        side = min(right.width, round(right.height * 0.66))
        code = Box(right.x + (right.width - side) // 2, right.y, side, side)
        screen.put(props.code, code)
        text = Box(right.x, right.y + side + u, right.width, right.height - side - u)
        words = props.words("scan", time=props.until)
    screen.label(words, text, 4 * u, lines=6, passing=True)
    if props.rules.printing and not state.film:
        _two_buttons(
            screen, props, ("print", widgets.BLUE, Touch.PRINT), ("done", widgets.GREEN, Touch.DONE)
        )
    else:
        box = Box(width // 2 - 30 * u, height - 18 * u, 60 * u, 15 * u)
        screen.button(props.words("done"), box, widgets.GREEN, Touch.DONE)
    _notice(screen, props)
    return screen


def _title(screen: SceneLayout, props: Props, key: str, height: int) -> None:
    """The scene's title, or the sign of the camera where others can still see its picture."""
    if props.recorded or props.shown_elsewhere:
        _sign(screen, props)
        return
    box = Box(0, 0, props.size_wh[0], height)
    screen.label(props.words(key), box, 6 * props.unit, weight=BOLD)


def _centred(props: Props, width: int, y: int, height: int) -> Box:
    """A box in the middle of the screen, no wider than the screen."""
    width = min(width, props.size_wh[0] - 4 * props.unit)
    return Box((props.size_wh[0] - width) // 2, y, width, height)


def _covered(state: State, props: Props) -> SceneLayout:
    """The reason why there is no picture, in its place."""
    (width, height), u = props.size_wh, props.unit
    screen = SceneLayout(_NOWHERE)
    screen.put(widgets.panel(8, 8, DARK, 1.0), Box(0, 0, width, height))
    _corner(screen, props)
    key = "break" if state.on_break else "camera_lost"
    title = Box(4 * u, height // 2 - 16 * u, width - 8 * u, 16 * u)
    screen.label(props.words(key), title, 12 * u, weight=BOLD)
    more = Box(4 * u, title.y + title.height, width - 8 * u, 10 * u)
    screen.label(props.words(key + "_more"), more, 6 * u)
    return screen


def _corner(screen: SceneLayout, props: Props) -> None:
    """The hidden way to the host's menu."""
    side = 14 * props.unit
    screen.targets.append(Target(Box(0, 0, side, side), lambda x, y: Touch.CORNER))


def _sign(screen: SceneLayout, props: Props) -> Box:
    """The sign that the camera is on; returns its box.

    It is as wide as its words, which take two lines where the screen is narrower.
    """
    u = props.unit
    _corner(screen, props)
    about, size = _about_the_camera(props), 4 * u
    widest = props.size_wh[0] - 4 * u
    wanted = text_width(about, size) + size + 8 * u
    box = Box(2 * u, 2 * u, min(wanted, widest), 7 * u if wanted <= widest else 12 * u)
    screen.put(widgets.panel(box.width, box.height, radius=2 * u), box)
    text = Box(box.x + 6 * u, box.y, box.width - 7 * u, box.height)
    screen.label(about, text, size, align=0, lines=2)
    dot = Box(box.x + 2 * u, box.y + (box.height - 3 * u) // 2, 3 * u, 3 * u)
    screen.put(widgets.panel(dot.width, dot.height, widgets.RED, 1.0, dot.height // 2), dot)
    return box


def _about_the_camera(props: Props) -> str:
    keys = ["camera_on", "camera_recorded" if props.recorded else "camera_keeps_nothing"]
    return " ".join(
        props.words(key) for key in [*keys, *(["camera_shown"] if props.shown_elsewhere else [])]
    )


def _artist(screen: SceneLayout, state: State, props: Props, box: Box, align: float = 0.5) -> None:
    """The artist in whose manner the picture is painted."""
    artist = props.artists[state.artist]
    words = props.words("manner", artist=artist.name)
    words += f", {artist.year}" if artist.year else ""
    screen.label(words, box, 5 * props.unit, align=align, shade=True)


def _slider(screen: SceneLayout, state: State, props: Props, box: Box) -> None:
    words = props.words("photograph"), props.words("painting")
    image = widgets.slider(*words, round(state.strength * 50) * 20, box.width, box.height)
    screen.put(image, box)
    screen.targets.append(
        Target(box, lambda x, y: SetStrength(widgets.slider_share(box, x)), follows=True)
    )


def _languages(screen: SceneLayout, state: State, props: Props, first: Box) -> None:
    if len(props.languages) < 2:
        return
    for number, words in enumerate(props.languages):
        x = first.x + number * (first.width + props.unit)
        colour = widgets.BLUE if words.code == state.language else DARK
        box = Box(x, first.y, first.width, first.height)
        screen.button(words.code.upper(), box, colour, ChooseLanguage(words.code))


def _cancel(screen: SceneLayout, props: Props) -> None:
    (width, height), u = props.size_wh, props.unit
    box = Box(width // 2 - 25 * u, height - 16 * u, 50 * u, 13 * u)
    screen.button(props.words("cancel"), box, widgets.GREY, Touch.CANCEL)


def _two_buttons(
    screen: SceneLayout,
    props: Props,
    left: tuple[str, Colour, Touch],
    right: tuple[str, Colour, Touch],
) -> None:
    (width, height), u = props.size_wh, props.unit
    wide = min(70 * u, width // 2 - 4 * u)
    for x, (key, colour, touch) in ((width // 2 - wide - 2 * u, left), (width // 2 + 2 * u, right)):
        screen.button(props.words(key), Box(x, height - 18 * u, wide, 15 * u), colour, touch)


def _notice(screen: SceneLayout, props: Props) -> None:
    if not props.notice:
        return
    (width, height), u = props.size_wh, props.unit
    half = min(60 * u, width // 2)
    box = Box(width // 2 - half, height // 2 - 8 * u, 2 * half, 16 * u)
    screen.label(props.words(props.notice), box, 6 * u, lines=2, shade=True)
