"""From a picture that a visitor keeps to a card behind a link, and to paper; in a thread, as the screen must not wait."""

from __future__ import annotations

import logging
import subprocess
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from realtime_style.errors import OutputUnwritable, RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.kiosk.pictures.card import CardText, draw_card, encode_card
from realtime_style.kiosk.pictures.store import Keepsake, PictureStore
from realtime_style.media.images import Picture
from realtime_style.media.video_writer import VideoWriter

log = logging.getLogger(__name__)

FILM_FPS = 15.0
"""At most; less where painting takes longer."""
_PRINTER_S = 30.0


@dataclass(frozen=True)
class Capture:
    """What a visitor took: a painting, and for a moving one all of its frames, (H, W, 3) uint8 BGR."""

    picture: Frame
    painter: int = 0
    """Who was chosen when it was taken."""
    film: tuple[Frame, ...] = ()
    film_fps: float = FILM_FPS


@dataclass(frozen=True)
class SavedCard:
    """A card that is kept."""

    card: Frame
    keepsake: Keepsake
    painter: int


class CardMaker:
    """Makes one card at a time, and prints; a printer that takes its time keeps no card waiting."""

    def __init__(
        self,
        keepsakes: PictureStore,
        *,
        size: str = "A6",
        logo: Picture | None = None,
        printer: Sequence[str] = (),
    ) -> None:
        self._keepsakes, self._size, self._logo, self._printer = (
            keepsakes,
            size,
            logo,
            tuple(printer),
        )
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="album")
        self._press = ThreadPoolExecutor(1, thread_name_prefix="printer")
        self._making: deque[tuple[Capture, Future[SavedCard]]] = deque()
        self._printing: Future[bool] | None = None

    def make(self, taken: Capture, text: CardText) -> None:
        """Start making a card."""
        self._making.append((taken, self._worker.submit(self._make, taken, text)))

    def made(self) -> tuple[Capture, SavedCard | RealtimeStyleError] | None:
        """What was taken, and its card when it is ready, or the error when it could not be kept; each told once, in turn.

        None while there is nothing new.
        """
        if not self._making or not self._making[0][1].done():
            return None
        taken, making = self._making.popleft()
        error = making.exception()
        if error is None:
            return taken, making.result()
        if isinstance(error, RealtimeStyleError):
            return taken, error
        log.warning("a card could not be made", exc_info=error)
        return taken, OutputUnwritable(f"a card could not be made: {error}")

    def print(self, keepsake: Keepsake) -> None:
        """Hand the card to the printer."""
        self._printing = self._press.submit(self._print, keepsake)

    def printed(self) -> bool | None:
        """Whether printing began well, told once; None while there is nothing new."""
        if self._printing is None or not self._printing.done():
            return None
        printing, self._printing = self._printing, None
        return printing.exception() is None and printing.result()

    def close(self) -> None:
        """Wait for what is being made and printed."""
        self._worker.shutdown(cancel_futures=True)
        self._press.shutdown(cancel_futures=True)

    def _make(self, taken: Capture, text: CardText) -> SavedCard:
        card = draw_card(taken.picture, text, self._size, self._logo)
        contents = {kind: encode_card(card, kind) for kind in ("png", "pdf")}
        if taken.film:
            contents["mp4"] = self._film(taken.film, taken.film_fps)
        return SavedCard(card, self._keepsakes.keep(contents), taken.painter)

    def _film(self, frames: Sequence[Frame], fps: float) -> bytes:
        with self._keepsakes.scratch_dir() as folder:
            with VideoWriter(folder / "film.mp4", fps=fps) as sink:
                for frame in (
                    *frames,
                    *reversed(frames[1:-1]),
                ):  # there and back: the end meets the beginning
                    sink.write(frame)
            return (folder / "film.mp4").read_bytes()

    def _print(self, keepsake: Keepsake) -> bool:
        path = self._keepsakes.find(keepsake.token, "pdf")
        if path is None:
            return False
        command = [word.replace("{file}", str(path)) for word in self._printer]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PRINTER_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.warning("the printer's command failed: %s", error)
            return False
        if done.returncode != 0:
            log.warning(
                "the printer's command ended with %d: %s",
                done.returncode,
                done.stderr.decode(errors="replace")[:200],
            )
        return done.returncode == 0
