"""Transitions of the kiosk, second by second, without a screen or a camera."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from realtime_style.kiosk.state.model import (
    CameraLost,
    ChooseArtist,
    ChooseLanguage,
    Digit,
    Effect,
    Event,
    Host,
    HostChooseArtist,
    Rules,
    Scene,
    SetStrength,
    SystemEvent,
    Timing,
    Touch,
)
from realtime_style.kiosk.state.transitions import first_state, step

RULES = Rules(artists=9, language="fr", strength=0.8, printing=True)


class Visit:
    """A kiosk's state, its clock, and all effects so far."""

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
            self.do(SystemEvent.TICK)
        return self.state.scene


def test_visitor_takes_a_picture_home() -> None:
    visit = Visit()
    assert visit.do(Touch.SCREEN) is Scene.LIVE
    assert (
        visit.do(ChooseArtist(4), SetStrength(0.5), ChooseLanguage("nl"), Touch.SHOOT)
        is Scene.COUNTDOWN
    )
    assert visit.wait(2.8) is Scene.COUNTDOWN
    assert visit.done == [Effect.COUNT_VISITOR]
    assert visit.wait(0.4) is Scene.REVIEW
    assert visit.do(Touch.KEEP) is Scene.CARD
    assert visit.do(Touch.PRINT, Touch.DONE) is Scene.LIVE
    # and nothing of it is left for the next visitor to see
    assert visit.done == [
        Effect.COUNT_VISITOR,
        Effect.SHOOT,
        Effect.MAKE_CARD,
        Effect.PRINT,
        Effect.FORGET,
    ]
    assert (visit.state.artist, visit.state.strength, visit.state.language) == (4, 0.5, "nl")


def test_film_lasts_its_time_and_is_not_printed() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.FILM)
    assert visit.wait(3.1) is Scene.FILMING
    assert visit.wait(4.7) is Scene.FILMING
    assert visit.wait(0.4) is Scene.REVIEW
    visit.do(Touch.KEEP, Touch.PRINT)
    assert visit.done == [
        Effect.COUNT_VISITOR,
        Effect.START_FILM,
        Effect.END_FILM,
        Effect.MAKE_CARD,
    ]


def test_first_touch_only_wakes_the_kiosk() -> None:
    visit = Visit()
    assert visit.do(Touch.SHOOT) is Scene.LIVE
    assert visit.do(ChooseArtist(3)) is Scene.LIVE
    assert visit.state.artist == 3


def test_artists_take_turns_while_nobody_is_there() -> None:
    visit = Visit()
    visit.wait(12.5)
    assert visit.state.artist == 1
    visit.wait(9 * 12.1)
    assert visit.state.artist == 1  # all nine
    visit.do(Touch.SCREEN)
    visit.wait(40)
    assert visit.state.artist == 1


@pytest.mark.parametrize(
    ("events", "seconds", "forgotten"),
    [
        ([Touch.SCREEN], 45, False),
        ([Touch.SCREEN, ChooseLanguage("de"), SetStrength(0.1)], 45, False),
        ([Touch.SCREEN, Touch.SHOOT], 3 + 60, True),
        ([Touch.SCREEN, Touch.FILM], 3 + 5 + 60, True),
    ],
)
def test_abandoned_visit_ends(events: list[Event], seconds: float, forgotten: bool) -> None:
    visit = Visit()
    visit.do(*events)
    assert visit.wait(seconds - 0.5) is not Scene.ATTRACT
    assert visit.wait(1.5) is Scene.ATTRACT
    assert (visit.state.language, visit.state.strength) == ("fr", 0.8)
    assert visit.done[-1] is Effect.END_VISIT
    assert (Effect.FORGET in visit.done) is forgotten


def test_abandoned_card_leaves_the_screen_and_is_kept() -> None:
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
    assert visit.done == [Effect.COUNT_VISITOR]  # there was none yet
    visit.do(Touch.SHOOT)
    visit.wait(4)
    assert visit.do(Touch.DISCARD) is Scene.LIVE
    visit.do(Touch.FILM)
    visit.wait(4)
    assert visit.do(Touch.CANCEL) is Scene.LIVE
    assert visit.done == [
        Effect.COUNT_VISITOR,
        Effect.SHOOT,
        Effect.FORGET,
        Effect.START_FILM,
        Effect.FORGET,
    ]


def test_lost_camera_covers_only_scenes_that_need_it() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT, CameraLost("unplugged"))
    assert visit.state.covered
    assert visit.state.scene is Scene.LIVE
    assert visit.do(Touch.SHOOT) is Scene.LIVE
    visit.do(SystemEvent.CAMERA_BACK, Touch.SHOOT)
    assert not visit.state.covered
    visit.wait(4)
    visit.do(CameraLost("unplugged"))
    assert visit.state.scene is Scene.REVIEW
    assert not visit.state.covered  # the picture is there: it can be kept without a camera
    assert visit.do(Touch.KEEP) is Scene.CARD
    assert visit.do(Touch.DONE) is Scene.LIVE
    assert visit.state.covered


def test_scene_is_there_again_when_the_camera_is_back() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, ChooseArtist(5), CameraLost("frozen"))
    visit.wait(40)
    visit.do(SystemEvent.CAMERA_BACK)
    assert visit.wait(40) is Scene.LIVE  # the wait does not count as being away
    assert visit.state.artist == 5


def test_break_ends_the_visit_and_no_touch_ends_the_break() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    visit.do(Host.PAUSE)
    assert visit.done[-2:] == [Effect.FORGET, Effect.END_VISIT]
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


def test_gesture_and_pin_open_the_menu_in_any_scene() -> None:
    visit = Visit(GUARDED)
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    assert opened(visit, "4711") is Scene.MENU
    assert visit.done[-2:] == [Effect.FORGET, Effect.END_VISIT]
    visit.do(Touch.SCREEN, Touch.SHOOT, ChooseArtist(3))
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


def test_keypad_is_locked_for_longer_with_each_wrong_pin() -> None:
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
    assert visit.state.wrong_pins == 0


def test_restart_gives_no_new_tries() -> None:
    visit = Visit(GUARDED)
    visit.state = first_state(GUARDED, visit.now, wrong_pins=6)
    assert opened(visit, "4711") is Scene.PIN
    visit.now += 115
    assert visit.do(*map(Digit, "4711"), Touch.PIN_DONE) is Scene.PIN
    visit.now += 10
    assert visit.do(*map(Digit, "4711"), Touch.PIN_DONE) is Scene.MENU


def test_keypad_deletes_digits_and_closes() -> None:
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


def test_host_changes_the_artist_from_the_phone() -> None:
    visit = Visit(GUARDED)
    visit.do(Touch.SCREEN, Host.NEXT_ARTIST)
    assert (visit.state.scene, visit.state.artist) == (Scene.LIVE, 1)
    visit.do(HostChooseArtist(7))
    assert (visit.state.scene, visit.state.artist) == (Scene.LIVE, 7)
    visit.do(HostChooseArtist(9), HostChooseArtist(-1))
    assert visit.state.artist == 7


@pytest.mark.parametrize("event", [Host.NEXT_ARTIST, HostChooseArtist(3)])
def test_change_by_the_host_extends_no_visit_and_no_capture(event: Event) -> None:
    visit = Visit(GUARDED)
    visit.do(Touch.SCREEN, Touch.SHOOT)
    assert visit.do(event) is Scene.COUNTDOWN
    assert visit.state.artist == 0  # whose picture is on screen when it is captured
    assert visit.wait(4) is Scene.REVIEW
    touched = visit.state.touched
    visit.wait(1)
    visit.do(event)
    assert visit.state.touched == touched
    assert visit.state.artist != 0


def test_failed_card_leads_back_to_the_picture() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    visit.do(Touch.KEEP)
    assert visit.do(SystemEvent.CARD_FAILED) is Scene.REVIEW
    assert visit.do(Touch.KEEP) is Scene.CARD


@pytest.mark.parametrize(("touch", "seconds"), [(Touch.SHOOT, 3.1), (Touch.FILM, 8.2)])
def test_capture_of_nothing_leads_back_to_the_live_picture(touch: Touch, seconds: float) -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, touch)
    assert visit.wait(seconds) is Scene.REVIEW
    assert visit.do(SystemEvent.CAPTURE_FAILED) is Scene.LIVE
    assert visit.done[-1] is Effect.FORGET
    assert visit.do(Touch.KEEP) is Scene.LIVE
    assert Effect.MAKE_CARD not in visit.done
    assert visit.do(SystemEvent.CAPTURE_FAILED) is Scene.LIVE  # too late for any capture


def test_unsteady_camera_keeps_no_picture_on_screen() -> None:
    visit = Visit()
    visit.do(Touch.SCREEN, Touch.SHOOT)
    visit.wait(4)
    assert visit.state.scene is Scene.REVIEW
    for _ in range(40):
        visit.do(CameraLost("the same picture"))
        visit.wait(1)
        visit.do(SystemEvent.CAMERA_BACK)
        visit.wait(1)
    assert visit.wait(0) is Scene.ATTRACT


def test_events_without_meaning_change_nothing() -> None:
    visit = Visit(replace(RULES, printing=False))
    visit.do(Touch.SCREEN)
    before = replace(visit.state)
    visit.do(
        ChooseArtist(9),
        ChooseArtist(-1),
        Touch.KEEP,
        Touch.PRINT,
        Touch.DONE,
        Touch.CANCEL,
        SystemEvent.CARD_FAILED,
    )
    assert visit.state == before
    visit.do(SetStrength(7.0))
    assert visit.state.strength == 1


def test_ten_hours_of_random_events_end_in_the_first_state() -> None:
    chance = random.Random(0)
    timing = Timing()
    visit = Visit()
    events: list[Event] = [
        *Touch,
        ChooseArtist(3),
        SetStrength(0.2),
        ChooseLanguage("en"),
        CameraLost("gone"),
        *SystemEvent,
        Host.PAUSE,
        Host.NEXT_ARTIST,
        HostChooseArtist(4),
        Digit("1"),
    ]
    taken = 0
    for _ in range(36_000):
        visit.now += chance.choice([0.05, 0.5, 2.0, 30.0])
        visit.do(chance.choice(events), SystemEvent.TICK)
        assert 0 <= visit.state.artist < 9
    for effect in visit.done:  # a picture is taken, and then kept or forgotten, before the next
        if effect in {Effect.SHOOT, Effect.START_FILM}:
            assert taken == 0
            taken = 1
        elif effect in {Effect.MAKE_CARD, Effect.FORGET}:
            taken = 0
    visit.do(SystemEvent.CAMERA_BACK)
    if visit.state.on_break:
        visit.do(Host.PAUSE)
    visit.wait(timing.countdown + timing.film + max(timing.review, timing.card, timing.idle) + 1)
    begun = first_state(RULES, visit.now)
    state = visit.state
    assert replace(state, since=0, touched=0, artist_since=0, artist=0, corner=()) == replace(
        begun, since=0, touched=0, artist_since=0
    )
    assert len(visit.done) > 1000
