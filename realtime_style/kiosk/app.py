"""The kiosk's loop: pictures to the screen, and the requests of visitors and host between them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Protocol

import cv2
import numpy as np

from realtime_style.display.geometry import Box, Fit
from realtime_style.display.inputs import Drag, Input, Key, Press, Release
from realtime_style.display.sprites import Sprite
from realtime_style.frames import Frame
from realtime_style.kiosk.config.i18n import Catalogue
from realtime_style.kiosk.config.schema import KioskSettings
from realtime_style.kiosk.pages.client import HostServer, ShareServer
from realtime_style.kiosk.pictures.card_maker import CardMaker, SavedCard
from realtime_style.kiosk.pictures.session import Visitor
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.scenes import Scenes
from realtime_style.kiosk.state.keymap import event_for
from realtime_style.kiosk.state.model import (
    NEEDS_CAMERA,
    CameraLost,
    Effect,
    Event,
    Rules,
    Scene,
    SystemEvent,
    Touch,
)
from realtime_style.kiosk.state.transitions import debounced, first_state, step
from realtime_style.kiosk.supervision.heartbeat import RESTART
from realtime_style.kiosk.supervision.stats import LastWarning, RestartState, Status
from realtime_style.kiosk.ui.layout import SceneLayout, Target
from realtime_style.pipeline.look import Look
from realtime_style.pipeline.pipeline import LivePipeline
from realtime_style.pipeline.style_loader import StyleLoader
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sources.discovery import is_device
from realtime_style.styles.crossfade import Crossfade
from realtime_style.styles.mix import Mix
from realtime_style.system.allocator import trim_heap

log = logging.getLogger(__name__)

_FRAME_WAIT_S = 0.05  # without frames the screen is drawn twenty times a second
_SWEEP_S = 10.0
_TELL_S = 1.0
_HUNG_S = 20.0  # of a read that does not return: only the end of the process frees the device


class Display(Protocol):
    """The part of realtime_style.display.display.Display that the kiosk needs."""

    @property
    def size_wh(self) -> tuple[int, int]: ...
    def show(
        self, picture: Frame | None, place: Box | Fit, sprites: Sequence[Sprite] = ()
    ) -> None: ...
    def inputs(self) -> list[Input]: ...


class Kiosk:
    """The state that lasts from one frame to the next. Its parts are given: tests give others."""

    def __init__(
        self,
        settings: KioskSettings,
        rules: Rules,
        *,
        display: Display,
        pipeline: LivePipeline,
        mixes: Sequence[Mix],
        languages: Mapping[str, Catalogue],
        card_maker: CardMaker,
        store: PictureStore,
        share_server: ShareServer | None = None,
        host_server: HostServer | None = None,
        outputs: OutputGroup | None = None,
        before: RestartState | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`mixes` are the artists to choose from, one style each; `before` is what a kiosk that ran
        before this one left. `pipeline` and `clock` go by the same seconds."""
        before = before or RestartState()
        self.counters = before.counters
        self.ending: int | None = None
        """Exit code, once the host or a hung camera has asked for the end."""
        self.state = first_state(
            rules, clock(), on_break=before.on_break, wrong_pins=before.wrong_pins
        )
        self._settings, self._rules, self._display = settings, rules, display
        self._mixes = list(mixes)
        self._pipeline, self._source, self._worker = pipeline, pipeline.source, pipeline.worker
        self._store, self._host_server, self._clock = store, host_server, clock
        self._outputs = outputs or OutputGroup({})
        self._warning = LastWarning()
        logging.getLogger("realtime_style").addHandler(self._warning)
        if self._worker.fallback is not None:
            log.warning("a faster engine could not be used: %s", self._worker.fallback)
        self._loader = StyleLoader(lambda mix: self._worker.preload(mix, *self._video_wh()))
        self._fade = Crossfade(self._mixes[0])
        self._live: Frame | None = None
        self._visitor = Visitor(
            card_maker, share_server.link if share_server is not None else lambda token: None
        )
        self._scenes = Scenes(
            settings,
            rules,
            mixes,
            languages,
            store,
            self._visitor,
            take_home=share_server is not None,
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
        """Run until `stopped` returns True, the host ends it, or for `seconds`."""
        began = self._clock()
        while (
            self.ending is None
            and not stopped()
            and (seconds is None or self._clock() - began < seconds)
        ):
            self.tick()

    def tick(self) -> None:
        """One picture, or a short wait for a frame that does not come."""
        now = self._clock()
        self._poll_camera(now)
        self._handle_input(now)
        self._poll_card(now)
        self._dispatch(SystemEvent.TICK, now)
        look = self._look(now)
        painted = self._pipeline.step(look, _FRAME_WAIT_S)
        if painted is not None:
            self._take(painted.picture, now)
        elif self._hidden and self._live is not None:
            self._outputs.put(np.zeros_like(self._live))
        if look is not None or self.state.camera_lost:  # else the host reads the last one
            self._fps = self._pipeline.meter.fps()
        scene = self._lay_out(now)
        with self._pipeline.meter.stage("show"):
            self._display.show(self._shown(now), scene.video, scene.sprites)
        self._housekeeping(now)

    @property
    def _hidden(self) -> bool:
        """True while no face may be seen: on a break, behind the keypad, which anybody can ask for,
        and without a camera, lest a face stand still on other screens."""
        return self.state.covered or self.state.on_break or bool(self.state.camera_lost)

    def _look(self, now: float) -> Look | None:
        """Wishes for the next picture; None: nothing is to be painted."""
        if self._hidden or not (self.state.scene in NEEDS_CAMERA or self._outputs):
            return None
        self._fade.to(self._mixes[self.state.artist], now)
        mix, steadiness = self._fade.advance(now), self._settings.painting.steadiness
        return Look(mix, self.state.strength, steadiness, mirror=self._mirrored)

    def _take(self, picture: Frame, now: float) -> None:
        """Hand a new picture to the screen, the outputs and a film."""
        if self._live is None:
            self._live = picture
            self._loader.load_ahead(self._mixes)
        self._live = picture
        self._outputs.put(picture)
        if self.state.scene is Scene.FILMING:
            self._visitor.film(self._turned(picture), now)

    def _video_wh(self) -> tuple[int, int]:
        """Width and height of the picture, px."""
        return (640, 480) if self._live is None else (self._live.shape[1], self._live.shape[0])

    def status(self) -> Status:
        """Figures for the host."""
        return Status(
            scene=self.state.scene.name,
            style=self._mixes[self.state.artist][0][0].info.name,
            fps=round(self._fps, 1),
            runs_on=self._worker.provider,
            camera_lost=self.state.camera_lost,
            on_break=self.state.on_break,
            visitors=self.counters.visitors,
            pictures=self.counters.pictures,
            kept=self._kept,
            outputs_lost="; ".join(
                f"{name}: {problem}" for name, problem in self._outputs.problems.items()
            ),
            last_warning=self._warning.text,
            by_style=dict(self.counters.by_style),
            artists=[
                f"{each.name}, {each.year}" if each.year else each.name
                for each in self._scenes.artists
            ],
        )

    def memory(self) -> str:
        """State for the kiosk after this one, as JSON. May be called from any thread."""
        state = self.state  # once: it changes while another thread reads
        return RestartState(self.counters, state.on_break, state.wrong_pins).to_json()

    def close(self) -> None:
        """Stop loading styles. The parts that were given stay open."""
        logging.getLogger("realtime_style").removeHandler(self._warning)
        self._loader.close()

    def _dispatch(self, event: Event, now: float) -> None:
        self.state, effects = step(self.state, event, now, self._rules)
        for effect in effects:
            self._obey(effect, now)

    def _obey(self, effect: Effect, now: float) -> None:
        match effect:
            case Effect.COUNT_VISITOR:
                self.counters.visitors += 1
            case Effect.SHOOT:
                shown = None if self._live is None else self._turned(self._live)
                if not self._visitor.shoot(shown, self.state.artist):
                    self._dispatch(SystemEvent.CAPTURE_FAILED, now)
            case Effect.START_FILM:
                self._visitor.start_film()
            case Effect.END_FILM:
                if not self._visitor.end_film(self.state.artist):
                    self._dispatch(SystemEvent.CAPTURE_FAILED, now)
            case Effect.FORGET | Effect.END_VISIT:
                self._visitor.forget()
            case Effect.MAKE_CARD:
                self._visitor.keep(self._scenes.card_text(self.state))
            case Effect.PRINT:
                self._visitor.print(now)
            case Effect.RESTART:
                self.ending = RESTART
            case Effect.QUIT:
                self.ending = 0

    def _poll_camera(self, now: float) -> None:
        problem = self._source.problem
        if problem and problem != self.state.camera_lost:
            self._dispatch(CameraLost(problem), now)
        elif not problem and self.state.camera_lost:
            self._dispatch(SystemEvent.CAMERA_BACK, now)

    def _handle_input(self, now: float) -> None:
        for given in self._display.inputs():
            event = self._event_of(given, self._lay_out(now))
            if event is not None:
                self._dispatch(event if debounced(self.state, now) else Touch.SCREEN, now)

    def _poll_card(self, now: float) -> None:
        made = self._visitor.poll(now)
        if isinstance(made, SavedCard):
            self.counters.pictures += 1
            name = self._mixes[made.artist][0][0].info.name
            # A new dict: another thread may be writing the state for the watchdog.
            self.counters.by_style = {
                **self.counters.by_style,
                name: self.counters.by_style.get(name, 0) + 1,
            }
            self._swept = float("-inf")  # count the kept pictures again
            trim_heap()  # a card takes a hundred times the memory of a frame, in its own thread
        elif made is not None:
            self._dispatch(SystemEvent.CARD_FAILED, now)

    def _event_of(self, given: Input, screen: SceneLayout) -> Event | None:
        match given:
            case Press(x, y):
                self._held = screen.hit(x, y)
                return self._held.event(x, y) if self._held is not None else Touch.SCREEN
            case Drag(x, y) if self._held is not None and self._held.follows:
                return self._held.event(x, y)
            case Release():
                self._held = None
            case Key(name, digit):
                return event_for(
                    digit or name, self.state, self._rules, self._settings.screen.languages
                )
        return None

    def _turned(self, frame: Frame) -> Frame:
        """Mirrored back for taking home, if the screen is a mirror."""
        return np.asarray(cv2.flip(frame, 1), np.uint8) if self._mirrored else frame

    def _housekeeping(self, now: float) -> None:
        """Periodic work: old pictures, the host's page, a hung driver."""
        if now - self._swept >= _SWEEP_S:
            self._kept, self._swept = self._store.delete_expired(), now
        if self._host_server is not None:
            for host in self._host_server.requests():
                self._dispatch(host, now)
            if now - self._told >= _TELL_S:
                self._host_server.publish(asdict(self.status()))
                self._told = now
        self._hung_since = (self._hung_since or now) if self._source.hung else None
        waits = self.state.scene in NEEDS_CAMERA  # a visitor with a card needs its code only
        if waits and self._hung_since is not None and now - self._hung_since > _HUNG_S:
            log.warning("the camera's driver does not return; restarting the kiosk")
            self.ending = RESTART

    def _shown(self, now: float) -> Frame | None:
        taken = self._visitor.picture(now) if self.state.scene is Scene.REVIEW else None
        return self._live if taken is None else taken

    def _lay_out(self, now: float) -> SceneLayout:
        shown = self._shown(now)
        return self._scenes.lay_out(
            self.state,
            size_wh=self._display.size_wh,
            video_wh=self._video_wh() if shown is None else (shown.shape[1], shown.shape[0]),
            status=self.status,
            now=now,
        )
