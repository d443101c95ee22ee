"""The kiosk's loop: camera, painter and screen, and what visitors and host ask for in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

import cv2
import numpy as np

from realtime_style.display.geometry import Box, Fit
from realtime_style.display.inputs import Drag, Input, Key, Press, Release
from realtime_style.display.sprites import Sprite
from realtime_style.frames import Frame
from realtime_style.kiosk.brush import PaintWorker
from realtime_style.kiosk.config.i18n import Words
from realtime_style.kiosk.config.schema import KioskSettings
from realtime_style.kiosk.pages.client import HostServer, ShareServer
from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.card_maker import CardMaker, SavedCard
from realtime_style.kiosk.pictures.session import Visitor
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.state.keymap import event_for
from realtime_style.kiosk.state.model import (
    NEEDS_CAMERA,
    CameraLost,
    Effect,
    Event,
    Happening,
    Rules,
    Scene,
    Touch,
)
from realtime_style.kiosk.state.transitions import debounced, first_state, step
from realtime_style.kiosk.supervision.stats import LastWarning, RestartState, Status
from realtime_style.kiosk.supervision.watchdog import RESTART
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Artist, Props, SceneLayout, Target
from realtime_style.kiosk.ui.visitor_screens import lay_out
from realtime_style.pipeline.meter import Meter
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sources.camera import is_device
from realtime_style.styles.crossfade import Crossfade
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.system.allocator import trim_heap

log = logging.getLogger(__name__)

_FRAME_WAIT_S = 0.05  # without frames the screen is drawn twenty times a second
_SWEEP_S = 10.0
_TELL_S = 1.0
_HUNG_S = 20.0  # a read that has not come back: only the end of the process gives the device back


class Display(Protocol):
    """The part of realtime_style.display.display.Display that the kiosk needs."""

    @property
    def size_wh(self) -> tuple[int, int]: ...
    def show(
        self, picture: Frame | None, place: Box | Fit, sprites: Sequence[Sprite] = ()
    ) -> None: ...
    def inputs(self) -> list[Input]: ...


class CameraFeed(Protocol):
    """What the kiosk needs of a camera; ReconnectingCamera is one."""

    @property
    def problem(self) -> str: ...
    @property
    def hung(self) -> bool: ...
    def take(self, timeout_s: float) -> Frame | None: ...


class Kiosk:
    """Everything that lasts from one frame to the next. Parts are given, so that tests can give others."""

    def __init__(
        self,
        settings: KioskSettings,
        rules: Rules,
        *,
        stage: Display,
        watch: CameraFeed,
        mixes: Sequence[Mix],
        painter: Callable[[str], Stylizer],
        languages: Mapping[str, Words],
        album: CardMaker,
        keepsakes: PictureStore,
        hand_over: ShareServer | None,
        outputs: OutputGroup | None = None,
        desk: HostServer | None = None,
        before: RestartState | None = None,
        rescued: bool = False,
        busy: Callable[[], AbstractContextManager[None]] = nullcontext,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`mixes` are the painters to choose from, one style each; `painter` opens one on a device.

        `rescued`: paint on the processor and smaller from the start, as after a chip that failed. `busy` surrounds what may
        take as long as a start.
        """
        before = before or RestartState()
        self.counters = before.counters
        self.ending: int | None = None
        """The exit code, once the host or a hung camera has asked for the end."""
        self.meter = Meter(clock)
        """Stages ``stylize`` and ``show``."""
        self.state = first_state(
            rules, clock(), on_break=before.on_break, wrong_pins=before.wrong_pins
        )
        self._settings, self._rules, self._stage, self._watch, self._mixes = (
            settings,
            rules,
            stage,
            watch,
            list(mixes),
        )
        self._keepsakes, self._desk = keepsakes, desk
        self._languages, self._outputs, self._clock = languages, outputs or OutputGroup({}), clock
        infos = [mix[0][0].info for mix in mixes]
        self._painters = [
            Artist(info.artist or info.title or info.name, info.year) for info in infos
        ]
        self._tiles = widgets.Tiles(
            [
                (info.swatch_frame(), each.surname, each.year)
                for info, each in zip(infos, self._painters, strict=True)
            ]
        )
        self._warning = LastWarning()
        logging.getLogger("realtime_style").addHandler(self._warning)
        self._brush = PaintWorker(
            painter, settings.painting.device, mixes, rescued=rescued, busy=busy, meter=self.meter
        )
        self._fade = Crossfade(self._mixes[0])
        self._live: Frame | None = None
        self._hand_over = hand_over
        self._visitor = Visitor(
            album, hand_over.link if hand_over is not None else lambda token: None
        )
        self._held: Target | None = None
        self._kept = 0
        self._swept = self._told = float("-inf")
        self._hung_since: float | None = None
        self._fps = 0.0
        self._mirrored = settings.screen.mirror and is_device(settings.camera.camera)

    def run(
        self, seconds: float | None = None, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Go on until `stopped` says so, the host does, or for `seconds`."""
        began = self._clock()
        while (
            self.ending is None
            and not stopped()
            and (seconds is None or self._clock() - began < seconds)
        ):
            self.round()

    def round(self) -> None:
        """One painting, shown while the next one is made if its frame is there; or the wait for a frame that does not come."""
        frame = None if self._brush.at_work else self._watch.take(_FRAME_WAIT_S)
        now = self._clock()
        self._poll_camera(now)
        self._handle_input(now)
        self._poll_card(now)
        self._dispatch(Happening.TICK, now)
        # With the keypad up, too: anybody can ask for it. And without a camera, lest a face stand still on other screens.
        hidden = self.state.covered or self.state.on_break or bool(self.state.camera_lost)
        wanted = not hidden and (self.state.scene in NEEDS_CAMERA or bool(self._outputs))
        if frame is not None and wanted:
            self._start_painting(frame)
        painted = self._brush.finish() if self._brush.at_work else None
        if painted is not None and wanted:
            self.meter.tick()
            self._live = painted
            self._outputs.put(painted)
            if self.state.scene is Scene.FILMING:
                self._visitor.film(self._turned(painted), now)
            if (following := self._watch.take(0)) is not None:
                self._start_painting(following)
        elif hidden and self._live is not None:
            self._outputs.put(np.zeros_like(self._live))
        if (
            wanted or self.state.camera_lost
        ):  # else it stays as it was, for the host to read in the menu
            self._fps = self.meter.fps()
        screen = self._lay_out(now)
        with self.meter.stage("show"):
            self._stage.show(self._shown(now), screen.video, screen.sprites)
        self._housekeeping(now)

    def status(self) -> Status:
        """How it goes."""
        return Status(
            scene=self.state.scene.name,
            painter=self._mixes[self.state.painter][0][0].info.name,
            fps=round(self._fps, 1),
            runs_on=self._brush.provider,
            camera_lost=self.state.camera_lost,
            on_break=self.state.on_break,
            visitors=self.counters.visitors,
            pictures=self.counters.pictures,
            kept=self._kept,
            outputs_lost="; ".join(
                f"{name}: {problem}" for name, problem in self._outputs.problems.items()
            ),
            last_warning=self._warning.words,
            by_painter=dict(self.counters.by_painter),
            painters=[
                f"{each.name}, {each.year}" if each.year else each.name for each in self._painters
            ],
        )

    def memory(self) -> str:
        """What the kiosk after this one shall know, as a line. May be called in any thread."""
        state = self.state  # once: it changes while another thread reads
        return RestartState(self.counters, state.on_break, state.wrong).line()

    def close(self) -> None:
        """Let go of the painter; what was given is its giver's."""
        logging.getLogger("realtime_style").removeHandler(self._warning)
        self._brush.close()

    def _dispatch(self, event: Event, now: float) -> None:
        self.state, effects = step(self.state, event, now, self._rules)
        for effect in effects:
            self._obey(effect, now)

    def _obey(self, effect: Effect, now: float) -> None:
        match effect:
            case Effect.GREET:
                self.counters.visitors += 1
            case Effect.SHOOT if self._live is not None:
                self._visitor.shoot(self._turned(self._live), self.state.painter)
            case Effect.START_FILM:
                self._visitor.start_film()
            case Effect.END_FILM:
                self._visitor.end_film(self.state.painter)
            case Effect.FORGET | Effect.LEAVE:
                self._visitor.forget()
            case Effect.MAKE_CARD:
                self._visitor.keep(self._card_text())
            case Effect.PRINT:
                self._visitor.print(now)
            case Effect.RESTART:
                self.ending = RESTART
            case Effect.QUIT:
                self.ending = 0

    def _poll_camera(self, now: float) -> None:
        problem = self._watch.problem
        if problem and problem != self.state.camera_lost:
            self._dispatch(CameraLost(problem), now)
        elif not problem and self.state.camera_lost:
            self._dispatch(Happening.CAMERA_BACK, now)

    def _handle_input(self, now: float) -> None:
        for heard in self._stage.inputs():
            event = self._event_of(heard, self._lay_out(now))
            if event is not None:
                self._dispatch(event if debounced(self.state, now) else Touch.SCREEN, now)

    def _poll_card(self, now: float) -> None:
        made = self._visitor.hear(now)
        if isinstance(made, SavedCard):
            self.counters.pictures += 1
            name = self._mixes[made.painter][0][0].info.name
            # A new dict: a note for the watchdog may be written in another thread just now.
            self.counters.by_painter = {
                **self.counters.by_painter,
                name: self.counters.by_painter.get(name, 0) + 1,
            }
            self._swept = float("-inf")  # count them again
            trim_heap()  # a card takes a hundred times what a frame takes, in a thread of its own
        elif made is not None:
            self._dispatch(Happening.CARD_FAILED, now)

    def _event_of(self, heard: Input, screen: SceneLayout) -> Event | None:
        match heard:
            case Press(x, y):
                self._held = screen.hit(x, y)
                return self._held.event(x, y) if self._held is not None else Touch.SCREEN
            case Drag(x, y) if self._held is not None and self._held.follows:
                return self._held.event(x, y)
            case Release():
                self._held = None
            case Key(name, digit):
                return event_for(digit or name, self.state, self._rules, self._settings.screen.languages)
        return None

    def _start_painting(self, frame: Frame) -> None:
        frame = self._turned(frame)
        self._fade.to(self._mixes[self.state.painter], self._clock())
        self._brush.start(frame, self._fade.advance(self._clock()), self.state.strength)

    def _turned(self, frame: Frame) -> Frame:
        """As in a mirror: a camera's frame on its way to the screen, and a picture of the screen that is taken home."""
        return np.asarray(cv2.flip(frame, 1), np.uint8) if self._mirrored else frame

    def _housekeeping(self, now: float) -> None:
        """What is to be done now and then."""
        if now - self._swept >= _SWEEP_S:
            self._kept, self._swept = self._keepsakes.delete_expired(), now
            if self._hand_over is not None:
                self._hand_over.look_after()
        if self._desk is not None:
            for host in self._desk.asked():
                self._dispatch(host, now)
            if now - self._told >= _TELL_S:
                self._desk.tell(asdict(self.status()))
                self._told = now
        self._hung_since = (self._hung_since or now) if self._watch.hung else None
        waits = (
            self.state.scene in NEEDS_CAMERA
        )  # whoever has a card before them needs no camera, but the code on it
        if waits and self._hung_since is not None and now - self._hung_since > _HUNG_S:
            log.warning("the camera's driver does not come back; starting again")
            self.ending = RESTART

    def _shown(self, now: float) -> Frame | None:
        taken = self._visitor.picture(now) if self.state.scene is Scene.REVIEW else None
        return self._live if taken is None else taken

    def _lay_out(self, now: float) -> SceneLayout:
        shown = self._shown(now)
        visitor = self._visitor
        props = Props(
            size_wh=self._stage.size_wh,
            video_wh=(640, 480) if shown is None else (shown.shape[1], shown.shape[0]),
            words=self._words(),
            languages=[self._languages[code] for code in self._settings.screen.languages],
            tiles=self._tiles,
            painters=self._painters,
            rules=self._rules,
            fit="contain" if self._settings.screen.fit == "contain" else "cover",
            kept_until=self._keepsakes.until() if self.state.scene is Scene.REVIEW else "",
            take_home=self._hand_over is not None,
            recorded=self._settings.outputs.record is not None,
            shown_elsewhere=bool(
                self._settings.outputs.mjpeg or self._settings.outputs.virtual_camera
            ),
            card=visitor.card,
            card_wh=visitor.card_wh,
            code=visitor.code,
            until=visitor.until,
            notice=visitor.notice,
            status=self.status().lines(self._words()) if self.state.scene is Scene.MENU else (),
        )
        return lay_out(self.state, props, now)

    def _card_text(self) -> CardText:
        words, card = self._words(), self._settings.card
        painter = self._painters[self._visitor.painter]
        manner = words("manner", painter=painter.name) + (
            f", {painter.year}" if painter.year else ""
        )
        wish = card.wish.get(words.code) or words("wish")
        return CardText(
            wish, manner[0].upper() + manner[1:], words.date(datetime.now().date()), card.host
        )

    def _words(self) -> Words:
        return self._languages[self.state.language]
