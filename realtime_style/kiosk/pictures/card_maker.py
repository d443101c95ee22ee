"""Cards from captures, saved behind a link and printed, in threads: the screen must not wait."""

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
from realtime_style.kiosk.pictures.film import Film
from realtime_style.kiosk.pictures.store import PictureStore, StoredPicture
from realtime_style.media.images import Picture
from realtime_style.media.video_writer import VideoWriter

log = logging.getLogger(__name__)

_PRINTER_S = 30.0


@dataclass(frozen=True)
class Capture:
    """A painted picture, (H, W, 3) uint8 BGR, or a film and one of its frames."""

    picture: Frame
    artist: int = 0
    """The artist chosen at that time."""
    film: Film | None = None


@dataclass(frozen=True)
class SavedCard:
    """A card on the disk."""

    card: Frame
    stored: StoredPicture
    artist: int


class CardMaker:
    """Makes one card at a time, and prints; a slow printer delays no card."""

    def __init__(
        self,
        store: PictureStore,
        *,
        size: str = "A6",
        logo: Picture | None = None,
        printer: Sequence[str] = (),
    ) -> None:
        """`printer` is a command; ``{file}`` in it stands for the PDF."""
        self._store, self._size, self._logo, self._printer = store, size, logo, tuple(printer)
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="card maker")
        self._press = ThreadPoolExecutor(1, thread_name_prefix="printer")
        self._jobs: deque[tuple[Capture, Future[SavedCard]]] = deque()
        self._print_job: Future[bool] | None = None

    def make(self, capture: Capture, text: CardText) -> None:
        """Start making a card."""
        self._jobs.append((capture, self._maker.submit(self._make, capture, text)))

    def made(self) -> tuple[Capture, SavedCard | RealtimeStyleError] | None:
        """A capture whose card is finished, with the card or the error, in order, each once.

        None while nothing is.
        """
        if not self._jobs or not self._jobs[0][1].done():
            return None
        capture, job = self._jobs.popleft()
        error = job.exception()
        if error is None:
            return capture, job.result()
        if isinstance(error, RealtimeStyleError):
            return capture, error
        log.warning("a card could not be made", exc_info=error)
        return capture, OutputUnwritable(f"a card could not be made: {error}")

    def print(self, stored: StoredPicture) -> None:
        """Start printing a card."""
        self._print_job = self._press.submit(self._print, stored)

    def printed(self) -> bool | None:
        """The printer's success, once; None while nothing is finished."""
        if self._print_job is None or not self._print_job.done():
            return None
        job, self._print_job = self._print_job, None
        return job.exception() is None and job.result()

    def close(self) -> None:
        """Wait for what is being made and printed."""
        self._maker.shutdown(cancel_futures=True)
        self._press.shutdown(cancel_futures=True)

    def _make(self, capture: Capture, text: CardText) -> SavedCard:
        card = draw_card(capture.picture, text, self._size, self._logo)
        contents = {kind: encode_card(card, kind) for kind in ("png", "pdf")}
        if capture.film is not None:
            contents["mp4"] = self._encode(capture.film)
        return SavedCard(card, self._store.keep(contents), capture.artist)

    def _encode(self, film: Film) -> bytes:
        with self._store.scratch_dir() as folder:
            with VideoWriter(folder / "film.mp4", fps=film.fps) as writer:
                for frame in film.there_and_back():
                    writer.write(frame)
            return (folder / "film.mp4").read_bytes()

    def _print(self, stored: StoredPicture) -> bool:
        path = self._store.find(stored.token, "pdf")
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
                "the printer's command ended with code %d: %s",
                done.returncode,
                done.stderr.decode(errors="replace")[:200],
            )
        return done.returncode == 0
