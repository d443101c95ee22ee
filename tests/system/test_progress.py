"""A bar on a terminal, plain lines elsewhere, rates that count from the first report."""

from __future__ import annotations

import io
import re
import threading

import pytest

from realtime_style.system.progress import ProgressBar
from realtime_style.testing.style_files import FakeClock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock that tqdm looks at."""
    monkeypatch.setattr("tqdm.std.time", fake_clock)
    return fake_clock


def plain(total: int | None, unit: str = "frame") -> tuple[ProgressBar, io.StringIO]:
    stream = io.StringIO()
    return ProgressBar(total, unit, "clip.mp4", stream=stream), stream


def test_line_every_ten_seconds_with_rate_and_time_left(clock: FakeClock) -> None:
    progress, stream = plain(1000)
    for done in range(1, 251):
        progress.update(done)
        clock.sleep(0.125)
    assert stream.getvalue().splitlines() == [
        "clip.mp4: 81/1000 frame [00:10<01:54,  8.00 frame/s]",
        "clip.mp4: 161/1000 frame [00:20<01:44,  8.00 frame/s]",
        "clip.mp4: 241/1000 frame [00:30<01:34,  8.00 frame/s]",
    ]


def test_short_work_writes_no_line(clock: FakeClock) -> None:
    progress, stream = plain(5)
    with progress:
        for done in range(1, 6):
            clock.sleep(1)
            progress.update(done)
    assert stream.getvalue() == ""


def test_long_work_ends_with_one_final_line(clock: FakeClock) -> None:
    progress, stream = plain(25)
    for done in range(1, 26):
        clock.sleep(1)
        progress.update(done, "loss 3")
    progress.close()
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[-1] == "clip.mp4: 25/25 frame [00:24<00:00,  1.00 frame/s, loss 3]"


def test_final_line_is_not_repeated(clock: FakeClock) -> None:
    progress, stream = plain(11)
    for done in range(1, 12):
        progress.update(done)
        clock.sleep(1)
    progress.close()
    assert len(stream.getvalue().splitlines()) == 1


def test_rate_leaves_out_pieces_done_before_a_resume(clock: FakeClock) -> None:
    progress, stream = plain(1000)
    for done in range(501, 521):
        clock.sleep(2)
        progress.update(done)
    assert " 2.00s/ frame" in stream.getvalue()


def test_rate_leaves_out_the_time_before_the_first_report(clock: FakeClock) -> None:
    progress, stream = plain(1000)
    clock.sleep(100)  # a network is loaded
    for done in range(1, 21):
        progress.update(done)
        clock.sleep(1)
    assert " 1.00 frame/s" in stream.getvalue()


def test_late_total_is_used(clock: FakeClock) -> None:
    progress, stream = plain(None)
    for done in (1, 2, 3):
        progress.of(done, None if done < 3 else 6)
        clock.sleep(10)
    first, second = stream.getvalue().splitlines()
    assert re.match(r"clip\.mp4: 2/\? frame", first)
    assert second == "clip.mp4: 3/6 frame [00:20<00:30, 10.00s/ frame]"


def test_work_measured_in_seconds_has_no_rate(clock: FakeClock) -> None:
    progress, stream = plain(7300, "s")
    for done in (1, 11):
        progress.update(done)
        clock.sleep(10)
    assert stream.getvalue() == "clip.mp4: 11/7300 s [00:10<2:01:29]\n"


def test_terminal_gets_a_bar_and_no_thread() -> None:
    stream = Terminal()
    threads = threading.active_count()
    with ProgressBar(None, "frame", "clip.mp4", stream=stream) as progress:
        progress.of(1, 4)
        progress.update(4, "loss 3")
        assert threading.active_count() == threads
    shown = stream.getvalue()
    assert "clip.mp4: 100%" in shown
    assert "4/4 frame" in shown
    assert "loss 3" in shown


def test_bar_starts_where_resumed_work_starts() -> None:
    stream = Terminal()
    with ProgressBar(1000, "step", "run", stream=stream) as progress:
        progress.update(501)
    assert "501/1000" in stream.getvalue()


def test_lines_go_to_stderr(clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = ProgressBar(3, "frame", "x")
    for done in (1, 2):
        progress.update(done)
        clock.sleep(20)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("x: 2/3 frame")
