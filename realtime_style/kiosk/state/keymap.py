"""Meaning of keys in each scene, for a keyboard or a box of buttons that acts as one."""

from __future__ import annotations

from collections.abc import Sequence

from realtime_style.kiosk.state.model import (
    ChooseArtist,
    ChooseLanguage,
    Digit,
    Event,
    Rules,
    Scene,
    SetStrength,
    State,
    Touch,
)

_STEP = 0.1

_KEYS: dict[Scene, dict[str, Touch]] = {
    Scene.LIVE: {"space": Touch.SHOOT, "enter": Touch.SHOOT, "f": Touch.FILM},
    Scene.COUNTDOWN: {"esc": Touch.CANCEL, "backspace": Touch.CANCEL},
    Scene.FILMING: {"esc": Touch.CANCEL, "backspace": Touch.CANCEL},
    Scene.REVIEW: {
        "space": Touch.KEEP, "enter": Touch.KEEP, "y": Touch.KEEP,
        "esc": Touch.DISCARD, "backspace": Touch.DISCARD, "n": Touch.DISCARD,
    },
    Scene.CARD: {
        "p": Touch.PRINT, "space": Touch.DONE, "enter": Touch.DONE,
        "esc": Touch.DONE, "backspace": Touch.DONE,
    },
    Scene.PIN: {"enter": Touch.PIN_DONE, "backspace": Touch.PIN_BACK, "esc": Touch.PIN_BACK},
}  # fmt: skip


def event_for(key: str, state: State, rules: Rules, languages: Sequence[str]) -> Event:
    """The event of a key: digits and left/right choose an artist, up/down the strength, l a
    language. Any other key is a touch of the screen.
    """
    if state.scene is Scene.PIN and key.isdecimal() and len(key) == 1:
        return Digit(key)
    if key == "l" and languages:
        here = languages.index(state.language) if state.language in languages else -1
        return ChooseLanguage(languages[(here + 1) % len(languages)])
    if state.scene is Scene.LIVE:
        if key.isdecimal() and 1 <= int(key) <= rules.artists:
            return ChooseArtist(int(key) - 1)
        match key:
            case "left" | "right":
                return ChooseArtist((state.artist + (1 if key == "right" else -1)) % rules.artists)
            case "up" | "down":
                return SetStrength(round(state.strength + (_STEP if key == "up" else -_STEP), 2))
    return _KEYS.get(state.scene, {}).get(key, Touch.SCREEN)
