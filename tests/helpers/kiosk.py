"""A kiosk without a window, in a world where tests make things go wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

from realtime_style.display.geometry import Box
from realtime_style.display.inputs import Input, Key
from realtime_style.display.sprites import Sprite
from realtime_style.errors import CameraNotFound, RealtimeStyleError
from realtime_style.frames import Frame, LiveFrame
from realtime_style.kiosk.app import Kiosk
from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.config.schema import CameraSettings, KioskSettings, PaintingSettings
from realtime_style.kiosk.pictures.card_maker import CardMaker
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.state.model import Rules
from realtime_style.kiosk.supervision.stats import RestartState
from realtime_style.pipeline.meter import Meter
from realtime_style.pipeline.paint_worker import PaintWorker
from realtime_style.pipeline.pipeline import LivePipeline
from realtime_style.sources.device import Connection
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.catalog import open_style_file
from realtime_style.styles.mix import Mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.testing.camera import FakeCapture
from realtime_style.testing.style_files import write_tiny_style


class World:
    """The kiosk's surroundings: a screen, a camera and two clocks, and their faults."""

    size_wh = (320, 240)
    problem = ""
    hung = False
    ahead = False
    """The next frame is there already when one is painted."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.wall = datetime(2026, 11, 25, 9, 0).timestamp()
        self.picture: Callable[[int], Frame] = TestPattern(64, 48).picture
        self.touches: list[Input] = []
        self.taken = 0
        self.shown: Frame | None = None
        self.devices: list[str] = []
        """Devices that a stylizer was opened on."""
        self.failures = 0
        """Number of times that painting is still to fail."""

    def stylizer(self, mix: Mix) -> Stylizer:
        world = self

        class Moody(Stylizer):
            def __call__(self, frame: Frame) -> Frame:
                if world.failures:
                    world.failures -= 1
                    raise RealtimeStyleError("the graphics chip has gone")
                return super().__call__(frame)

        return Moody(mix, device="cpu")

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    dropped = 0
    info = None

    def take(self, timeout_s: float) -> LiveFrame | None:
        if self.problem or (timeout_s == 0 and not self.ahead):
            return None
        self.taken += 1
        return LiveFrame(self.picture(self.taken), self.now, self.taken)

    def close(self) -> None:
        pass

    def show(self, picture: Frame | None, place: Box | str, sprites: Sequence[Sprite] = ()) -> None:
        self.shown = picture

    def inputs(self) -> list[Input]:
        touches, self.touches = self.touches, []
        return touches


@contextmanager
def open_kiosk(
    world: World,
    tmp_path: Path,
    *,
    rescued: bool = False,
    files: int = 1,
    before: RestartState | None = None,
    camera: str = "0",
    busy: Callable[[], AbstractContextManager[None]] | None = None,
) -> Iterator[Kiosk]:
    """A kiosk that notes in `world` the devices it paints on; two styles in each file."""
    written = [
        write_tiny_style(tmp_path / f"two{number}.onnx", names=(f"a{number}", f"b{number}"))
        for number in range(files)
    ]
    styles = [style for file in written for style in open_style_file(file)]
    mixes = [((style, 1.0),) for style in styles]
    store = PictureStore(tmp_path / "kept", hours=2, clock=lambda: world.wall)
    card_maker = CardMaker(store)

    def open_stylizer(device: str) -> Stylizer:
        world.devices.append(device)
        return world.stylizer(mixes[0])

    def clock() -> float:
        return world.now

    meter = Meter(clock)
    worker = PaintWorker(
        open_stylizer, "auto", meter=meter, rescued=rescued, busy=busy or nullcontext
    )
    kiosk = Kiosk(
        KioskSettings(
            camera=CameraSettings(camera=camera),
            painting=PaintingSettings(steadiness=0.0),  # which takes most of the time of a test
        ),
        Rules(len(mixes), language="en"),
        display=world,
        pipeline=LivePipeline(world, worker, meter=meter),
        mixes=mixes,
        languages=load_catalogues(),
        card_maker=card_maker,
        store=store,
        before=before,
        clock=clock,
    )
    yield kiosk
    kiosk.close()
    worker.close()
    card_maker.close()


def specialize(kiosk: Kiosk, world: World, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        world.pass_by(0.5)
        kiosk.tick()


def press(kiosk: Kiosk, world: World, *keys: str) -> None:
    for key in keys:
        world.touches = [Key(key)]
        kiosk.tick()


def made(kiosk: Kiosk, pictures: int) -> None:
    began = time.perf_counter()
    while kiosk.counters.pictures < pictures:
        kiosk.tick()
        time.sleep(0.01)
        assert time.perf_counter() - began < 30


class Port:
    """A port for cameras: each opening gets the one that is plugged in, or none."""

    def __init__(self) -> None:
        self.capture: FakeCapture | None = FakeCapture()
        self.tries = 0

    def connect(self) -> Connection:
        self.tries += 1
        if self.capture is None:
            raise CameraNotFound("no camera 0")
        if self.capture.released_by is not None:
            self.capture = FakeCapture()
        return Connection(self.capture, "camera 0")


def lasting_threads() -> int:
    """Number of threads, without the short one that specialises a network for its style."""
    return sum(thread.name != "specialize style" for thread in threading.enumerate())
