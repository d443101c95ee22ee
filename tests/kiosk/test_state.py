"""What the kiosk does when, by the second, without a screen or a camera."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from realtime_style.kiosk.state.model import (
    CameraLost,
    Choose,
    Digit,
    Effect,
    Event,
    Happening,
    Host,
    HostChoose,
    Rules,
    Scene,
    Speak,
    Strength,
    Timing,
    Touch,
)
from realtime_style.kiosk.state.transitions import first_state, step

RULES = Rules(painters=9, language="fr", strength=0.8, printing=True)


class Visit:
    """A kiosk to play with: its state, its clock, and all it was told to do."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.rules = rules
        self.now = 100.0
        self.state = first_state(rules, self.now)
        self.done: list[Effect] = []

    def do(self, *events: Event) -> Scene:
        for event in events:
            self.state, effects = step(self.state, event, self.now, self.rules)
            self.done += effects
        return self.state.scene

    def wait(self, seconds: float) -> Scene:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.do(Happening.TICK)
        return self.state.scene


def test_visitor_takes_a_picture_home() -> None:
    visit = Visit()
    assert visit.do(Touch.SCREEN) is Scene.LIVE
    assert visit.do(Choose(4), Strength(0.5), Speak("nl"), Touch.SHOOT) is Scene.COUNTDOWN
    assert visit.wait(2.8) is Scene.COUNTDOWN
    assert visit.done == [Effect.GREET]
    assert visit.wait(0.4) is Scene.REVIEW
    assert visit.do(Touch.KEEP) is Scene.CARD
    assert visit.do(Touch.PRINT, Touch.DONE) is Scene.LIVE
    # and nothing of it is left for the next visitor to see
    assert visit.done == [Effect.GREET, Effect.SHOOT, Effect.MAKE_CARD, Effect.PRINT, Effect.FORGET]
    assert (visit.state.painter, visit.state.strength, visit.state.language) == (4, 0.5, "nl")


def test_moving_picture_is_filmed_for_its_time_and_not_printed() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.FILM)
    assert visit.wait(3.1) is Scene.FILMING
    assert visit.wait(4.7) is Scene.FILMING
    assert visit.wait(0.4) is Scene.REVIEW
    visit.do(Touch.KEEP, Touch.PRINT)
    assert visit.done == [Effect.GREET, Effect.START_FILM, Effect.END_FILM, Effect.MAKE_CARD]


def test_first_touch_only_wakes_it() -> None:
    visit = Visit()
    assert visit.do(Touch.SHOOT) is Scene.LIVE
    assert visit.do(Choose(3)) is Scene.LIVE
    assert visit.state.painter == 3


def test_painters_take_turns_while_nobody_is_there_and_stay_while_somebody_is() -> None:
    visit = Visit()
    visit.wait(12.5)
    assert visit.state.painter == 1
    visit.wait(9 * 12.1)
    assert visit.state.painter == 1  # all nine
    visit.do(Touch.SCREEN)
    visit.wait(40)
    assert visit.state.painter == 1


@pytest.mark.parametrize(
    ("events", "seconds", "forgotten"),
    [
        ([Touch.SCREEN], 45, False),
        ([Touch.SCREEN, Speak("de"), Strength(0.1)], 45, False),
        ([Touch.SCREEN, Touch.SHOOT], 3 + 60, True),
        ([Touch.SCREEN, Touch.FILM], 3 + 5 + 60, True),
    ],
)
def test_left_alone_it_starts_again_for_somebody_else(
    events: list[Event], seconds: float, forgotten: bool
) -> None:
    visit = Visit()
    visit.do(*events)
    assert visit.wait(seconds - 0.5) is not Scene.ATTRACT
    assert visit.wait(1.5) is Scene.ATTRACT
    assert (visit.state.language, visit.state.strength) == ("fr", 0.8)
    assert visit.done[-1] is Effect.LEAVE
    assert (Effect.FORGET in visit.done) is forgotten


def test_card_left_alone_is_taken_off_the_screen_and_not_forgotten() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    visit.do(Touch.KEEP)
    assert visit.wait(89) is Scene.CARD
    assert visit.wait(2) is Scene.ATTRACT
    assert Effect.FORGET not in visit.done


def test_discarded_and_cancelled_pictures_are_forgotten() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    assert visit.do(Touch.CANCEL) is Scene.LIVE
    assert visit.done == [Effect.GREET]  # there was none yet
    visit.do(Touch.SHOOT)
    visit.wait(4)
    assert visit.do(Touch.DISCARD) is Scene.LIVE
    visit.do(Touch.FILM)
    visit.wait(4)
    assert visit.do(Touch.CANCEL) is Scene.LIVE
    assert visit.done == [
        Effect.GREET,
        Effect.SHOOT,
        Effect.FORGET,
        Effect.START_FILM,
        Effect.FORGET,
    ]


def test_lost_camera_covers_the_scene_and_spoils_only_what_needs_it() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT, CameraLost("unplugged"))
    assert visit.state.covered
    assert visit.state.scene is Scene.LIVE
    assert visit.do(Touch.SHOOT) is Scene.LIVE
    visit.do(Happening.CAMERA_BACK, Touch.SHOOT)
    assert not visit.state.covered
    visit.wait(4)
    visit.do(CameraLost("unplugged"))
    assert visit.state.scene is Scene.REVIEW
    assert not visit.state.covered  # the picture is there: it can be kept without a camera
    assert visit.do(Touch.KEEP) is Scene.CARD
    assert visit.do(Touch.DONE) is Scene.LIVE
    assert visit.state.covered


def test_visitor_finds_the_scene_again_when_the_camera_is_back() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Choose(5), CameraLost("frozen"))
    visit.wait(40)
    visit.do(Happening.CAMERA_BACK)
    assert visit.wait(40) is Scene.LIVE  # the wait does not count as being away
    assert visit.state.painter == 5


def test_break_ends_the_visit_and_no_touch_ends_the_break() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    visit.do(Host.PAUSE)
    assert visit.done[-2:] == [Effect.FORGET, Effect.LEAVE]
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(600)
    assert visit.state.covered
    visit.do(Host.PAUSE)
    assert visit.state.scene is Scene.ATTRACT
    assert not visit.state.covered
    assert visit.do(Touch.SCREEN) is Scene.LIVE


def opened(visit: Visit, pin: str) -> Scene:
    """The corner is touched five times and a PIN typed."""
    for _ in range(5):
        visit.now += 0.4
        visit.do(Touch.CORNER)
    return visit.do(*map(Digit, pin), Touch.PIN_DONE)


GUARDED = replace(RULES, is_pin=lambda pin: pin == "4711")


def test_host_gets_to_the_menu_by_gesture_and_pin_from_any_scene() -> None:
    visit = Visit(GUARDED)
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    assert opened(visit, "4711") is Scene.MENU
    assert visit.done[-2:] == [Effect.FORGET, Effect.LEAVE]
    visit.do(Touch.SCREEN, Touch.SHOOT, Choose(3))
    assert visit.state.scene is Scene.MENU
    visit.do(Host.PAUSE)
    assert visit.state.on_break
    assert visit.do(Host.LEAVE) is Scene.ATTRACT
    assert visit.state.covered
    assert opened(visit, "4711") is Scene.MENU
    assert not visit.state.covered
    visit.do(Host.PAUSE, Host.RESTART)
    assert visit.done[-1] is Effect.RESTART
    assert not visit.state.on_break


def test_slow_touches_of_the_corner_open_nothing() -> None:
    visit = Visit(GUARDED)
    for _ in range(20):
        visit.now += 1.1
        visit.do(Touch.CORNER)
    assert visit.state.scene is Scene.LIVE
    unguarded = Visit()
    assert opened(unguarded, "4711") is Scene.LIVE


def test_keypad_is_locked_after_five_wrong_pins_and_for_longer_each_time() -> None:
    visit = Visit(GUARDED)
    for wrong in range(5):
        assert opened(visit, f"000{wrong}") is Scene.PIN
        visit.do(Host.LEAVE)
    assert opened(visit, "4711") is Scene.PIN
    visit.now += 61
    assert visit.do(*map(Digit, "4712"), Touch.PIN_DONE) is Scene.PIN
    visit.now += 61
    assert visit.do(*map(Digit, "4711"), Touch.PIN_DONE) is Scene.PIN
    visit.now += 61
    assert visit.do(*map(Digit, "4711"), Touch.PIN_DONE) is Scene.MENU
    assert visit.state.wrong == 0


def test_new_start_is_no_new_set_of_tries() -> None:
    visit = Visit(GUARDED)
    visit.state = first_state(GUARDED, visit.now, wrong_pins=6)
    assert opened(visit, "4711") is Scene.PIN
    visit.now += 115
    assert visit.do(*map(Digit, "4711"), Touch.PIN_DONE) is Scene.PIN
    visit.now += 10
    assert visit.do(*map(Digit, "4711"), Touch.PIN_DONE) is Scene.MENU


def test_keypad_takes_digits_back_and_goes_away() -> None:
    visit = Visit(GUARDED)
    assert opened(visit, "") is Scene.PIN
    visit.do(*map(Digit, "47119"), Touch.PIN_BACK)
    assert visit.state.pin == "4711"
    visit.do(*[Touch.PIN_BACK] * 5)
    assert visit.state.scene is Scene.ATTRACT
    assert opened(visit, "") is Scene.PIN
    visit.do(Digit("4"))
    assert visit.wait(31) is Scene.ATTRACT
    assert visit.state.pin == ""


def test_host_changes_the_painter_from_afar() -> None:
    visit = Visit(GUARDED)
    visit.do(Touch.SCREEN, Host.NEXT_PAINTER)
    assert (visit.state.scene, visit.state.painter) == (Scene.LIVE, 1)
    visit.do(HostChoose(7))
    assert (visit.state.scene, visit.state.painter) == (Scene.LIVE, 7)
    visit.do(HostChoose(9), HostChoose(-1))
    assert visit.state.painter == 7


@pytest.mark.parametrize("event", [Host.NEXT_PAINTER, HostChoose(3)])
def test_host_who_changes_the_painter_holds_nobody_and_no_shutter(event: Event) -> None:
    visit = Visit(GUARDED)
    visit.do(Touch.SCREEN, Touch.SHOOT)
    assert visit.do(event) is Scene.COUNTDOWN
    assert visit.state.painter == 0  # whose picture is on screen when the shutter falls
    assert visit.wait(4) is Scene.REVIEW
    touched = visit.state.touched
    visit.wait(1)
    visit.do(event)
    assert visit.state.touched == touched
    assert visit.state.painter != 0


def test_card_that_could_not_be_made_leads_back_to_the_picture() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    visit.do(Touch.KEEP)
    assert visit.do(Happening.CARD_FAILED) is Scene.REVIEW
    assert visit.do(Touch.KEEP) is Scene.CARD


def test_camera_that_comes_and_goes_keeps_no_picture_on_screen() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    assert visit.state.scene is Scene.REVIEW
    for _ in range(40):
        visit.do(CameraLost("the same picture"))
        visit.wait(1)
        visit.do(Happening.CAMERA_BACK)
        visit.wait(1)
    assert visit.wait(0) is Scene.ATTRACT


def test_nonsense_changes_nothing() -> None:
    visit = Visit(replace(RULES, printing=False))
    visit.do(Touch.SCREEN)
    before = replace(visit.state)
    visit.do(
        Choose(9),
        Choose(-1),
        Touch.KEEP,
        Touch.PRINT,
        Touch.DONE,
        Touch.CANCEL,
        Happening.CARD_FAILED,
    )
    assert visit.state == before
    visit.do(Strength(7.0))
    assert visit.state.strength == 1


def test_ten_hours_of_wild_visitors_and_faults_always_end_where_they_began() -> None:
    chance = random.Random(0)
    timing = Timing()
    visit = Visit()
    events: list[Event] = [
        *Touch,
        Choose(3),
        Strength(0.2),
        Speak("en"),
        CameraLost("gone"),
        *Happening,
        Host.PAUSE,
        Host.NEXT_PAINTER,
        HostChoose(4),
        Digit("1"),
    ]
    taken = 0
    for _ in range(36_000):
        visit.now += chance.choice([0.05, 0.5, 2.0, 30.0])
        visit.do(chance.choice(events), Happening.TICK)
        assert 0 <= visit.state.painter < 9
    for effect in visit.done:  # a picture is taken, and then kept or forgotten, before the next
        if effect in {Effect.SHOOT, Effect.START_FILM}:
            assert taken == 0
            taken = 1
        elif effect in {Effect.MAKE_CARD, Effect.FORGET}:
            taken = 0
    visit.do(Happening.CAMERA_BACK)
    if visit.state.on_break:
        visit.do(Host.PAUSE)
    visit.wait(timing.countdown + timing.film + max(timing.review, timing.card, timing.idle) + 1)
    begun = first_state(RULES, visit.now)
    state = visit.state
    assert replace(state, since=0, touched=0, painter_since=0, painter=0, corner=()) == replace(
        begun, since=0, touched=0, painter_since=0
    )
    assert len(visit.done) > 1000
