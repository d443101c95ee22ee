"""Keys change what is shown; styles change by cross-fades."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from realtime_style.styles.catalog import StyleRef
from realtime_style.styles.crossfade import FADE_S, MIN_STEPS, Crossfade, blend, ease
from realtime_style.styles.format import StyleInfo
from realtime_style.styles.mix import Mix
from realtime_style.system.folders import styles_folder
from realtime_style.webcam.controls import KEYS, MESSAGE_S, Action, Controls, Effect, caption


def single(name: str) -> Mix:
    info = StyleInfo(name, title=name.title(), artist="Somebody", year="1889")
    return ((StyleRef(Path(f"{name}.onnx"), 0, 1, info), 1.0),)


A, B, C = single("a"), single("b"), single("c")


def shares(mix: Mix) -> dict[str, float]:
    return {style.info.name: share for style, share in mix}


def fade_on(
    controls: Controls, start: float, seconds: float, step: float = 1 / 30
) -> list[dict[str, float]]:
    """The shares at each frame of the given time."""
    return [
        shares(controls.look(start + n * step).mix) for n in range(1, round(seconds / step) + 1)
    ]


def choose(controls: Controls, key: str, now: float) -> Mix:
    """Press a key that changes the style, and load at once."""
    assert controls.apply(key, now) is Effect.LOAD_STYLE
    assert controls.wanted is not None
    wanted = controls.wanted
    controls.style_ready(wanted, now)
    return wanted


def test_every_action_has_one_line_of_help_and_no_key_two_meanings():
    assert [key.action for key in KEYS] == list(Action)
    names = [name for key in KEYS for name in key.keys]
    assert len(names) == len(set(names))
    assert all(key.keys and key.shown and key.words for key in KEYS)


@pytest.mark.parametrize("key", [name for key in KEYS for name in key.keys])
def test_every_key_in_the_help_does_something(key: str):
    controls = Controls([A, B], strength=0.5)
    before = repr(controls)
    assert controls.apply(key, 0.0) is not None or repr(controls) != before


def test_other_keys_do_nothing():
    controls = Controls([A, B])
    before = repr(controls)
    assert controls.apply("j", 0.0) is None
    assert repr(controls) == before


def test_style_change_is_a_cross_fade_never_a_cut():
    controls = Controls([A, B])
    choose(controls, "n", 0.0)
    assert shares(controls.mix) == {"a": 1.0}
    frames = fade_on(controls, 0.0, FADE_S + 0.1)
    parts = [0.0, *(frame.get("b", 0.0) for frame in frames)]
    steps = [after - before for before, after in pairwise(parts)]
    assert min(steps) >= 0
    assert max(steps) < 0.1
    assert controls.mix == B
    assert sum(0 < part < 1 for part in parts) >= 20
    assert all(sum(frame.values()) == pytest.approx(1) for frame in frames)


def test_cross_fade_takes_several_frames_on_a_slow_machine_too():
    fade = Crossfade(A)
    fade.to(B, 0.0)
    seen = [shares(fade.advance(2.0 * n)).get("b", 0.0) for n in range(1, MIN_STEPS + 1)]
    assert seen[-1] == 1
    assert max(after - before for before, after in pairwise([0.0, *seen])) < 0.25


def test_cross_fade_waits_for_the_file_to_be_loaded():
    controls = Controls([A, B])
    controls.apply("n", 0.0)
    assert controls.wanted == B
    fade_on(controls, 0.0, 2.0)
    assert controls.mix == A
    assert controls.message(2.0) == "loading B ..."
    controls.style_ready(B, 2.0)
    fade_on(controls, 2.0, 1.0)
    assert controls.mix == B
    assert "loading" not in (controls.message(3.0) or "")


def test_loading_that_is_quick_flashes_no_message():
    controls = Controls([A, B])
    controls.apply("n", 0.0)
    assert controls.message(0.1) is None


def test_key_during_a_fade_starts_from_the_blend_on_screen():
    controls = Controls([A, B, C])
    choose(controls, "n", 0.0)
    fade_on(controls, 0.0, FADE_S / 2)
    before = shares(controls.mix)
    assert 0.3 < before["b"] < 0.7
    choose(controls, "n", 0.4)
    after = shares(controls.look(0.4 + 1 / 30).mix)
    assert all(abs(after.get(name, 0.0) - before.get(name, 0.0)) < 0.05 for name in "abc")
    fade_on(controls, 0.4, 2.0)
    assert controls.mix == C


def test_going_back_during_a_fade_ends_where_it_began():
    controls = Controls([A, B])
    choose(controls, "n", 0.0)
    fade_on(controls, 0.0, 0.3)
    choose(controls, "p", 0.3)
    fade_on(controls, 0.3, 1.5)
    assert controls.mix == A


def test_styles_go_round_in_both_directions():
    controls = Controls([A, B, C])
    assert [choose(controls, "n", now) for now in range(4)] == [B, C, A, B]
    assert [choose(controls, "left", now) for now in range(4)] == [A, C, B, A]


def test_several_presses_while_loading_go_on_from_the_style_wanted():
    controls = Controls([A, B, C])
    controls.apply("n", 0.0)
    controls.apply("n", 0.1)
    assert controls.wanted == C
    controls.style_ready(B, 0.2)  # the first press, too late
    assert controls.target == A
    controls.style_ready(C, 0.3)
    assert controls.target == C


def test_one_style_alone_says_how_to_get_more():
    controls = Controls([A])
    assert controls.apply("n", 0.0) is None
    message = controls.message(0.1) or ""
    assert "realtime-style train" in message
    assert str(styles_folder()) in message


def test_style_that_fails_to_load_is_named_and_passed_over():
    controls = Controls([A, B, C])
    controls.apply("n", 0.0)
    controls.style_failed(B, "damaged", 0.5)
    assert controls.message(0.6) == "B left out: damaged"
    assert controls.mix == A
    controls.apply("n", 1.0)
    assert controls.wanted == C


def test_strength_goes_by_tenths_and_stops_at_the_ends():
    controls = Controls([A], strength=0.85)
    seen = []
    for _ in range(3):
        controls.apply("up", 0.0)
        seen.append(controls.strength)
    assert seen == [0.95, 1.0, 1.0]
    for _ in range(12):
        controls.apply("-", 0.0)
    assert controls.strength == 0
    assert controls.message(0.1) == "strength 0 %"


def test_steadiness_goes_by_quarters_and_stops_at_the_ends():
    controls = Controls([A], steadiness=0.5)
    seen = []
    for key in "]]][[[[[":
        controls.apply(key, 0.0)
        seen.append(controls.steadiness)
    assert seen == [0.75, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert controls.message(0.1) == "steadiness 0 %"


def test_switches_switch_back():
    controls = Controls([A])
    switches = {
        "c": "keep_colours",
        "b": "split",
        "m": "mirror",
        "space": "frozen",
        "f": "fullscreen",
        "o": "overlay",
        "h": "help",
    }
    for key, name in switches.items():
        controls.apply(key, 0.0)
        assert getattr(controls, name) is True
        controls.apply(key, 0.0)
        assert getattr(controls, name) is False


def test_escape_puts_the_help_away_before_it_quits():
    controls = Controls([A])
    controls.apply("h", 0.0)
    assert controls.apply("esc", 0.0) is None
    assert not controls.help
    assert controls.apply("esc", 0.0) is Effect.QUIT
    controls.apply("h", 0.0)
    assert controls.apply("q", 0.0) is Effect.QUIT


def test_messages_go_away():
    controls = Controls([A])
    controls.say("hello", 10.0)
    assert controls.message(10.0 + MESSAGE_S - 0.01) == "hello"
    assert controls.message(10.0 + MESSAGE_S + 0.01) is None


def test_caption_is_that_of_a_museum():
    assert caption(A) == "A, Somebody, 1889"
    assert caption(blend(A, B, 0.25)) == "A 75 % + B 25 %"


def test_blends_sum_to_one_and_share_styles():
    half = blend(A, B, 0.5)
    assert shares(blend(half, B, 0.5)) == pytest.approx({"a": 0.25, "b": 0.75})
    assert blend(A, B, 1.0) == B


def test_easing_starts_and_ends_gently():
    assert (ease(0), ease(0.5), ease(1)) == (0, 0.5, 1)
    assert ease(0.05) < 0.01
    assert ease(0.95) > 0.99
