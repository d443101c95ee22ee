"""What the visitor in front of the kiosk has taken, and what has become of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame, fit_within
from realtime_style.kiosk import widgets
from realtime_style.kiosk.album import FILM_FPS, Album, Made, Taken
from realtime_style.kiosk.card import CardText
from realtime_style.kiosk.stage import Image

log = logging.getLogger(__name__)

_SHOWN = 1000  # px: a card on the screen


class Visitor:
    """A picture or a film, from the shutter to the card; `forget` leaves nothing of it in memory."""

    def __init__(self, album: Album, link: Callable[[str], str | None]) -> None:
        """`link`: where a keepsake's token can be followed to, None without a network."""
        self._album, self._link = album, link
        self._film: list[Frame] = []
        self._filmed_at = 0.0
        self._taken: Taken | None = None
        self._made: Made | None = None
        self.card: Image | None = None
        """For the screen, once it is made."""
        self.code: Image | None = None
        """The QR code of its link; None without a network."""
        self.notice = ""
        """A key of the catalogue."""

    def shoot(self, picture: Frame) -> None:
        """Take what is on screen."""
        self._taken = Taken(picture.copy())

    def start_film(self) -> None:
        """Frames are taken from now on."""
        self._film, self._filmed_at = [], float("-inf")

    def film(self, frame: Frame, now: float) -> None:
        """One more frame, if it is time for one."""
        if now - self._filmed_at >= 0.9 / FILM_FPS:
            self._film.append(frame)
            self._filmed_at = now

    def end_film(self) -> None:
        """No more frames."""
        if self._film:
            self._taken = Taken(self._film[len(self._film) // 2], tuple(self._film))
        self._film = []

    def forget(self) -> None:
        """Let go of everything."""
        self._taken = self._made = self.card = self.code = None
        self._film = []
        self.notice = ""

    def keep(self, text: CardText) -> None:
        """Have the card made; until it is, none is shown."""
        self._made = self.card = self.code = None
        self.notice = ""
        if self._taken is not None:
            self._album.make(self._taken, text)

    def print(self) -> None:
        """Have it printed."""
        if self._made is not None:
            self.notice = "printing"
            self._album.print(self._made.keepsake)

    def hear(self) -> Made | RealtimeStyleError | None:
        """What has come of the card since the last call; see Album.made."""
        printed = self._album.printed()
        if printed is not None and self._made is not None:
            self.notice = "" if printed else "print_failed"
        made = self._album.made()
        if isinstance(made, Made):
            self._made = made
            self.card = widgets.opaque(fit_within(made.card, _SHOWN))
            link = self._link(made.keepsake.token)
            self.code = None if link is None else widgets.qr_code(link)
        elif made is not None:
            log.warning("%s", made)
            self.notice = "keep_failed"
        return made

    def picture(self, now: float) -> Frame | None:
        """What was taken, as it looks at this moment; None when nothing was."""
        if self._taken is None:
            return None
        film = self._taken.film
        return film[int(now * FILM_FPS) % len(film)] if film else self._taken.picture

    @property
    def card_wh(self) -> tuple[int, int]:
        """Shape of the card."""
        return (1, 1) if self._made is None else (self._made.card.shape[1], self._made.card.shape[0])

    @property
    def until(self) -> str:
        """When the link is over, as on a clock."""
        return "" if self._made is None else datetime.fromtimestamp(self._made.keepsake.expires).strftime("%H:%M")
