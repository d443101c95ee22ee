"""``realtime-style kiosk``: settings in, a screen that runs alone."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from realtime_style.display.display import Display
from realtime_style.errors import RealtimeStyleError
from realtime_style.kiosk.app import Kiosk
from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.config.loader import check_camera, load_picture_settings, load_settings
from realtime_style.kiosk.config.pin import hash_pin, is_pin
from realtime_style.kiosk.config.schema import KioskSettings, PictureSettings
from realtime_style.kiosk.options import KioskOptions
from realtime_style.kiosk.pages.client import HostServer, ShareServer
from realtime_style.kiosk.pictures.card_maker import CardMaker
from realtime_style.kiosk.pictures.store import PictureStore, delete_unfinished, make_folder
from realtime_style.kiosk.state.model import Rules, Timing
from realtime_style.kiosk.supervision.heartbeat import (
    CRASH_COUNT,
    RESTART,
    RESTART_STATE,
    Heartbeat,
    is_watched,
)
from realtime_style.kiosk.supervision.single_instance import single_instance
from realtime_style.kiosk.supervision.stats import RestartState
from realtime_style.media.images import read_image
from realtime_style.pipeline.meter import Meter
from realtime_style.pipeline.paint_worker import PaintWorker
from realtime_style.pipeline.pipeline import LivePipeline
from realtime_style.sinks.base import Sink
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.outputs import output_factories
from realtime_style.sinks.recorder import Recorder
from realtime_style.sources.device import connect
from realtime_style.sources.discovery import is_device
from realtime_style.sources.reconnect import ReconnectingCamera
from realtime_style.styles.catalog import find_style, list_styles
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.system.allocator import return_large_blocks
from realtime_style.system.atomic import atomic_write
from realtime_style.system.folders import state_folder
from realtime_style.system.signals import on_terminate

log = logging.getLogger(__name__)

TITLE = "realtime-style kiosk"
_FALLS_BORNE = 2
_FOLDERS = "kiosk-folders.txt"
_FILM_S = 600.0  # length of a film of the day: little is lost when the power goes


def run_kiosk(options: KioskOptions) -> Kiosk:
    """Run until SIGTERM, Ctrl-C or for `options.seconds`; returns the kiosk, closed, for its counters.

    Under a watchdog it sends heartbeats, and ends when the watchdog does.
    What no waiting mends stops it before the screen goes dark: settings, styles, words, folder and port. Raises BadSettings,
    StyleError, OutputUnwritable, DisplayUnavailable, DeviceUnavailable.
    """
    return_large_blocks()
    store = open_store(
        options.settings
    )  # before anything that can fail: what was kept before a crash goes when its time is over
    settings = load_settings(options.settings)
    if options.camera is not None:
        check_camera(options.camera)
        settings = replace(settings, camera=replace(settings.camera, camera=options.camera))
    languages = load_catalogues(settings.screen.words)
    mixes = _mixes(settings)
    logo = read_image(settings.card.logo) if settings.card.logo is not None else None
    ending: int | None = None
    with ExitStack() as stack:
        stack.push(lambda kind, error, trace: _tidy(store, kind, ending))
        share_server = _share_server(settings, store, stack)
        host_server = _host_server(settings, stack)
        heart = Heartbeat() if is_watched() else None
        screen = settings.screen
        display = stack.enter_context(
            Display(TITLE, fullscreen=screen.fullscreen, monitor=screen.monitor)
        )
        card_maker = CardMaker(
            store, size=settings.card.size, logo=logo, printer=settings.printer.command
        )
        kiosk = Kiosk(
            settings,
            _rules(settings, len(mixes)),
            display=display,
            pipeline=_pipeline(settings, mixes[0], heart, stack),
            mixes=mixes,
            languages=languages,
            card_maker=stack.enter_context(closing(card_maker)),
            store=store,
            share_server=share_server,
            host_server=host_server,
            outputs=stack.enter_context(OutputGroup(_outputs(settings), patient=True)),
            before=RestartState.from_json(
                os.environ.get(RESTART_STATE, "") if heart is not None else ""
            ),
        )
        stack.callback(kiosk.close)
        if heart is not None:
            heart.restart_state = kiosk.memory
            stack.callback(heart.keep_beating)
        kiosk.run(options.seconds, _stop_sign(heart))
        ending = kiosk.ending
    return kiosk


@contextmanager
def sole_picture_store(file: Path | None) -> Iterator[PictureStore]:
    """Those of :func:`open_store`, for the one kiosk that may have them; further ones get a RealtimeStyleError."""
    folder = _pictures_folder(load_picture_settings(file))
    make_folder(folder)
    with single_instance(folder):
        store = open_store(file)
        for former in filter(Path.is_dir, _former_folders(folder)):
            with (
                suppress(RealtimeStyleError),
                single_instance(former),
            ):  # another kiosk may have it now
                delete_unfinished(former)
        yield store


def _pictures_folder(pictures: PictureSettings) -> Path:
    return (pictures.folder or state_folder() / "kiosk").absolute()


def open_store(file: Path | None) -> PictureStore:
    """The visitors' pictures of a kiosk with these settings. Raises BadSettings, OutputUnwritable."""
    pictures = load_picture_settings(file)
    folder = _pictures_folder(pictures)
    return PictureStore(
        folder, hours=pictures.hours, closing=pictures.closing, former=_former_folders(folder)
    )


def _former_folders(folder: Path) -> list[Path]:
    """Where kiosks of this user kept pictures before: one that fell, and whose settings were changed then, may have left some.

    `folder` is noted for those to come.
    """
    note = state_folder() / _FOLDERS
    known: list[str] = []
    try:
        known = note.read_text(encoding="utf-8").splitlines() if note.exists() else []
        if str(folder) not in known:
            note.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(note) as part:
                part.write_text("\n".join([*known, str(folder)]) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        log.warning(
            "if you change the folder of pictures, empty %s: it cannot be noted in %s (%s)",
            folder,
            note,
            error,
        )
    return [Path(line) for line in known if line != str(folder)]


def _crashed_before() -> bool:
    """Whether kiosks fell so often in a row that it may be the graphics chip's doing."""
    crashes = int(os.environ.get(CRASH_COUNT, "0"))
    if crashes >= _FALLS_BORNE:
        log.warning(
            "the kiosk crashed %d times in a row; painting on the processor, and smaller", crashes
        )
    return crashes >= _FALLS_BORNE


def _tidy(store: PictureStore, error: type[BaseException] | None, ending: int | None) -> None:
    """No kiosk, no links: pictures go with it, but not when it is started again, nor when it fell, for then it will be."""
    if error in (None, KeyboardInterrupt) and ending != RESTART:
        store.clear()


def _stop_sign(heart: Heartbeat | None) -> Callable[[], bool]:
    """Asked in every round: whether a service manager wants the end, or the watchdog is gone. Ctrl-C raises, as everywhere."""
    told = threading.Event()
    on_terminate(told.set)

    def stop() -> bool:
        if heart is not None:
            heart.beat()
        return told.is_set() or (heart is not None and heart.orphaned.is_set())

    return stop


def _rules(settings: KioskSettings, painters: int) -> Rules:
    screen, pin = settings.screen, settings.host.pin
    timing = Timing(
        idle=screen.idle,
        review=screen.review,
        card=screen.card,
        countdown=screen.countdown,
        film=screen.film,
        attract=screen.attract,
    )
    return Rules(
        painters,
        language=screen.language,
        strength=settings.painting.strength,
        timing=timing,
        printing=bool(settings.printer.command),
        is_pin=(lambda typed: is_pin(typed, pin)) if pin else None,
    )


def _mixes(settings: KioskSettings) -> list[Mix]:
    styles = [find_style(name) for name in settings.painting.styles] or list_styles()
    return [((style, 1.0),) for style in styles]


def _share_server(
    settings: KioskSettings, store: PictureStore, stack: ExitStack
) -> ShareServer | None:
    asked = settings.take_home
    if not asked.on:
        return None
    server = ShareServer(
        store.folder, port=asked.port, address=asked.address, catalogues=settings.screen.words
    )
    return stack.enter_context(closing(server))


def _host_server(settings: KioskSettings, stack: ExitStack) -> HostServer | None:
    host = settings.host
    if not host.token:
        return None
    return stack.enter_context(closing(HostServer(port=host.port, token=host.token)))


def _pipeline(
    settings: KioskSettings, first: Mix, heart: Heartbeat | None, stack: ExitStack
) -> LivePipeline:
    meter = Meter()
    worker = PaintWorker(
        lambda device: Stylizer(first, device=device),
        settings.painting.device,
        meter=meter,
        rescued=_crashed_before(),
        busy=heart.busy if heart is not None else nullcontext,
    )
    stack.callback(worker.close)
    source = stack.enter_context(closing(_camera(settings)))
    return LivePipeline(source, worker, meter=meter)


def _outputs(settings: KioskSettings) -> Mapping[str, Callable[[], Sink]]:
    factories = output_factories(settings.outputs)
    if (folder := settings.outputs.record) is not None:
        factories["film"] = partial(_start_film, folder)
    return factories


def _start_film(folder: Path) -> Recorder:
    recorder = Recorder(folder, segment_s=_FILM_S)
    recorder.start()
    return recorder


def _camera(settings: KioskSettings) -> ReconnectingCamera:
    asked = settings.camera
    if not is_device(asked.camera):  # a clip keeps its own shape, may stand still and be dark
        return ReconnectingCamera(partial(connect, asked.camera), judge=False, patient=True)
    wishes = partial(
        connect,
        asked.camera,
        size=asked.size,
        fps=asked.fps,
        fourcc=asked.fourcc,
        backend=asked.backend,
    )
    return ReconnectingCamera(wishes, patient=True)


def new_secrets(pin: str) -> str:
    """The lines of ``[host]`` for this PIN, with a new token: to stand in the settings in place of theirs."""
    return f'[host]\npin = "{hash_pin(pin)}"\ntoken = "{secrets.token_urlsafe(16)}"'
