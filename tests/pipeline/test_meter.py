"""Frame rates and stage times, by a clock that the test turns."""

from __future__ import annotations

import pytest

from realtime_style.pipeline.meter import Meter
from realtime_style.testing.style_files import FakeClock


def ticks(meter: Meter, clock: FakeClock, count: int, interval_s: float) -> None:
    meter.tick()
    for _ in range(count - 1):
        clock.sleep(interval_s)
        meter.tick()


def test_31_frames_a_thirtieth_apart_are_30_fps(fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    ticks(meter, fake_clock, 31, 1 / 30)
    assert meter.fps(1.0) == pytest.approx(30.0)
    assert meter.fps() == pytest.approx(30.0)
    assert meter.frames == 31


def test_fps_is_of_the_window_not_of_the_whole_run(fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    ticks(meter, fake_clock, 100, 1 / 10)
    fake_clock.sleep(1 / 10)
    ticks(meter, fake_clock, 100, 1 / 40)
    assert meter.fps(2.0) == pytest.approx(40.0)


def test_a_second_without_a_frame_is_0_fps(fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    ticks(meter, fake_clock, 31, 1 / 30)
    fake_clock.sleep(0.9)
    assert meter.fps(2.0) > 20
    fake_clock.sleep(0.1)
    assert meter.fps(2.0) == 0


@pytest.mark.parametrize("frames", [0, 1])
def test_fewer_than_two_frames_have_no_rate(fake_clock: FakeClock, frames: int) -> None:
    meter = Meter(fake_clock)
    for _ in range(frames):
        meter.tick()
    assert meter.fps() == 0


def test_stage_times_are_percentiles_in_milliseconds(fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    for milliseconds in range(1, 102):
        with meter.stage("stylize"):
            fake_clock.sleep(milliseconds / 1000)
    meter.add("show", 3.0)
    summary = meter.summary()
    assert list(summary) == ["stylize", "show"]
    assert summary["stylize"] == pytest.approx({"p50": 51.0, "p95": 96.0})
    assert summary["show"] == pytest.approx({"p50": 3.0, "p95": 3.0})


def test_stage_that_raises_does_not_count(fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    with pytest.raises(ValueError, match="no"), meter.stage("stylize"):
        raise ValueError("no")
    assert meter.summary() == {}


def test_memory_is_bounded_by_the_last_thousand_times(fake_clock: FakeClock) -> None:
    meter = Meter(fake_clock)
    for _ in range(5000):
        meter.add("stylize", 100.0)
        meter.tick()
    for _ in range(1000):
        meter.add("stylize", 1.0)
    assert meter.frames == 5000
    assert meter.summary()["stylize"]["p95"] == pytest.approx(1.0)  # the old ones are forgotten
