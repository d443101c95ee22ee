"""What each scene looks like, and what a touch means there: from a state to images and places, without a window.

All that a visitor must reach lies in the lower half of the screen; letters that matter are a twenty-fifth of its height or
more, white on dark, readable at two metres.
"""

from __future__ import annotations

from realtime_style.kiosk.state.model import (
    ChooseArtist,
    ChooseLanguage,
    Scene,
    SetStrength,
    State,
    Touch,
)
from realtime_style.kiosk.ui import host_screens, widgets
from realtime_style.kiosk.ui.layout import Props, SceneLayout, Target, covering, inside, tiled, unit
from realtime_style.kiosk.ui.text import BOLD, Box, text_width


def lay_out(state: State, props: Props, now: float) -> SceneLayout:
    """The screen of this state. Call it for every frame: images that have not changed are the same objects."""
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
    height = props.size_wh[1]
    u = unit(props)
    screen = SceneLayout(covering(props))
    _sign(screen, props)
    invite = _centred(props, 120 * u, height - 52 * u, 17 * u)
    screen.put(
        widgets.label(props.words("invite"), invite.width, invite.height, 13 * u, weight=BOLD),
        invite,
    )
    more = _centred(props, 90 * u, height - 34 * u, 9 * u)
    screen.put(widgets.label(props.words("invite_more"), more.width, more.height, 6 * u), more)
    _manner(screen, state, props, _centred(props, 90 * u, height - 23 * u, 9 * u))
    if others := [words("invite") for words in props.languages if words.code != state.language]:
        line = _centred(props, 120 * u, height - 12 * u, 9 * u)
        screen.put(widgets.label(" · ".join(others), line.width, line.height, 5 * u), line)
    return screen


def _live(state: State, props: Props) -> SceneLayout:
    width, height = props.size_wh
    u = unit(props)
    screen = SceneLayout(covering(props))
    sign = _sign(screen, props)
    _manner(
        screen,
        state,
        props,
        Box(2 * u, sign.y + sign.height + u, min(90 * u, width - 4 * u), 8 * u),
    )
    side = 31 * u
    rows = 1 if width - side >= 12 * u * len(props.tiles) else 2
    bar = Box(0, height - 25 * u * rows, width - side, 25 * u * rows)
    screen.put(widgets.panel(width, bar.height), Box(0, bar.y, width, bar.height))
    for artist, box in enumerate(tiled(bar.inset(2 * u), len(props.tiles), rows, 17 * u, u)):
        screen.put(
            props.tiles.image(artist, box.width, box.height, chosen=artist == state.artist),
            box,
            ChooseArtist(artist),
        )
    buttons = Box(width - side, height - 25 * u, side, 25 * u)
    shoot = Box(buttons.x + side - 18 * u, buttons.y + 4 * u, 15 * u, 15 * u)
    film = Box(buttons.x, buttons.y + 7 * u, 11 * u, 11 * u)
    screen.put(widgets.shutter(film.width, film=True), film, Touch.FILM)
    screen.put(widgets.shutter(shoot.width, film=False), shoot, Touch.SHOOT)
    under = Box(film.x - u, film.y + film.height + u, film.width + u, 5 * u)
    seconds = f"{props.rules.timing.film:g}"
    screen.put(
        widgets.label(
            props.words("film", seconds=seconds),
            under.width,
            under.height,
            3 * u,
            lines=2,
            shade=False,
        ),
        under,
    )
    below = Box(shoot.x - 3 * u, shoot.y + shoot.height, shoot.width + 6 * u, 5 * u)
    screen.put(
        widgets.label(props.words("shoot"), below.width, below.height, 3 * u, shade=False), below
    )
    languages = 14 * u * len(props.languages) + u
    _slider(
        screen,
        state,
        props,
        Box(2 * u, bar.y - 13 * u, min(80 * u, width - languages - 4 * u), 11 * u),
    )
    _languages(screen, state, props, Box(width - languages, bar.y - 12 * u, 13 * u, 10 * u))
    return screen


def _countdown(state: State, props: Props, now: float) -> SceneLayout:
    width, height = props.size_wh
    u = unit(props)
    screen = SceneLayout(covering(props))
    left = max(1, -int(-(state.since + props.rules.timing.countdown - now) // 1))
    number = Box(width // 2 - 25 * u, height // 2 - 32 * u, 50 * u, 50 * u)
    screen.put(widgets.label(str(left), number.width, number.height, 38 * u, weight=BOLD), number)
    look = _centred(props, 100 * u, number.y + number.height + 3 * u, 10 * u)
    screen.put(widgets.label(props.words("look_here"), look.width, look.height, 7 * u), look)
    _cancel(screen, props)
    _sign(screen, props)
    return screen


def _filming(state: State, props: Props, now: float) -> SceneLayout:
    width, height = props.size_wh
    u = unit(props)
    screen = SceneLayout(covering(props))
    done = min(1.0, max(0.0, (now - state.since) / props.rules.timing.film))
    rail = Box(8 * u, height - 24 * u, width - 16 * u, 3 * u)
    screen.put(widgets.panel(rail.width, rail.height), rail)
    part = max(1, round(rail.width * done))
    screen.put(widgets.panel(8, 8, widgets.RED, 1.0), Box(rail.x, rail.y, part, rail.height))
    _cancel(screen, props)
    _sign(screen, props)
    return screen


def _review(props: Props) -> SceneLayout:
    width, height = props.size_wh
    u = unit(props)
    low = 34 * u
    screen = SceneLayout(inside(Box(0, 8 * u, width, height - low - 9 * u), props.video_wh))
    _title(screen, props, "review", 8 * u)
    consent = Box(4 * u, height - low, width - 8 * u, 13 * u)
    text = props.words("consent", time=props.kept_until)
    if not (props.recorded or props.shown_elsewhere):
        text += " " + props.words("consent_nowhere_else")
    screen.put(
        widgets.passing_label(text, consent.width, consent.height, 4 * u, lines=3, shade=False),
        consent,
    )
    _two_buttons(
        screen, props, ("discard", widgets.GREY, Touch.DISCARD), ("keep", widgets.GREEN, Touch.KEEP)
    )
    _notice(screen, props)
    return screen


def _card(state: State, props: Props) -> SceneLayout:
    width, height = props.size_wh
    u = unit(props)
    left = Box(3 * u, 10 * u, width * 6 // 10, height - 32 * u)
    screen = SceneLayout(Box(0, 0, 0, 0))
    _title(screen, props, "card", 9 * u)
    if props.card is not None:
        screen.put(props.card, inside(left, props.card_wh))
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
    screen.put(
        widgets.passing_label(words, text.width, text.height, 4 * u, lines=6, shade=False), text
    )
    if props.rules.printing and not state.film:
        _two_buttons(
            screen, props, ("print", widgets.BLUE, Touch.PRINT), ("done", widgets.GREEN, Touch.DONE)
        )
    else:
        box = Box(width // 2 - 30 * u, height - 18 * u, 60 * u, 15 * u)
        screen.put(
            widgets.button(props.words("done"), box.width, box.height, widgets.GREEN),
            box,
            Touch.DONE,
        )
    _notice(screen, props)
    return screen


def _title(screen: SceneLayout, props: Props, key: str, height: int) -> None:
    """What the screen is about; but where the camera is on meanwhile for others to see, that is what has to be said."""
    if props.recorded or props.shown_elsewhere:
        _sign(screen, props)
        return
    box = Box(0, 0, props.size_wh[0], height)
    screen.put(
        widgets.label(
            props.words(key), box.width, box.height, 6 * unit(props), weight=BOLD, shade=False
        ),
        box,
    )


def _centred(props: Props, width: int, y: int, height: int) -> Box:
    """A box in the middle of the screen, no wider than it."""
    width = min(width, props.size_wh[0] - 4 * unit(props))
    return Box((props.size_wh[0] - width) // 2, y, width, height)


def _covered(state: State, props: Props) -> SceneLayout:
    """In the place of a picture: why there is none."""
    width, height = props.size_wh
    u = unit(props)
    screen = SceneLayout(Box(0, 0, 0, 0))
    screen.put(widgets.panel(8, 8, widgets.DARK, 1.0), Box(0, 0, width, height))
    screen.targets.append(Target(Box(0, 0, 14 * u, 14 * u), lambda x, y: Touch.CORNER))
    key = "break" if state.on_break else "camera_lost"
    title = Box(4 * u, height // 2 - 16 * u, width - 8 * u, 16 * u)
    screen.put(
        widgets.label(
            props.words(key), title.width, title.height, 12 * u, weight=BOLD, shade=False
        ),
        title,
    )
    more = Box(4 * u, title.y + title.height, width - 8 * u, 10 * u)
    screen.put(
        widgets.label(props.words(key + "_more"), more.width, more.height, 6 * u, shade=False), more
    )
    return screen


def _sign(screen: SceneLayout, props: Props) -> Box:
    """The sign that the camera is on, as wide as its words; on two lines where the screen is narrower. Where it lies."""
    u = unit(props)
    screen.targets.append(
        Target(Box(0, 0, 14 * u, 14 * u), lambda x, y: Touch.CORNER)
    )  # the way to the host's menu
    about, size = _about_the_camera(props), 4 * u
    widest = props.size_wh[0] - 4 * u
    wanted = text_width(about, size) + size + 8 * u
    box = Box(2 * u, 2 * u, min(wanted, widest), 7 * u if wanted <= widest else 12 * u)
    screen.put(widgets.panel(box.width, box.height, radius=2 * u), box)
    text = Box(box.x + 6 * u, box.y, box.width - 7 * u, box.height)
    screen.put(
        widgets.label(about, text.width, text.height, size, align=0, lines=2, shade=False), text
    )
    dot = Box(box.x + 2 * u, box.y + (box.height - 3 * u) // 2, 3 * u, 3 * u)
    screen.put(widgets.panel(dot.width, dot.height, widgets.RED, 1.0, dot.height // 2), dot)
    return box


def _about_the_camera(props: Props) -> str:
    keys = ["camera_on", "camera_recorded" if props.recorded else "camera_keeps_nothing"]
    return " ".join(
        props.words(key) for key in [*keys, *(["camera_shown"] if props.shown_elsewhere else [])]
    )


def _manner(screen: SceneLayout, state: State, props: Props, box: Box) -> None:
    artist = props.artists[state.artist]
    words = props.words("manner", artist=artist.name) + (f", {artist.year}" if artist.year else "")
    screen.put(widgets.label(words, box.width, box.height, 5 * unit(props)), box)


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
        box = Box(
            first.x + number * (first.width + unit(props)), first.y, first.width, first.height
        )
        colour = widgets.BLUE if words.code == state.language else widgets.DARK
        screen.put(
            widgets.button(words.code.upper(), box.width, box.height, colour),
            box,
            ChooseLanguage(words.code),
        )


def _cancel(screen: SceneLayout, props: Props) -> None:
    width, height = props.size_wh
    u = unit(props)
    box = Box(width // 2 - 25 * u, height - 16 * u, 50 * u, 13 * u)
    screen.put(
        widgets.button(props.words("cancel"), box.width, box.height, widgets.GREY),
        box,
        Touch.CANCEL,
    )


def _two_buttons(
    screen: SceneLayout, props: Props, *buttons: tuple[str, tuple[int, int, int], Touch]
) -> None:
    width, height = props.size_wh
    u = unit(props)
    wide = min(70 * u, width // 2 - 4 * u)
    for side, (key, colour, touch) in zip((-1, 1), buttons, strict=True):
        box = Box(
            width // 2 + (2 * u if side > 0 else -wide - 2 * u), height - 18 * u, wide, 15 * u
        )
        screen.put(widgets.button(props.words(key), box.width, box.height, colour), box, touch)


def _notice(screen: SceneLayout, props: Props) -> None:
    if not props.notice:
        return
    width, height = props.size_wh
    u = unit(props)
    box = Box(
        width // 2 - min(60 * u, width // 2), height // 2 - 8 * u, min(120 * u, width), 16 * u
    )
    screen.put(widgets.label(props.words(props.notice), box.width, box.height, 6 * u, lines=2), box)
