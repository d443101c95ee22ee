"""A bar on a terminal, plain lines elsewhere, figures that do not lie."""

from __future__ import annotations

import io
import threading

import pytest

from realtime_style.system.progress import Progress, make_progress
from realtime_style.testing.style_files import FakeClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(total: int | None, unit: str = "frame") -> tuple[Progress, io.StringIO, FakeClock]:
    stream, clock = io.StringIO(), FakeClock()
    return make_progress(total, unit, "clip.mp4", stream=stream, clock=clock), stream, clock


def test_a_line_about_every_ten_seconds_with_rate_and_time_left() -> None:
    progress, stream, clock = plain(1000)
    for done in range(1, 251):
        clock.sleep(0.125)
        progress.update(done)
    assert stream.getvalue().splitlines() == [
        "clip.mp4: 80 of 1000 frames, 8.0 a second, 1:55 left",
        "clip.mp4: 160 of 1000 frames, 8.0 a second, 1:45 left",
        "clip.mp4: 240 of 1000 frames, 8.0 a second, 1:35 left",
    ]


def test_short_work_says_nothing() -> None:
    progress, stream, clock = plain(5)
    with progress:
        for done in range(1, 6):
            clock.sleep(1)
            progress.update(done)
    assert stream.getvalue() == ""


def test_long_work_says_how_it_ended_once() -> None:
    progress, stream, clock = plain(21)
    for done in range(1, 22):
        clock.sleep(1)
        progress.update(done, "loss 3")
    progress.close()
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[-1] == "clip.mp4: 21 of 21 frames, 1.0 a second, loss 3"


def test_work_that_was_resumed_does_not_count_what_was_done_before() -> None:
    progress, stream, clock = plain(1000)
    for done in range(501, 521):
        clock.sleep(2)
        progress.update(done)
    assert "0.5" not in stream.getvalue()
    assert "2.0 s each" in stream.getvalue()


def test_a_total_that_comes_late_is_used() -> None:
    progress, stream, clock = plain(None)
    for done in (1, 2):
        clock.sleep(10)
        progress.of(done, None if done == 1 else 4)
    first, second = stream.getvalue().splitlines()
    assert first == "clip.mp4: 1 frames"
    assert second == "clip.mp4: 2 of 4 frames, 10.0 s each, 0:20 left"


def test_work_measured_in_seconds_has_no_rate() -> None:
    progress, stream, clock = plain(7300, "s")
    for done in (1, 11):
        clock.sleep(10)
        progress.update(done)
    assert stream.getvalue().splitlines()[-1] == "clip.mp4: 11 of 7300 s, 2:01:29 left"


def test_a_terminal_gets_a_bar() -> None:
    stream = Terminal()
    threads = threading.active_count()
    with make_progress(None, "frame", "clip.mp4", stream=stream) as progress:
        progress.of(1, 4)
        progress.update(4, "loss 3")
        assert threading.active_count() == threads
    shown = stream.getvalue()
    assert "clip.mp4: 100%" in shown
    assert "4/4" in shown
    assert "loss 3" in shown
    assert "frame" in shown


def test_the_bar_starts_where_resumed_work_starts() -> None:
    stream = Terminal()
    with make_progress(1000, "step", "run", stream=stream) as progress:
        progress.update(501)
    assert "501/1000" in stream.getvalue()


def test_everything_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    progress = make_progress(3, "frame", "x", clock=clock)
    clock.sleep(20)
    progress.update(1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "x: 1 of 3 frames\n"
