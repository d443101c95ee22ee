"""The live show: camera in, painted picture on screen, keys to play with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from realtime_style.display.display import Display
from realtime_style.display.driver import open_driver
from realtime_style.errors import OutputUnwritable
from realtime_style.pipeline.look import Effect
from realtime_style.pipeline.meter import Meter
from realtime_style.pipeline.paint_worker import PaintWorker
from realtime_style.pipeline.pipeline import LivePipeline
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.outputs import output_factories
from realtime_style.sinks.recorder import Recorder
from realtime_style.sinks.snapshots import Snapshots
from realtime_style.sources.base import LiveSource
from realtime_style.sources.device import connect
from realtime_style.sources.discovery import is_device
from realtime_style.sources.reconnect import ReconnectingCamera
from realtime_style.styles.mix import Mix, mix_label, parse_mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.webcam.controls import Controls, caption
from realtime_style.webcam.live import LiveApp, Screen
from realtime_style.webcam.options import WebcamOptions
from realtime_style.webcam.playlist import build_playlist

log = logging.getLogger(__name__)

TITLE = "realtime_style"


@dataclass(frozen=True)
class WebcamSummary:
    """What happened, in plain values: ``dataclasses.asdict`` of it can be written as JSON."""

    frames: int
    seconds: float
    """From the first frame painted to the last one shown."""
    fps: float
    """Frames per second over the whole show."""
    dropped: int
    """Camera frames that were never painted, because a newer one was there."""
    width: int
    """px, of the picture"""
    height: int
    style: str
    """What was painted last, as shown on screen."""
    provider: str
    """What it really ran on."""
    fallback: str | None
    """Why ``auto`` did not take a better device; None when it did."""
    latency_ms: dict[str, float]
    """``p50`` and ``p95`` of the time from the arrival of a frame to its being shown."""
    stages_ms: dict[str, dict[str, float]]
    """``p50`` and ``p95`` per frame: ``wait`` for the camera, then the work: ``stylize``, ``record`` (as far as it holds the
    show up; the encoder runs beside it), ``show``."""
    camera: str
    camera_details: str
    """What was asked of the camera and what it gave."""
    recordings: list[str]
    snapshots: list[str]
    outputs: dict[str, int]
    """Frames that second screen and virtual camera were given."""


def run_webcam(
    options: WebcamOptions,
    *,
    effects: Sequence[Effect] = (),
    clock: Callable[[], float] = time.perf_counter,
    camera: ReconnectingCamera | None = None,
    screen: Screen | None = None,
) -> WebcamSummary:
    """Run until `options.seconds` are over, a key or the closed window ends it.

    `effects` are live effects, applied in order to each painted picture. `camera` (with the same
    `clock`) and `screen` stand in for those that `options` describe; they are closed at the end.

    A camera that is lost on the way is opened again for as long as it takes. Raises
    DisplayUnavailable before anything is opened, CameraNotFound and CameraLost when the camera does
    not work at the start, VideoUnreadable, and whatever opening a style raises. Whichever way it
    ends, KeyboardInterrupt included, a running recording is finished and kept.
    """
    with ExitStack() as stack:
        if camera is not None:
            stack.callback(camera.close)
        if screen is not None:
            stack.callback(screen.close)
        elif options.window:
            open_driver()
        _check_record(options)
        mix = parse_mix(options.style)
        playlist, problems = build_playlist(mix)
        meter = Meter(clock)
        worker = stack.enter_context(closing(_open_worker(options, mix, effects, meter)))
        snapshots = stack.enter_context(closing(Snapshots(options.snapshots)))
        recorder = stack.enter_context(Recorder(options.snapshots, clock=clock))
        if options.record is not None:  # refused before the camera starts if it cannot be written
            recorder.start(options.record)
        if camera is None:
            camera = stack.enter_context(closing(_open_camera(options, clock)))
        info = camera.wait_for_first()
        size_wh = info.width, info.height
        outputs = stack.enter_context(OutputGroup(output_factories(options, size_wh=size_wh)))
        if screen is None and options.window:
            screen = stack.enter_context(
                Display(TITLE, fullscreen=options.fullscreen, monitor=options.monitor)
            )
        pipeline = LivePipeline(camera, worker, meter=meter)
        controls = _controls(options, playlist)
        app = LiveApp(
            controls,
            pipeline,
            recorder,
            snapshots,
            screen,
            outputs,
            fit=options.fit,
            seconds=options.seconds,
            clock=clock,
        )
        app.warm_up()
        if worker.fallback is not None:
            log.warning("--device auto could not take something faster: %s", worker.fallback)
        controls.say(f"{caption(mix)}: h shows the keys", clock())
        for problem in problems:
            log.warning("style left out: %s", problem)
            controls.say(problem, clock())
        try:
            app.run()
            recorder.close()
            if options.record in recorder.failures:  # said on screen, which may have been missed
                raise recorder.failures[options.record]
        except BaseException:
            with suppress(Exception):  # what went wrong first matters more
                recorder.close()
            for path in recorder.recordings:
                log.warning("recording kept: %s", path)
            raise
        snapshots.close()
        return _summary(app, camera, worker, recorder, snapshots, outputs)


def _open_worker(
    options: WebcamOptions, mix: Mix, effects: Sequence[Effect], meter: Meter
) -> PaintWorker:
    def open_stylizer(device: str) -> Stylizer:
        return Stylizer(
            mix,
            device=device,
            strength=options.strength,
            paint_size=options.paint_size,
        )

    return PaintWorker(open_stylizer, options.device, meter=meter, effects=effects)


def _open_camera(options: WebcamOptions, clock: Callable[[], float]) -> ReconnectingCamera:
    wishes = partial(
        connect,
        options.camera,
        size=options.size,
        fps=options.fps,
        fourcc=options.fourcc,
        backend=options.backend,
        clock=clock,
    )
    return ReconnectingCamera(wishes, judge=False, clock=clock)


def _controls(options: WebcamOptions, playlist: Sequence[Mix]) -> Controls:
    mirror = is_device(options.camera) if options.mirror is None else options.mirror
    return Controls(
        playlist,
        strength=options.strength,
        steadiness=options.steadiness,
        keep_colours=options.keep_colours,
        mirror=mirror,
        split=options.split,
        overlay=options.overlay,
        fullscreen=options.fullscreen,
    )


def _check_record(options: WebcamOptions) -> None:
    record, clip = options.record, Path(options.camera)
    if record is None or is_device(options.camera):
        return
    if record.exists() and clip.exists() and record.samefile(clip):
        raise OutputUnwritable(
            f"{record} is the clip to be played itself; choose another name for the recording"
        )


def _summary(
    app: LiveApp,
    source: LiveSource,
    worker: PaintWorker,
    recorder: Recorder,
    snapshots: Snapshots,
    outputs: OutputGroup,
) -> WebcamSummary:
    times = app.meter.summary()
    frames, span_s = app.meter.frames, app.last_shown - app.first_shown
    return WebcamSummary(
        frames=frames,
        seconds=app.last_shown - app.began,
        fps=(frames - 1) / span_s if span_s > 0 else 0.0,
        dropped=source.dropped,
        width=app.size_wh[0],
        height=app.size_wh[1],
        style=mix_label(app.controls.target),
        provider=worker.provider,
        fallback=worker.fallback,
        latency_ms=times.pop("latency", {}),
        stages_ms=times,
        camera=app.info.name,
        camera_details=app.info.details,
        recordings=[str(path) for path in recorder.recordings],
        snapshots=[str(path) for path in snapshots.saved],
        outputs=outputs.written,
    )
