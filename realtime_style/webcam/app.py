"""The live show: camera in, painted picture on screen, keys to play with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from realtime_style.errors import OutputUnwritable
from realtime_style.sinks.fanout import OutputGroup, output_factories
from realtime_style.sinks.recorder import Recorder
from realtime_style.sinks.window import Window, require_display
from realtime_style.sources.camera import Camera, is_device, open_camera
from realtime_style.styles.mix import Mix, mix_label
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.stylize.temporal import DEFAULT_STEADINESS
from realtime_style.webcam.controls import Controls, caption
from realtime_style.webcam.playlist import build_playlist
from realtime_style.webcam.show import Screen, Show

log = logging.getLogger(__name__)

TITLE = "realtime_style"


@dataclass(frozen=True)
class WebcamOptions:
    """What to show, and how."""

    mix: Mix
    camera: str = "0"
    """Number, device, video file or ``pattern``; see `open_camera`."""
    size: tuple[int, int] | None = None
    """(width, height) to ask the camera for."""
    fps: float | None = None
    """Frame rate to ask the camera for."""
    fourcc: str | None = None
    """Pixel format to ask the camera for, four letters."""
    backend: str = "auto"
    """One of devices.CAMERA_BACKENDS."""
    device: str = "auto"
    """One of engines.table.DEVICES."""
    strength: float = 1.0
    """0..1: from the photograph to the whole style."""
    steadiness: float = DEFAULT_STEADINESS
    """0..1: how still the strokes are held from frame to frame."""
    keep_colours: bool = False
    """Only the painting's light and shade, in the photograph's colours."""
    mirror: bool | None = None
    """None: cameras, in which people look at themselves, and not clips, in which there may be words."""
    split: bool = False
    """Start with the photograph beside the painting."""
    fullscreen: bool = False
    overlay: bool = False
    """Start with the figures on screen."""
    window: bool = True
    seconds: float | None = None
    """Stop after this time; None: when told to."""
    record: Path | None = None
    """Record from the start into this file."""
    snapshots: Path = field(default_factory=Path)
    """Folder for snapshots and for recordings started by key."""
    mjpeg: str | None = None
    """``[ADDRESS:]PORT`` of a second screen, see web.mjpeg.MjpegSink; None: none."""
    virtual_camera: str | None = None
    """Name of a virtual camera to send the picture to, empty for the first there is; None: none."""
    paint_size: int | None = None
    """Long side in px to which frames are reduced for painting; the result is enlarged again. None: as they are."""


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
    clock: Callable[[], float] = time.perf_counter,
    camera: Camera | None = None,
    screen: Screen | None = None,
) -> WebcamSummary:
    """Run until `options.seconds` are over, a key or the closed window says so; returns what happened.

    `camera` (with the same `clock`) and `screen` stand in for those that `options` describe; they are closed at the end.
    Raises DisplayUnavailable before anything is opened, CameraNotFound, CameraLost when the camera goes away in the
    middle, and whatever opening a style raises. Whichever way it ends, KeyboardInterrupt included, a recording that runs
    is finished and kept.
    """
    with ExitStack() as stack:
        if camera is not None:
            stack.callback(camera.close)
        if screen is not None:
            stack.callback(screen.close)
        elif options.window:
            require_display()
        if (
            options.record is not None
            and not is_device(options.camera)
            and _same_file(options.record, Path(options.camera))
        ):
            raise OutputUnwritable(
                f"{options.record} is the clip to be played itself; choose another name for the recording"
            )
        playlist, problems = build_playlist(options.mix)
        painter = stack.enter_context(
            Stylizer(options.mix, device=options.device, strength=options.strength)
        )
        takes = stack.enter_context(Recorder(options.snapshots, clock=clock))
        if options.record is not None:
            takes.start(
                options.mix, options.record
            )  # a place that cannot be written is refused before the camera starts
        if camera is None:
            camera = stack.enter_context(
                open_camera(
                    options.camera,
                    size=options.size,
                    fps=options.fps,
                    fourcc=options.fourcc,
                    backend=options.backend,
                    clock=clock,
                )
            )
        size_wh = camera.info.width, camera.info.height
        outputs = stack.enter_context(
            OutputGroup(output_factories(options.mjpeg, options.virtual_camera, size_wh=size_wh))
        )
        if screen is None and options.window:
            screen = stack.enter_context(Window(TITLE, fullscreen=options.fullscreen))
        controls = Controls(
            playlist,
            strength=options.strength,
            steadiness=options.steadiness,
            keep_colours=options.keep_colours,
            mirror=is_device(options.camera) if options.mirror is None else options.mirror,
            split=options.split,
            overlay=options.overlay,
            fullscreen=options.fullscreen,
        )
        show = Show(
            controls,
            camera,
            painter,
            takes,
            screen,
            outputs,
            seconds=options.seconds,
            paint_size=options.paint_size,
            clock=clock,
        )
        show.warm_up()
        if painter.fallback is not None:
            log.warning("--device auto could not take something faster: %s", painter.fallback)
        controls.say(f"{caption(options.mix)}: h shows the keys", clock())
        for problem in problems:
            log.warning("style left out: %s", problem)
            controls.say(problem, clock())
        try:
            show.run()
            _finish(takes, options.record)
        except BaseException:
            takes.close()
            for path in takes.recordings:
                log.warning("what was recorded is kept: %s", path)
            raise
        return _summary(show, camera, painter, takes, outputs)


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _finish(takes: Recorder, record: Path | None) -> None:
    """Raises what went wrong with a recording that was asked for at the start, and what nobody saw on the screen any more."""
    seen = set(takes.failures) - {record}
    takes.close()
    for path, error in takes.failures.items():
        if path not in seen:
            raise error


def _summary(
    show: Show, camera: Camera, painter: Stylizer, takes: Recorder, outputs: OutputGroup
) -> WebcamSummary:
    times = show.meter.summary()
    frames, span_s = show.meter.frames, show.last_shown - show.first_shown
    return WebcamSummary(
        frames=frames,
        seconds=show.last_shown - show.began,
        fps=(frames - 1) / span_s if span_s > 0 else 0.0,
        dropped=camera.dropped,
        width=show.size_wh[0],
        height=show.size_wh[1],
        style=mix_label(show.controls.target),
        provider=painter.provider,
        fallback=painter.fallback,
        latency_ms=times.pop("latency", {}),
        stages_ms=times,
        camera=camera.info.name,
        camera_details=camera.info.details,
        recordings=[str(path) for path in takes.recordings],
        snapshots=[str(path) for path in takes.snapshots],
        outputs=outputs.written,
    )
