"""The loop of the live show: one frame after the other, and what keys and other threads have to say in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.pipeline.meter import Meter
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.recorder import Recorder
from realtime_style.sources.camera import Camera
from realtime_style.styles.mix import mix_label
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.webcam import overlay
from realtime_style.webcam.controls import KEYS, Controls, Effect
from realtime_style.webcam.playlist import StyleLoader

log = logging.getLogger(__name__)

_FIGURES_S = 0.3  # figures that change with every frame cannot be read


class Screen(Protocol):
    """What the show needs of a window; Window is one."""

    @property
    def closed(self) -> bool: ...
    def write(self, frame: Frame) -> None: ...
    def poll_key(self, wait_ms: int = 1) -> str | None: ...
    def set_fullscreen(self, on: bool) -> None: ...
    def close(self) -> None: ...


class Show:
    """Camera to painter to screen and recording; holds what lasts from one frame to the next."""

    def __init__(
        self,
        controls: Controls,
        camera: Camera,
        painter: Stylizer,
        takes: Recorder,
        screen: Screen | None = None,
        outputs: OutputGroup | None = None,
        *,
        seconds: float | None = None,
        paint_size: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`camera` and `takes` go by the same `clock`. For `seconds` and `paint_size` see WebcamOptions."""
        self.controls = controls
        self._camera, self._painter, self._takes, self._screen, self._clock = (
            camera,
            painter,
            takes,
            screen,
            clock,
        )
        self._outputs = outputs
        self._problems: dict[str, str] = {}
        self._seconds, self._paint_size = seconds, paint_size
        self.size_wh = (camera.info.width, camera.info.height)
        """Width and height of the picture in px."""
        self.meter = Meter(clock)
        """Stages ``wait``, ``stylize``, ``record``, ``show``, and ``latency``."""
        self.began = self.first_shown = self.last_shown = clock()
        """When the first frame came, when it was shown and when the last one was."""
        self._held: Frame | None = None
        self._picture: Frame | None = None
        self._figures: list[str] = []
        self._figures_until = self.began

    def warm_up(self) -> None:
        """Compile and allocate before the first frame is taken, with a word on screen about the wait."""
        width, height = self.size_wh
        if self._screen is not None:
            waiting = overlay.canvas(np.full((height, width, 3), 24, np.uint8))
            overlay.draw_message(waiting, f"{mix_label(self.controls.mix)}: getting ready ...")
            self._screen.write(waiting)
            self._screen.poll_key(1)
        self._painter.warm_up(*self._paint_wh())

    def run(self) -> None:
        """One round per frame, in the thread that owns the window."""
        with StyleLoader(lambda mix: self._painter.preload(mix, *self._paint_wh())) as loader:
            asked = self.began = self._clock()
            for frame in self._camera:
                now = self._clock()
                if not self.meter.frames:
                    self.began = now
                self.meter.add("wait", (now - asked) * 1000)
                self._picture = self._compose(frame, now)
                self._record(self._picture)
                self._hand_on(self._picture)
                self._show(self._picture)
                if not self._keep_on(loader):
                    return
                asked = self._clock()

    def _compose(self, frame: Frame, now: float) -> Frame:
        """The picture without words on it: what is recorded and saved."""
        if not self.controls.frozen or self._held is None:
            self._held = frame
        photo = self._held
        self.size_wh = (photo.shape[1], photo.shape[0])
        if self.controls.mirror:
            photo = np.asarray(cv2.flip(photo, 1), dtype=np.uint8)
        with self.meter.stage("stylize"):
            self._painter.mix = self.controls.advance(now)
            self._painter.strength, self._painter.steadiness = (
                self.controls.strength,
                self.controls.steadiness,
            )
            self._painter.keep_colours = self.controls.keep_colours
            picture = self._paint(photo)
        if self.controls.split:
            picture = overlay.split(photo, picture)
        return picture

    def _paint(self, photo: Frame) -> Frame:
        painted, share = self._painter.paint(
            fit_within(photo, self._paint_size) if self._paint_size else photo
        )
        if painted.shape != photo.shape:
            enlarged = cv2.resize(
                painted, (photo.shape[1], photo.shape[0]), interpolation=cv2.INTER_CUBIC
            )
            painted = np.asarray(enlarged, dtype=np.uint8)
        return self._painter.finish(
            photo, painted, share
        )  # after enlarging: what is the photograph's stays sharp

    def _record(self, picture: Frame) -> None:
        if not self._takes.recording:
            return
        try:
            with self.meter.stage("record"):
                self._takes.write(picture)
        except RealtimeStyleError as error:
            if self._screen is None:
                raise
            log.warning("%s", error)
            self.controls.say(f"recording stopped: {error}", self._clock())

    def _hand_on(self, picture: Frame) -> None:
        """To second screen and virtual camera, and a word on screen about one that has just failed."""
        if self._outputs is None:
            return
        self._outputs.put(picture)
        problems = self._outputs.problems
        for name in problems.keys() - self._problems.keys():
            self.controls.say(f"{name} stopped: {problems[name]}", self._clock())
        self._problems = problems

    def _show(self, picture: Frame) -> None:
        if self._screen is not None:
            with self.meter.stage("show"):
                self._screen.write(self._with_words(picture))
        self.last_shown = self._clock()
        if not self.meter.frames:
            self.first_shown = self.last_shown
        if not self.controls.frozen:
            self.meter.add("latency", (self.last_shown - self._camera.captured_at) * 1000)
        self.meter.tick()

    def _with_words(self, picture: Frame) -> Frame:
        now = self._clock()
        shown = overlay.canvas(picture)
        if self.controls.split:
            overlay.draw_labels(shown, "photograph", mix_label(self.controls.target))
        if self.controls.overlay:
            if now >= self._figures_until:
                self._figures, self._figures_until = self._status(), now + _FIGURES_S
            overlay.draw_status(shown, self._figures)
        if self._takes.recording:
            overlay.draw_recording(shown, self._takes.recorded_s())
        if self.controls.help:
            overlay.draw_help(shown, KEYS)
        elif message := self.controls.message(now):
            overlay.draw_message(shown, message)
        return shown

    def _status(self) -> list[str]:
        times = self.meter.summary()
        latency, stylize = (
            times.get("latency", {}).get("p50", 0.0),
            times.get("stylize", {}).get("p50", 0.0),
        )
        painted = "x".join(map(str, self._paint_wh()))
        strength, steadiness = self.controls.strength * 100, self.controls.steadiness * 100
        return [
            f"{mix_label(self.controls.target)}   strength {strength:.0f} %   steadiness {steadiness:.0f} %"
            + ("   own colours" if self.controls.keep_colours else ""),
            f"{self.meter.fps():.1f} fps   latency {latency:.0f} ms   stylize {stylize:.1f} ms",
            f"{self._painter.provider}   {self._camera.dropped} dropped",
            f"{self._camera.info.name}   "
            + (f"painted at {painted}   " if self._paint_size else "")
            + self._camera.info.details,
        ]

    def _keep_on(self, loader: StyleLoader) -> bool:
        """Do what keys ask for and note what other threads have finished; False to end."""
        while self._screen is not None and (key := self._screen.poll_key(1)) is not None:
            if not self._obey(self.controls.apply(key, self._clock()), loader):
                return False
        now = self._clock()
        if (loaded := loader.poll()) is not None:
            if loaded.problem is None:
                self.controls.style_ready(loaded.mix, now)
            else:
                self.controls.style_failed(loaded.mix, loaded.problem, now)
        for message in self._takes.poll():
            self.controls.say(message, now)
        if self._screen is not None and self._screen.closed:
            return False
        return self._seconds is None or now - self.began < self._seconds

    def _obey(self, effect: Effect | None, loader: StyleLoader) -> bool:
        """Do what the controls cannot do themselves; False to end."""
        match effect:
            case Effect.QUIT:
                return False
            case Effect.LOAD_STYLE if self.controls.wanted is not None:
                loader.want(self.controls.wanted)
            case Effect.SNAPSHOT if self._picture is not None:
                self._take_snapshot(self._picture)
            case Effect.RECORD:
                self._toggle_recording()
            case Effect.FULLSCREEN if self._screen is not None:
                self._screen.set_fullscreen(self.controls.fullscreen)
        return True

    def _take_snapshot(self, picture: Frame) -> None:
        try:
            self._takes.snapshot(picture, self.controls.mix)
        except RealtimeStyleError as error:
            self.controls.say(str(error), self._clock())

    def _toggle_recording(self) -> None:
        if self._takes.recording:
            self._takes.stop()
            return
        try:
            path = self._takes.start(self.controls.target)
        except (RealtimeStyleError, OSError) as error:
            self.controls.say(str(error), self._clock())
        else:
            self.controls.say(f"recording {path.name}", self._clock())

    def _paint_wh(self) -> tuple[int, int]:
        """The size at which frames are painted, by the rule of fit_within."""
        width, height = self.size_wh
        scale = min(1.0, self._paint_size / max(width, height)) if self._paint_size else 1.0
        return max(1, round(width * scale)), max(1, round(height * scale))
