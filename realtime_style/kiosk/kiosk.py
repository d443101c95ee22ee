"""The kiosk's loop: camera, painter and screen, and what visitors ask for in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import cv2
import numpy as np

from realtime_style.crossfade import Crossfade
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame, fit_within
from realtime_style.kiosk import widgets
from realtime_style.kiosk.album import FILM_FPS, Album, Made, Taken
from realtime_style.kiosk.buttons import meaning
from realtime_style.kiosk.card import CardText
from realtime_style.kiosk.config import KioskSettings
from realtime_style.kiosk.hand_over import HandOver
from realtime_style.kiosk.keepsakes import Keepsakes
from realtime_style.kiosk.lettering import Box
from realtime_style.kiosk.screens import Painter as PainterInfo
from realtime_style.kiosk.screens import Props, Screen, Target, lay_out
from realtime_style.kiosk.stage import Drag, Image, Input, Key, Press, Release, Sprite
from realtime_style.kiosk.states import (
    NEEDS_CAMERA,
    CameraLost,
    Effect,
    Event,
    Happening,
    Rules,
    Scene,
    Timing,
    Touch,
    first_state,
    step,
)
from realtime_style.kiosk.watch import CameraWatch
from realtime_style.kiosk.words import Words
from realtime_style.meter import Meter
from realtime_style.painter import Painter
from realtime_style.styles import Mix

log = logging.getLogger(__name__)

_FRAME_WAIT_S = 0.05  # without frames the screen is drawn twenty times a second
_SWEEP_S = 10.0
_RESCUE_SIZE = 480  # px: what a processor paints in time when the graphics chip has failed


@dataclass
class Counters:
    """What the host may know: numbers, nobody's picture."""

    visitors: int = 0
    pictures: int = 0
    by_painter: dict[str, int] = field(default_factory=dict)


class Screening(Protocol):
    """What the kiosk needs of a stage; Stage is one."""

    @property
    def size_wh(self) -> tuple[int, int]: ...
    def show(self, picture: Frame | None, box: Box, sprites: Sequence[Sprite] = ()) -> None: ...
    def inputs(self) -> list[Input]: ...


class Kiosk:
    """Everything that lasts from one frame to the next. Parts are given, so that tests can give others."""

    def __init__(
        self,
        settings: KioskSettings,
        *,
        stage: Screening,
        watch: CameraWatch,
        mixes: Sequence[Mix],
        painter: Callable[[str], Painter],
        languages: Mapping[str, Words],
        album: Album,
        keepsakes: Keepsakes,
        hand_over: HandOver | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`mixes` are the painters to choose from, one style each; `painter` opens one on a device."""
        self.counters = Counters()
        self.meter = Meter(clock)
        """Stages ``stylize`` and ``show``."""
        self._settings, self._stage, self._watch, self._mixes = settings, stage, watch, list(mixes)
        self._open_painter, self._album, self._keepsakes, self._hand_over = painter, album, keepsakes, hand_over
        self._languages, self._clock = languages, clock
        infos = [mix[0][0].info for mix in mixes]
        self._painters = [PainterInfo(info.artist or info.title or info.name, info.year) for info in infos]
        self._tiles = widgets.Tiles(
            [(info.swatch_frame(), each.surname, each.year) for info, each in zip(infos, self._painters, strict=True)]
        )
        screen = settings.screen
        timing = Timing(screen.idle, screen.review, screen.card, screen.countdown, screen.film, screen.attract)
        self.rules = Rules(len(mixes), screen.language, settings.painting.strength, timing, bool(settings.printer.command))
        self.state = first_state(self.rules, clock())
        self._painter = painter(settings.painting.device)
        self._painter.steadiness = settings.painting.steadiness
        self._rescued = False
        self._fade = Crossfade(self._mixes[0])
        self._live: Frame | None = None
        self._taken: Taken | None = None
        self._film: list[Frame] = []
        self._filmed_at = 0.0
        self._made: Made | None = None
        self._card: Image | None = None
        self._code: Image | None = None
        self._notice = ""
        self._held: Target | None = None
        self._swept = clock()

    def run(self, seconds: float | None = None, stopped: Callable[[], bool] = lambda: False) -> None:
        """Go on until `stopped` says so, or for `seconds`."""
        began = self._clock()
        while not stopped() and (seconds is None or self._clock() - began < seconds):
            self.round()

    def round(self) -> None:
        """One frame, or the wait for one that does not come."""
        frame = self._watch.take(_FRAME_WAIT_S)
        now = self._clock()
        self._hear_of_camera(now)
        screen = self._lay_out(now)
        for heard in self._stage.inputs():
            event = self._event_of(heard, screen)
            if event is not None:
                self._do(event, now)
                screen = self._lay_out(now)
        self._hear_of_album(now)
        self._do(Happening.TICK, now)
        if frame is not None and not self.state.covered and self.state.scene in NEEDS_CAMERA:
            self._live = self._paint(frame, now)
            self._add_to_film(now)
        screen = self._lay_out(now)
        with self.meter.stage("show"):
            self._stage.show(self._shown(), screen.video, screen.sprites)
        self.meter.tick()
        if now - self._swept >= _SWEEP_S:
            self._keepsakes.sweep()
            self._swept = now

    def close(self) -> None:
        """Let go of the painter; what was given is its giver's."""
        self._painter.close()

    def _do(self, event: Event, now: float) -> None:
        self.state, effects = step(self.state, event, now, self.rules)
        for effect in effects:
            self._obey(effect, now)

    def _obey(self, effect: Effect, now: float) -> None:
        match effect:
            case Effect.GREET:
                self.counters.visitors += 1
            case Effect.SHOOT if self._live is not None:
                self._taken = Taken(self._live.copy())
            case Effect.START_FILM:
                self._film, self._filmed_at = [], float("-inf")
            case Effect.END_FILM if self._film:
                self._taken = Taken(self._film[len(self._film) // 2], tuple(self._film))
                self._film = []
            case Effect.FORGET:
                self._forget()
            case Effect.MAKE_CARD if self._taken is not None:
                self._notice = ""
                self._album.make(self._taken, self._card_text())
            case Effect.PRINT if self._made is not None:
                self._notice = "printing"
                self._album.print(self._made.keepsake)
            case Effect.LEAVE:
                self._forget()

    def _forget(self) -> None:
        self._taken = self._made = self._card = self._code = None
        self._film = []
        self._notice = ""

    def _hear_of_camera(self, now: float) -> None:
        problem = self._watch.problem
        if problem and not self.state.camera_lost:
            self._do(CameraLost(problem), now)
        elif not problem and self.state.camera_lost:
            self._do(Happening.CAMERA_BACK, now)

    def _hear_of_album(self, now: float) -> None:
        made = self._album.made()
        if isinstance(made, Made) and self.state.scene is Scene.CARD:
            self._made = made
            self.counters.pictures += 1
            name = self._mixes[self.state.painter][0][0].info.name
            self.counters.by_painter[name] = self.counters.by_painter.get(name, 0) + 1
            self._card = widgets.opaque(fit_within(made.card, 1000))
            link = self._hand_over.link(made.keepsake.token) if self._hand_over is not None else None
            self._code = None if link is None else widgets.qr_code(link)
        elif isinstance(made, RealtimeStyleError):
            log.warning("%s", made)
            self._notice = "keep_failed"
            self._do(Happening.CARD_FAILED, now)
        printed = self._album.printed()
        if printed is not None and self._made is not None:
            self._notice = "" if printed else "print_failed"

    def _event_of(self, heard: Input, screen: Screen) -> Event | None:
        match heard:
            case Press(x, y):
                self._held = screen.hit(x, y)
                return self._held.event(x, y) if self._held is not None else Touch.SCREEN
            case Drag(x, y) if self._held is not None and self._held.follows:
                return self._held.event(x, y)
            case Release():
                self._held = None
            case Key(name):
                return meaning(name, self.state, self.rules, self._settings.screen.languages)
        return None

    def _paint(self, frame: Frame, now: float) -> Frame:
        if self._settings.screen.mirror:
            frame = np.asarray(cv2.flip(frame, 1), np.uint8)
        self._fade.to(self._mixes[self.state.painter], now)
        mix = self._fade.advance(now)
        try:
            with self.meter.stage("stylize"):
                return self._paint_with(mix, frame)
        except RealtimeStyleError as error:
            if self._rescued:
                raise
            log.warning("painting failed, going on with the processor: %s", error)
            self._painter.close()
            self._painter = self._open_painter("cpu")
            self._painter.steadiness = self._settings.painting.steadiness
            self._rescued = True
            return self._paint_with(mix, frame)

    def _paint_with(self, mix: Mix, frame: Frame) -> Frame:
        self._painter.mix, self._painter.strength = mix, self.state.strength
        return self._painter(fit_within(frame, _RESCUE_SIZE) if self._rescued else frame)

    def _add_to_film(self, now: float) -> None:
        if self.state.scene is Scene.FILMING and self._live is not None and now - self._filmed_at >= 0.9 / FILM_FPS:
            self._film.append(self._live)
            self._filmed_at = now

    def _shown(self) -> Frame | None:
        if self.state.scene is Scene.REVIEW and self._taken is not None:
            film = self._taken.film
            if film:
                return film[int(self._clock() * FILM_FPS) % len(film)]
            return self._taken.picture
        return self._live

    def _lay_out(self, now: float) -> Screen:
        shown = self._shown()
        screen = self._settings.screen
        until = ""
        if self._made is not None:
            until = datetime.fromtimestamp(self._made.keepsake.expires).strftime("%H:%M")
        props = Props(
            size_wh=self._stage.size_wh,
            video_wh=(640, 480) if shown is None else (shown.shape[1], shown.shape[0]),
            words=self._words(),
            languages=[self._languages[code] for code in screen.languages],
            tiles=self._tiles,
            painters=self._painters,
            rules=self.rules,
            hours=self._settings.pictures.hours,
            card=self._card,
            card_wh=(1, 1) if self._made is None else (self._made.card.shape[1], self._made.card.shape[0]),
            code=self._code,
            until=until,
            notice=self._notice,
        )
        return lay_out(self.state, props, now)

    def _card_text(self) -> CardText:
        words, card = self._words(), self._settings.card
        painter = self._painters[self.state.painter]
        manner = words("manner", painter=painter.name) + (f", {painter.year}" if painter.year else "")
        wish = card.wish.get(words.code) or words("wish")
        return CardText(wish, manner[0].upper() + manner[1:], words.date(datetime.now().date()), card.host)

    def _words(self) -> Words:
        return self._languages[self.state.language]
