"""The kiosk's scenes, laid out without a window: sprites and touch targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from realtime_style.display.geometry import Box
from realtime_style.kiosk.state.model import (
    ChooseArtist,
    ChooseLanguage,
    Digit,
    Host,
    Rules,
    Scene,
    SetStrength,
    State,
    Touch,
)
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Artist, SceneLayout
from realtime_style.kiosk.ui.visitor_screens import lay_out
from tests.helpers.lettering import note_settings
from tests.helpers.screens import PAINTERS, WORDS, props

SIZES = [(1280, 720), (1920, 1080), (1024, 768), (1080, 1920)]


def centre(box: Box) -> tuple[int, int]:
    return box.x + box.width // 2, box.y + box.height // 2


def means(screen: SceneLayout) -> dict[object, Box]:
    return {target.event(*centre(target.box)): target.box for target in screen.targets}


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("scene", list(Scene))
def test_all_that_can_be_touched_is_on_the_screen_apart_and_within_reach(
    size_wh: tuple[int, int], scene: Scene
) -> None:
    screen = lay_out(State(scene=scene), props(size_wh), 0.0)
    width, height = size_wh
    finger = min(size_wh) * 0.09  # 3 cm on a screen of 24 inches
    targets = [target for target in screen.targets if target.event(0, 0) is not Touch.CORNER]
    for number, target in enumerate(targets):
        box = target.box
        assert box.x >= 0
        assert box.y >= height * (0.15 if scene in {Scene.PIN, Scene.MENU} else 0.45)
        assert box.x + box.width <= width
        assert box.y + box.height <= height
        assert min(box.width, box.height) >= finger * 0.6
        assert max(box.width, box.height) >= finger
        for other in targets[number + 1 :]:
            assert not any(
                other.box.holds(x, y)
                for x, y in ((box.x, box.y), centre(box), (box.x + box.width - 1, box.y))
            )


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("scene", list(Scene))
def test_nothing_lies_beside_the_screen(size_wh: tuple[int, int], scene: Scene) -> None:
    for sprite in lay_out(State(scene=scene), props(size_wh), 0.0).sprites:
        assert sprite.box.x >= 0
        assert sprite.box.x + sprite.box.width <= size_wh[0]


@pytest.mark.parametrize("scene", [Scene.ATTRACT, Scene.LIVE, Scene.COUNTDOWN, Scene.FILMING])
def test_sign_says_that_the_camera_is_on(scene: Scene) -> None:
    dot = widgets.panel(21, 21, widgets.RED, 1.0, 10)  # 3 hundredths of the height of 720
    assert any(sprite.image is dot for sprite in lay_out(State(scene=scene), props(), 0.0).sprites)


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("shown_elsewhere", [False, True])
def test_sign_says_where_the_picture_goes(
    recorded: bool, shown_elsewhere: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_in = note_settings(monkeypatch)
    widgets.label.cache_clear()
    scenes = [
        Scene.ATTRACT,
        Scene.LIVE,
        *([Scene.REVIEW, Scene.CARD] if recorded or shown_elsewhere else []),
    ]
    for scene in scenes:
        widgets.label.cache_clear()
        lay_out(State(scene=scene), props(recorded=recorded, shown_elsewhere=shown_elsewhere), 0.0)
    signs = [text for text, _ in set_in if text.startswith("The camera is on")]
    assert len(signs) == len(scenes)
    (sign,) = set(signs)
    assert ("filmed" in sign) == recorded
    assert ("No picture is kept" in sign) != recorded
    assert ("other screens" in sign) == shown_elsewhere


@pytest.mark.parametrize("changes", [{}, {"recorded": True}, {"shown_elsewhere": True}])
def test_nobody_is_told_that_a_picture_goes_nowhere_else_when_it_does(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_in = note_settings(monkeypatch)
    widgets.passing_label.cache_clear()
    lay_out(State(scene=Scene.REVIEW), props(**changes), 0.0)
    (consent,) = (text for text, _ in set_in if "12:40" in text)
    assert ("nowhere else" in consent) == (not changes)


def test_invitation_is_in_every_language(monkeypatch: pytest.MonkeyPatch) -> None:
    set_in = note_settings(monkeypatch)
    widgets.label.cache_clear()
    lay_out(State(language="nl"), props(language="nl"), 0.0)
    words = [text for text, _ in set_in]
    assert WORDS["nl"]("invite") in words
    assert " · ".join(WORDS[code]("invite") for code in ("en", "fr", "de")) in words


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de"])
@pytest.mark.parametrize("size_wh", SIZES)
def test_no_words_are_cut_and_none_too_small_to_read(
    language: str, size_wh: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_in = note_settings(monkeypatch)
    for drawn in (widgets.label, widgets.passing_label, widgets.button, widgets.slider):
        drawn.cache_clear()
    shown = props(size_wh, language)
    states = [State(scene=scene, language=language) for scene in Scene] + [
        State(on_break=True),
        State(camera_lost="gone"),
    ]
    for recorded in (True, False):
        for scene in (Scene.ATTRACT, Scene.REVIEW, Scene.CARD):
            lay_out(
                State(scene=scene), replace(shown, recorded=recorded, shown_elsewhere=True), 0.0
            )
    for state in states:
        for notice in ("", "print_failed", "keep_failed"):
            lay_out(state, replace(shown, notice=notice), 0.0)
    lay_out(State(scene=Scene.CARD), replace(shown, code=None), 0.0)
    lay_out(State(scene=Scene.CARD), replace(shown, code=None, card=None), 0.0)
    lay_out(State(scene=Scene.CARD), replace(shown, code=None, take_home=False), 0.0)
    lay_out(State(scene=Scene.PIN, locked_until=960.0), shown, 0.0)
    lay_out(State(scene=Scene.MENU, on_break=True), shown, 0.0)
    assert len(set_in) > 20
    names = {words for painter in PAINTERS for words in (painter.surname, painter.year)}
    for text, setting in set_in:
        assert " ".join(setting.lines) == text
        if text not in names:
            assert setting.size >= 0.018 * min(size_wh), text


def test_touches_mean_what_is_under_them() -> None:
    live = means(lay_out(State(scene=Scene.LIVE), props(), 0.0))
    assert {
        Touch.SHOOT,
        Touch.FILM,
        ChooseLanguage("fr"),
        *(ChooseArtist(artist) for artist in range(9)),
    } < set(live)
    review = means(lay_out(State(scene=Scene.REVIEW), props(), 0.0))
    assert set(review) == {Touch.KEEP, Touch.DISCARD}
    card = State(scene=Scene.CARD)
    assert set(means(lay_out(card, props(), 0.0))) == {Touch.PRINT, Touch.DONE}
    assert set(means(lay_out(replace(card, film=True), props(), 0.0))) == {Touch.DONE}
    assert set(means(lay_out(card, props(rules=Rules(9)), 0.0))) == {Touch.DONE}
    for covered in (State(on_break=True), State(scene=Scene.LIVE, camera_lost="gone")):
        assert set(means(lay_out(covered, props(), 0.0))) == {Touch.CORNER}
    assert {Host.PAUSE, Host.QUIT, Host.LEAVE} < set(
        means(lay_out(State(scene=Scene.MENU), props(), 0.0))
    )
    assert {Digit("0"), Digit("9"), Touch.PIN_DONE} < set(
        means(lay_out(State(scene=Scene.PIN), props(), 0.0))
    )
    screen = lay_out(State(scene=Scene.LIVE), props(), 0.0)
    assert screen.hit(5, 200) is None
    assert screen.hit(*centre(live[ChooseArtist(3)])) is not None


def test_slider_follows_the_finger_from_end_to_end() -> None:
    screen = lay_out(State(scene=Scene.LIVE), props(), 0.0)
    slider = next(target for target in screen.targets if target.follows)
    y = slider.box.y + 5
    assert slider.event(slider.box.x, y) == SetStrength(0)
    assert slider.event(slider.box.x + slider.box.width + 500, y) == SetStrength(1)
    middle = slider.event(slider.box.x + slider.box.width // 2, y)
    assert isinstance(middle, SetStrength)
    assert middle.value == pytest.approx(0.5, abs=0.02)


def test_frame_after_frame_shows_the_same_images() -> None:
    shown = props()
    for scene in Scene:
        first, again = (lay_out(State(scene=scene), shown, now).sprites for now in (0.0, 0.03))
        assert [id(sprite.image) for sprite in first] == [id(sprite.image) for sprite in again]


def test_countdown_counts_down() -> None:
    state = State(scene=Scene.COUNTDOWN, since=100.0)
    pictures = [
        lay_out(state, props(), now).sprites[0].image.bgra
        for now in (100.0, 100.9, 101.1, 102.1, 103.5)
    ]
    assert np.array_equal(pictures[0], pictures[1])
    assert len({picture.tobytes() for picture in pictures}) == 3
    assert np.array_equal(pictures[3], pictures[4])  # never a zero


def test_surnames_keep_their_particles() -> None:
    assert [painter.surname for painter in PAINTERS[:3]] == ["van Gogh", "Hokusai", "Turner"]
    assert Artist("Leonardo da Vinci", "").surname == "da Vinci"
    assert Artist("Rembrandt", "").surname == "Rembrandt"


def test_an_hour_of_times_on_screen_is_not_kept() -> None:
    shown = props()
    before = widgets.label.cache_info().currsize
    for minute in range(60):
        at = replace(
            shown,
            kept_until=f"12:{minute:02}",
            until=f"12:{minute:02}",
            status=[f"{minute} fps"] * 2,
        )
        for scene in (Scene.REVIEW, Scene.CARD, Scene.MENU, Scene.PIN):
            lay_out(State(scene=scene, locked_until=minute), at, 0.0)
    assert widgets.label.cache_info().currsize <= before + 12
    assert widgets.passing_label.cache_info().currsize <= 12
