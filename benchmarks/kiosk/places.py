"""Places to touch on the kiosk's screens, from its own layout."""

from __future__ import annotations

from functools import cache

from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.config.schema import ScreenSettings
from realtime_style.kiosk.state.model import Event, Rules, Scene, State
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Artist, Props
from realtime_style.kiosk.ui.visitor_screens import lay_out
from realtime_style.styles.catalog import list_styles


@cache
def place(event: Event, scene: Scene, size_wh: tuple[int, int]) -> tuple[int, int]:
    """The middle of what means `event` on a screen of this size, in px.

    For a kiosk with all styles that are there, the default languages and no printer. Raises
    ValueError when nothing on that screen means it.
    """
    settings, catalogues = ScreenSettings(), load_catalogues()
    artists = [Artist(style.info.artist, style.info.year) for style in list_styles()]
    props = Props(
        size_wh=size_wh,
        video_wh=(640, 480),
        words=catalogues[settings.language],
        languages=[catalogues[code] for code in settings.languages],
        tiles=widgets.Tiles([(None, artist.surname, artist.year) for artist in artists]),
        artists=artists,
        rules=Rules(len(artists)),
    )
    for target in lay_out(State(scene), props, 0.0).targets:
        box = target.box
        x, y = box.x + box.width // 2, box.y + box.height // 2
        if target.event(x, y) == event:
            return x, y
    raise ValueError(f"nothing in {scene.name} means {event}; try another scene")
