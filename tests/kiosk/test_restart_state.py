"""What a kiosk remembers over a restart."""

from __future__ import annotations

import pytest

from realtime_style.kiosk.supervision.stats import Counters, RestartState


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "no JSON",
        '{"counters": {"guests": 3}, "on_break": false}',
        "[]",
        '{"counters": 1, "on_break": true}',
    ],
)
def test_what_cannot_be_remembered_stops_no_start(line: str) -> None:
    assert RestartState.of_line(line) == RestartState()


def test_break_and_wrong_pins_outlast_a_fall() -> None:
    memory = RestartState(Counters(3, 1, {"a": 1}), on_break=True, wrong_pins=6)
    assert RestartState.of_line(memory.line()) == memory
