"""Scenes of the kiosk: the settings, the visit and the state put together for the layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from realtime_style.kiosk.config.i18n import Catalogue
from realtime_style.kiosk.config.schema import KioskSettings
from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.session import Visitor
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.state.model import Rules, Scene, State
from realtime_style.kiosk.supervision.stats import Status
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Artist, Props, SceneLayout
from realtime_style.kiosk.ui.visitor_screens import lay_out
from realtime_style.styles.mix import Mix


class Scenes:
    """Layouts and card texts in the language of the visit."""

    def __init__(
        self,
        settings: KioskSettings,
        rules: Rules,
        mixes: Sequence[Mix],
        languages: Mapping[str, Catalogue],
        store: PictureStore,
        visitor: Visitor,
        *,
        take_home: bool,
    ) -> None:
        """`mixes` are the artists to choose from, one style each; `take_home`: there are links."""
        self._settings, self._rules, self._languages = settings, rules, languages
        self._store, self._visitor, self._take_home = store, visitor, take_home
        infos = [mix[0][0].info for mix in mixes]
        self.artists = [Artist(info.artist or info.title or info.name, info.year) for info in infos]
        """The artists, in the order of `mixes`."""
        self._tiles = widgets.Tiles(
            [
                (info.swatch_frame(), artist.surname, artist.year)
                for info, artist in zip(infos, self.artists, strict=True)
            ]
        )

    def lay_out(
        self,
        state: State,
        *,
        size_wh: tuple[int, int],
        video_wh: tuple[int, int],
        status: Callable[[], Status],
        now: float,
    ) -> SceneLayout:
        """The scene for a screen of `size_wh` px and a picture of `video_wh` px."""
        words, visitor, settings = self._words(state), self._visitor, self._settings
        props = Props(
            size_wh=size_wh,
            video_wh=video_wh,
            words=words,
            languages=[self._languages[code] for code in settings.screen.languages],
            tiles=self._tiles,
            artists=self.artists,
            rules=self._rules,
            fit=settings.screen.fit,
            kept_until=self._store.until() if state.scene is Scene.REVIEW else "",
            take_home=self._take_home,
            recorded=settings.outputs.record is not None,
            shown_elsewhere=settings.outputs.shown_elsewhere,
            card=visitor.card,
            card_wh=visitor.card_wh,
            code=visitor.code,
            until=visitor.until,
            notice=visitor.notice,
            status=status().lines(words) if state.scene is Scene.MENU else (),
        )
        return lay_out(state, props, now)

    def card_text(self, state: State) -> CardText:
        """Text of the visitor's card."""
        words, card = self._words(state), self._settings.card
        artist = self.artists[self._visitor.artist]
        manner = words("manner", artist=artist.name) + (f", {artist.year}" if artist.year else "")
        wish = card.wish.get(words.code) or words("wish")
        date = words.date(datetime.now().date())
        return CardText(wish, manner[0].upper() + manner[1:], date, card.host)

    def _words(self, state: State) -> Catalogue:
        return self._languages[state.language]
