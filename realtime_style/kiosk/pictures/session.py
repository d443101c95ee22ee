"""What the visitor in front of the kiosk has taken, and what has become of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from realtime_style.display.sprites import Image, opaque
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.card_maker import FILM_FPS, Capture, CardMaker, SavedCard
from realtime_style.kiosk.ui import widgets

log = logging.getLogger(__name__)

_SHOWN = 1000  # px: a card on the screen
_NOTICE_S = 6.0  # it lies over the card


class Visitor:
    """A picture or a film, from the shutter to the card; `forget` leaves nothing of it in memory."""

    def __init__(self, album: CardMaker, link: Callable[[str], str | None]) -> None:
        """`link`: where a keepsake's token can be followed to, None without a network."""
        self._album, self._link = album, link
        self._film: list[Frame] = []
        self._filmed_from = self._filmed_at = 0.0
        self._taken: Capture | None = None
        self._waits = False
        self._made: SavedCard | None = None
        self._printed = self._prints = False
        self._notice_ends = float("inf")
        self.card: Image | None = None
        """For the screen, once it is made."""
        self.code: Image | None = None
        """The QR code of its link; None without a network."""
        self.notice = ""
        """A key of the catalogue."""

    @property
    def painter(self) -> int:
        """Who was chosen when the picture was taken."""
        return 0 if self._taken is None else self._taken.painter

    def shoot(self, picture: Frame, painter: int) -> None:
        """Take what is on screen."""
        self._taken = Capture(picture.copy(), painter)
        self._say("")

    def start_film(self) -> None:
        """Frames are taken from now on."""
        self._film = []
        self._say("")

    def film(self, frame: Frame, now: float) -> None:
        """One more frame, if it is time for one. Frames of another size, from a camera or chip that changed, begin it again."""
        if self._film and frame.shape != self._film[0].shape:
            self._film = []
        if not self._film:
            self._filmed_from = now
        elif now - self._filmed_at < 0.9 / FILM_FPS:
            return
        self._film.append(frame)
        self._filmed_at = now

    def end_film(self, painter: int) -> None:
        """No more frames."""
        if self._film:
            spent = self._filmed_at - self._filmed_from
            fps = min(FILM_FPS, (len(self._film) - 1) / spent) if spent > 0 else FILM_FPS
            self._taken = Capture(self._film[len(self._film) // 2], painter, tuple(self._film), fps)
        self._film = []

    def forget(self) -> None:
        """Let go of everything."""
        self._taken = self._made = self.card = self.code = None
        self._film = []
        self._waits = self._printed = self._prints = False
        self._say("")

    def keep(self, text: CardText) -> None:
        """Have the card made; until it is, none is shown."""
        self._made = self.card = self.code = None
        self._printed = self._prints = False
        self._say("")
        if self._taken is not None:
            self._waits = True
            self._album.make(self._taken, text)

    def print(self, now: float) -> None:
        """Have it printed, once: who taps again because nothing has come out yet gets the same words, not another card."""
        if self._made is None:
            return
        if not self._printed:
            self._printed = self._prints = True
            self._album.print(self._made.keepsake)
        self._say("printing", float("inf") if self._prints else now + _NOTICE_S)

    def hear(self, now: float) -> SavedCard | RealtimeStyleError | None:
        """What has come of a card since the last call; see CardMaker.made.

        Its visitor may be gone: then it is kept for its time, and nothing of it is shown to the one who is there now.
        """
        printed = self._album.printed()
        if printed is not None and self._prints:
            self._say("printing" if printed else "print_failed", now + _NOTICE_S)
            self._printed, self._prints = printed, False
        if now >= self._notice_ends:
            self._say("")
        taken, made = self._album.made() or (None, None)
        waits = self._waits and taken is self._taken
        if isinstance(made, SavedCard) and waits:
            self._made, self._waits = made, False
            self.card = opaque(fit_within(made.card, _SHOWN))
        elif isinstance(made, RealtimeStyleError):
            log.warning("%s", made)
            if not waits:
                return None
            self._waits = False
            self._say("keep_failed", now + _NOTICE_S)
        if (
            self._made is not None
            and self.code is None
            and (link := self._link(self._made.keepsake.token)) is not None
        ):
            self.code = widgets.qr_code(link)
        return made

    def picture(self, now: float) -> Frame | None:
        """What was taken, as it looks at this moment; None when nothing was."""
        if self._taken is None:
            return None
        film = self._taken.film
        return film[int(now * self._taken.film_fps) % len(film)] if film else self._taken.picture

    def _say(self, notice: str, until: float = float("inf")) -> None:
        self.notice, self._notice_ends = notice, until

    @property
    def card_wh(self) -> tuple[int, int]:
        """Shape of the card."""
        return (
            (1, 1) if self._made is None else (self._made.card.shape[1], self._made.card.shape[0])
        )

    @property
    def until(self) -> str:
        """When the link is over, as on a clock."""
        return (
            ""
            if self._made is None
            else datetime.fromtimestamp(self._made.keepsake.expires).strftime("%H:%M")
        )
