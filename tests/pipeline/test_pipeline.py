"""Source to stylizer to screen: overlap, order, effects, and a chip that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame, LiveFrame
from realtime_style.pipeline.look import Look
from realtime_style.pipeline.meter import Meter
from realtime_style.pipeline.paint_worker import PaintWorker
from realtime_style.pipeline.pipeline import LivePipeline, in_order
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.mix import Mix, parse_mix
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.testing.style_files import FakeClock


class Frames:
    """A live source that has the given frames, one each time it is asked."""

    problem, hung, dropped, info = "", False, 0, None

    def __init__(self, images: Sequence[Frame] = ()) -> None:
        self.images = list(images)
        self.waits: list[float] = []

    def take(self, timeout_s: float) -> LiveFrame | None:
        self.waits.append(timeout_s)
        if not self.images:
            return None
        return LiveFrame(self.images.pop(0), float(len(self.waits)), len(self.waits))

    def close(self) -> None:
        pass


class Devices:
    """Opens stylizers and notes where; `broken` ones fail to paint."""

    def __init__(self, mix: Mix) -> None:
        self.mix, self.opened, self.broken = mix, list[str](), set[str]()
        self.painting, self.go = threading.Semaphore(0), threading.Semaphore(10**6)

    def open(self, device: str) -> Stylizer:
        self.opened.append(device)
        devices = self

        class Watched(Stylizer):
            def __call__(self, frame: Frame) -> Frame:
                devices.painting.release()
                assert devices.go.acquire(timeout=30)
                if device in devices.broken:
                    raise RealtimeStyleError("the graphics chip has gone")
                return super().__call__(frame)

        return Watched(self.mix, device="cpu")


@pytest.fixture
def mix(tiny_style: Path) -> Mix:
    return parse_mix(str(tiny_style))


@pytest.fixture
def devices(mix: Mix) -> Devices:
    return Devices(mix)


@pytest.fixture
def look(mix: Mix) -> Look:
    return Look(mix, steadiness=0.0)


@pytest.fixture
def worker(devices: Devices) -> Iterator[PaintWorker]:
    worker = PaintWorker(devices.open, "cuda", meter=Meter())
    yield worker
    worker.close()


def grey(level: int, width: int = 64, height: int = 48) -> Frame:
    return np.full((height, width, 3), level, np.uint8)


def paint(worker: PaintWorker, frame: Frame, look: Look) -> Frame:
    worker.start(frame, look)
    return worker.finish()


# the pipeline


def test_next_frame_is_painted_while_this_one_is_shown(
    devices: Devices, worker: PaintWorker, look: Look
) -> None:
    pipeline = LivePipeline(Frames([grey(10), grey(20)]), worker, meter=Meter())
    painted = pipeline.step(look, 0.05)
    assert painted is not None
    assert painted.picture[0, 0, 0] == 245
    assert devices.painting.acquire(timeout=30)
    assert devices.painting.acquire(timeout=30)  # begun before anybody asked for it
    following = pipeline.step(look, 0.05)
    assert following is not None
    assert following.picture[0, 0, 0] == 235
    assert (painted.source.number, following.source.number) == (1, 2)


def test_frame_keeps_its_time(worker: PaintWorker, look: Look) -> None:
    pipeline = LivePipeline(Frames([grey(10)]), worker, meter=Meter())
    painted = pipeline.step(look, 0.05)
    assert painted is not None
    assert painted.source.captured_at == 1.0


def test_source_is_waited_for_only_while_nothing_is_painted(
    worker: PaintWorker, look: Look
) -> None:
    source = Frames([grey(10)])
    pipeline = LivePipeline(source, worker, meter=Meter())
    assert pipeline.step(look, 0.05) is not None
    assert pipeline.step(look, 0.05) is None
    assert source.waits == [0.05, 0, 0.05]


def test_without_a_look_nothing_is_painted_or_shown(
    devices: Devices, worker: PaintWorker, look: Look
) -> None:
    source = Frames([grey(10), grey(20), grey(30)])
    pipeline = LivePipeline(source, worker, meter=Meter())
    assert pipeline.step(look, 0.05) is not None
    assert pipeline.step(None, 0.05) is None  # thrown away: it was under way
    assert pipeline.step(None, 0.05) is None
    assert not worker.busy
    assert source.images == []
    assert pipeline.meter.frames == 1


def test_frozen_look_paints_the_same_frame_again(worker: PaintWorker, look: Look) -> None:
    source = Frames([grey(10), grey(20), grey(30)])
    pipeline = LivePipeline(source, worker, meter=Meter())
    pipeline.step(look, 0.05)
    frozen = replace(look, frozen=True)
    pipeline.step(frozen, 0.05)
    pictures = [pipeline.step(frozen, 0.05) for _ in range(3)]
    assert {int(each.picture[0, 0, 0]) for each in pictures if each} == {235}
    assert len(source.images) == 1


def test_effects_see_photo_and_painting_in_order(devices: Devices, look: Look) -> None:
    seen: list[tuple[int, int]] = []

    def darken(photo: Frame, painted: Frame) -> Frame:
        seen.append((int(photo[0, 0, 0]), int(painted[0, 0, 0])))
        return painted // 2

    def brighten(photo: Frame, painted: Frame) -> Frame:
        return painted + 5

    worker = PaintWorker(devices.open, "cpu", meter=Meter(), effects=(darken, brighten))
    try:
        assert paint(worker, grey(10), look)[0, 0, 0] == 245 // 2 + 5
        assert seen == [(10, 245)]
    finally:
        worker.close()


def test_mirror_and_split_are_applied_to_photo_and_painting(
    worker: PaintWorker, look: Look
) -> None:
    photo = grey(10)
    photo[:, :32] = 50  # the left half of what the camera sees
    picture = paint(worker, photo, replace(look, mirror=True, split=True))
    assert picture[0, 0, 0] == 10  # the photograph, mirrored
    assert picture[0, 32, 0] == 255  # the line
    assert picture[0, -1, 0] == 255 - 50


# the worker


def test_chip_that_fails_is_replaced_by_the_cpu_at_a_lower_size(
    devices: Devices, worker: PaintWorker, look: Look
) -> None:
    photo = TestPattern(800, 600).picture(0)
    assert worker.paint_size is None
    paint(worker, photo, look)
    devices.broken = {"cuda"}
    picture = paint(worker, photo, look)
    assert picture.shape == photo.shape
    assert devices.opened == ["cuda", "cpu"]
    assert worker.paint_size == 480
    assert "on the CPU: the graphics chip has gone" in worker.problem


def test_cpu_that_fails_ends_it_with_an_error(
    devices: Devices, worker: PaintWorker, look: Look
) -> None:
    devices.broken = {"cuda", "cpu"}
    with pytest.raises(RealtimeStyleError, match="has gone"):
        paint(worker, grey(10), look)


def test_rescued_worker_paints_smaller_on_the_cpu_from_the_start(devices: Devices) -> None:
    worker = PaintWorker(devices.open, "auto", meter=Meter(), rescued=True)
    assert devices.opened == ["cpu"]
    assert worker.paint_size == 480
    worker.close()


def test_first_painting_counts_as_busy_also_after_strength_0(devices: Devices, look: Look) -> None:
    waits = 0

    @contextmanager
    def busy() -> Iterator[None]:
        nonlocal waits
        waits += 1
        yield

    worker = PaintWorker(devices.open, "cpu", meter=Meter(), busy=busy)
    for strength, expected in ((0.0, 0), (0.0, 0), (1.0, 1), (1.0, 1)):
        paint(worker, grey(10), replace(look, strength=strength))
        assert waits == expected
    worker.close()


def test_painting_is_timed(devices: Devices, look: Look, fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    worker = PaintWorker(devices.open, "cpu", meter=meter)
    paint(worker, grey(10), look)
    assert list(meter.summary()) == ["stylize"]
    worker.close()


# files


def test_files_are_worked_on_in_order_and_ahead_of_the_caller() -> None:
    begun = [threading.Event() for _ in range(4)]

    def work(number: int) -> int:
        begun[number].set()
        return number * number

    results = []
    for number, square in in_order(range(4), work):
        results.append(square)
        if number < 3:
            assert begun[number + 1].wait(30)  # while this result is handled
    assert results == [0, 1, 4, 9]


def test_items_that_need_no_work_pass_by() -> None:
    items = [1, -1, 2, -2, 3]
    done = list(in_order(items, lambda item: item * 10, needs_work=lambda item: item > 0))
    assert [item for item, result in done if result is None] == [-1, -2]
    assert [result for _, result in done if result is not None] == [10, 20, 30]


def test_error_in_the_work_comes_after_the_results_before() -> None:
    def work(number: int) -> int:
        return 10 // (2 - number)

    results = in_order(range(4), work)
    assert next(results) == (0, 5)
    assert next(results) == (1, 10)
    with pytest.raises(ZeroDivisionError):
        next(results)
