"""The visit in progress: what the visitor captured, and its card."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from realtime_style.display.sprites import Image, opaque
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.card_maker import Capture, CardMaker, SavedCard
from realtime_style.kiosk.pictures.film import FilmBuffer
from realtime_style.kiosk.ui import widgets

log = logging.getLogger(__name__)

_CARD_PX = 1000  # longer side of the card on screen
_NOTICE_S = 6.0  # it covers the card


class Visitor:
    """A picture or a film, from the shutter to the card; `forget` removes it from memory."""

    def __init__(self, card_maker: CardMaker, link: Callable[[str], str | None]) -> None:
        """`link` makes a URL of a picture's token, or None without a network."""
        self._card_maker, self._link = card_maker, link
        self._film = FilmBuffer()
        self._capture: Capture | None = None
        self._shown: tuple[int, Frame] | None = None
        self._making = False
        self._saved: SavedCard | None = None
        self._printed = self._printing = False
        self._notice_until = float("inf")
        self.card: Image | None = None
        """For the screen, once it is made."""
        self.code: Image | None = None
        """QR code of its link; None without a network."""
        self.notice = ""
        """Key of a message in the catalogues."""

    @property
    def artist(self) -> int:
        """The artist chosen at the time of the capture."""
        return 0 if self._capture is None else self._capture.artist

    def shoot(self, picture: Frame | None, artist: int) -> bool:
        """Capture what is on screen; False if there is nothing."""
        self.forget()
        if picture is not None:
            self._capture = Capture(picture.copy(), artist)
        return picture is not None

    def start_film(self) -> None:
        """Begin a film."""
        self.forget()

    def film(self, frame: Frame, now: float) -> None:
        """Add a frame to the film; see FilmBuffer.add."""
        self._film.add(frame, now)

    def end_film(self, artist: int) -> bool:
        """Finish the film; False if there was no frame."""
        film, self._film = self._film.finish(), FilmBuffer()
        if film is not None:
            self._capture = Capture(film.frame(len(film.jpegs) // 2), artist, film)
        return film is not None

    def forget(self) -> None:
        """Drop everything."""
        self._capture = self._shown = self._saved = self.card = self.code = None
        self._film = FilmBuffer()
        self._making = self._printed = self._printing = False
        self._set_notice("")

    def keep(self, text: CardText) -> None:
        """Start making the card; until it is made, none is shown."""
        self._saved = self.card = self.code = None
        self._printed = self._printing = False
        self._set_notice("")
        if self._capture is not None:
            self._making = True
            self._card_maker.make(self._capture, text)

    def print(self, now: float) -> None:
        """Print the card, once: a second tap shows the same notice, and prints no other copy."""
        if self._saved is None:
            return
        if not self._printed:
            self._printed = self._printing = True
            self._card_maker.print(self._saved.stored)
        self._set_notice("printing", float("inf") if self._printing else now + _NOTICE_S)

    def poll(self, now: float) -> SavedCard | RealtimeStyleError | None:
        """Take in what card maker and printer have finished since the last call.

        Returns a card that is saved, or why it is not. If its visitor has left, it is kept for
        its time, and the next visitor sees nothing of it.
        """
        printed = self._card_maker.printed()
        if printed is not None and self._printing:
            self._set_notice("printing" if printed else "print_failed", now + _NOTICE_S)
            self._printed, self._printing = printed, False
        if now >= self._notice_until:
            self._set_notice("")
        capture, result = self._card_maker.made() or (None, None)
        own = self._making and capture is self._capture
        if isinstance(result, SavedCard) and own:
            self._saved, self._making = result, False
            self.card = opaque(fit_within(result.card, _CARD_PX))
        elif isinstance(result, RealtimeStyleError):
            log.warning("%s", result)
            if not own:
                return None
            self._making = False
            self._set_notice("keep_failed", now + _NOTICE_S)
        if self._saved is not None and self.code is None:
            link = self._link(self._saved.stored.token)
            self.code = widgets.qr_code(link) if link is not None else None
        return result

    def picture(self, now: float) -> Frame | None:
        """The capture at this moment, (H, W, 3) uint8 BGR: a film plays; None without one."""
        if self._capture is None:
            return None
        film = self._capture.film
        if film is None:
            return self._capture.picture
        number = int(now * film.fps) % len(film.jpegs)
        if self._shown is None or self._shown[0] != number:
            self._shown = number, film.frame(number)
        return self._shown[1]

    def _set_notice(self, notice: str, until: float = float("inf")) -> None:
        self.notice, self._notice_until = notice, until

    @property
    def card_wh(self) -> tuple[int, int]:
        """Width and height of the card in px."""
        return (1, 1) if self._saved is None else self._saved.card.shape[1::-1]

    @property
    def until(self) -> str:
        """Time of day at which the link ends."""
        if self._saved is None:
            return ""
        return datetime.fromtimestamp(self._saved.stored.expires).strftime("%H:%M")
