"""The loop of the live window: one picture after the other, and what keys and other threads report.

Its thread owns the window; the camera, painting, recording and outputs have threads of their own.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from realtime_style.display.geometry import Box, Fit
from realtime_style.display.inputs import CloseAsked, Input, Key
from realtime_style.display.sprites import Sprite
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame
from realtime_style.pipeline.pipeline import LivePipeline, PaintedFrame
from realtime_style.pipeline.style_loader import StyleLoader
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.recorder import Recorder
from realtime_style.sinks.snapshots import Snapshots
from realtime_style.sources.base import StreamInfo
from realtime_style.styles.mix import Mix, mix_label
from realtime_style.webcam.controls import KEYS, Controls, Effect
from realtime_style.webcam.overlay import Overlay, lay_out

log = logging.getLogger(__name__)

_FRAME_WAIT_S = 0.05  # keys are obeyed and words drawn twenty times a second without frames, too
_FIGURES_S = 0.3  # figures that change with every frame cannot be read
_HELP = tuple((key.shown, key.words) for key in KEYS)


class Screen(Protocol):
    """The part of realtime_style.display.display.Display that the loop needs."""

    @property
    def size_wh(self) -> tuple[int, int]: ...
    def show(
        self, picture: Frame | None, place: Box | Fit, sprites: Sequence[Sprite] = ()
    ) -> None: ...
    def inputs(self) -> list[Input]: ...
    def set_fullscreen(self, on: bool) -> None: ...
    def close(self) -> None: ...


class LiveApp:
    """Pipeline to screen, recording and outputs; holds what lasts from one picture to the next."""

    def __init__(
        self,
        controls: Controls,
        pipeline: LivePipeline,
        recorder: Recorder,
        snapshots: Snapshots,
        screen: Screen | None = None,
        outputs: OutputGroup | None = None,
        *,
        fit: Fit = "contain",
        seconds: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`pipeline` and `recorder` go by one `clock`; for `fit` and `seconds` see WebcamOptions."""
        self.controls = controls
        self._pipeline, self._screen, self._clock = pipeline, screen, clock
        self._recorder, self._snapshots = recorder, snapshots
        self._source, self._worker = pipeline.source, pipeline.worker
        self._outputs = outputs or OutputGroup({})
        self._output_problems: dict[str, str] = {}
        self._paint_problem = ""
        self._fit, self._seconds = fit, seconds
        self.meter = pipeline.meter
        """Stages ``wait``, ``stylize``, ``record``, ``show``, and ``latency``."""
        self.began = self.first_shown = self.last_shown = clock()
        """When the loop began, when the first picture was shown and when the last one was."""
        self.picture: Frame | None = None
        """The picture on screen, without words."""
        self._figures: list[tuple[str, str]] = []
        self._figures_until = self.began

    @property
    def info(self) -> StreamInfo:
        """Description of the camera's stream."""
        info = self._source.info
        assert info is not None  # the first frame was waited for
        return info

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture in px."""
        if self.picture is not None:
            return self.picture.shape[1], self.picture.shape[0]
        return self.info.width, self.info.height

    def warm_up(self) -> None:
        """Compile and allocate before the first frame is painted, with a message about the wait."""
        width, height = self.size_wh
        if self._screen is not None:
            self._screen.show(
                np.zeros((height, width, 3), np.uint8), self._fit
            )  # gives it its size
            message = f"{mix_label(self.controls.mix)}: getting ready ..."
            sprites = lay_out(self._screen.size_wh, Overlay(message=message))
            self._screen.show(None, self._fit, sprites)
        self._worker.warm_up(width, height)

    def run(self) -> None:
        """Go on until a key, the closed window or the time limit ends it."""
        with StyleLoader(lambda mix: self._worker.preload(mix, *self.size_wh)) as loader:
            self.began = self._clock()
            while True:
                look = self.controls.look(self._clock())
                painted = self._pipeline.step(look, _FRAME_WAIT_S)
                if painted is not None:
                    self.picture = painted.picture
                    self._record(painted)
                    self._outputs.put(painted.picture)
                self._show(painted)
                if not self._keep_on(loader):
                    return

    def _record(self, painted: PaintedFrame) -> None:
        if not self._recorder.recording:
            return
        try:
            with self.meter.stage("record"):
                self._recorder.write(painted.picture)
        except RealtimeStyleError as error:
            if self._screen is None:
                raise
            log.warning("%s", error)
            self.controls.say(f"recording stopped: {error}", self._clock())

    def _show(self, painted: PaintedFrame | None) -> None:
        if self._screen is not None and self.picture is not None:
            with self.meter.stage("show"):
                sprites = lay_out(self._screen.size_wh, self._overlay())
                self._screen.show(self.picture, self._fit, sprites)
        if painted is None:
            return
        self.last_shown = self._clock()
        if self.meter.frames == 1:
            self.first_shown = self.last_shown
        if not self.controls.frozen:
            self.meter.add("latency", (self.last_shown - painted.source.captured_at) * 1000)

    def _overlay(self) -> Overlay:
        now, controls = self._clock(), self.controls
        if controls.overlay and now >= self._figures_until:
            self._figures, self._figures_until = self._status(), now + _FIGURES_S
        return Overlay(
            help=_HELP if controls.help else (),
            figures=self._figures if controls.overlay else (),
            recorded_s=self._recorder.recorded_s() if self._recorder.recording else None,
            message=controls.message(now),
            labels=("photograph", mix_label(controls.target)) if controls.split else None,
        )

    def _status(self) -> list[tuple[str, str]]:
        times, controls, info = self.meter.summary(), self.controls, self.info
        latency = times.get("latency", {}).get("p50", 0.0)
        stylize = times.get("stylize", {}).get("p50", 0.0)
        size = self._worker.paint_size
        colours = ", own colours" if controls.keep_colours else ""
        return [
            ("style", mix_label(controls.target)),
            (
                "look",
                f"strength {controls.strength * 100:.0f} %, "
                f"steadiness {controls.steadiness * 100:.0f} %{colours}",
            ),
            (
                "speed",
                f"{self.meter.fps():.1f} fps, latency {latency:.0f} ms, stylize {stylize:.1f} ms",
            ),
            ("engine", self._worker.provider + (f", painted at {size} px" if size else "")),
            ("camera", f"{info.name}, {self._source.dropped} dropped"),
            ("stream", info.details),
        ]

    def _keep_on(self, loader: StyleLoader) -> bool:
        """Obey keys and note what other threads report; False to end."""
        for heard in self._screen.inputs() if self._screen is not None else ():
            match heard:
                case Key(name) if not self._obey(self.controls.apply(name, self._clock()), loader):
                    return False
                case CloseAsked():
                    return False
        now = self._clock()
        if (loaded := loader.poll()) is not None:
            if loaded.problem is None:
                self.controls.style_ready(loaded.mix, now)
            else:
                self.controls.style_failed(loaded.mix, loaded.problem, now)
        self._report_problems(now)
        return self._seconds is None or now - self.began < self._seconds

    def _report_problems(self, now: float) -> None:
        """Say on screen what has changed: recordings, outputs, the camera, the engine."""
        for message in [*self._recorder.poll(), *self._snapshots.poll()]:
            self.controls.say(message, now)
        problems = self._outputs.problems
        for name in problems.keys() - self._output_problems.keys():
            self.controls.say(f"{name} stopped: {problems[name]}", now)
        self._output_problems = problems
        if (problem := self._worker.problem) != self._paint_problem:
            self.controls.say(problem, now)
            self._paint_problem = problem
        self.controls.camera_problem = self._source.problem

    def _obey(self, effect: Effect | None, loader: StyleLoader) -> bool:
        """Do what the controls cannot do themselves; False to end."""
        match effect:
            case Effect.QUIT:
                return False
            case Effect.LOAD_STYLE if self.controls.wanted is not None:
                loader.want(self.controls.wanted)
            case Effect.SNAPSHOT if self.picture is not None:
                self._take_snapshot(self.picture)
            case Effect.RECORD:
                self._toggle_recording()
            case Effect.FULLSCREEN if self._screen is not None:
                self._screen.set_fullscreen(self.controls.fullscreen)
        return True

    def _take_snapshot(self, picture: Frame) -> None:
        try:
            self._snapshots.save(picture, _file_label(self.controls.mix))
        except RealtimeStyleError as error:
            self.controls.say(str(error), self._clock())

    def _toggle_recording(self) -> None:
        if self._recorder.recording:
            self._recorder.stop()
            return
        try:
            path = self._recorder.start(label=_file_label(self.controls.target))
        except (RealtimeStyleError, OSError) as error:
            self.controls.say(str(error), self._clock())
        else:
            self.controls.say(f"recording {path.name}", self._clock())


def _file_label(mix: Mix) -> str:
    """Styles in the name of a file."""
    return "+".join(style.info.name for style, _ in mix[:3])
