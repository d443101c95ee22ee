"""State that outlasts a restart."""

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
def test_unreadable_state_stops_no_start(line: str) -> None:
    assert RestartState.from_json(line) == RestartState()


def test_break_counters_and_wrong_pins_outlast_a_restart() -> None:
    state = RestartState(Counters(3, 1, {"a": 1}), on_break=True, wrong_pins=6)
    assert RestartState.from_json(state.to_json()) == state
