"""What the keys of a keyboard, or of a box of buttons, which is one, mean in each scene."""

from __future__ import annotations

from collections.abc import Sequence

from realtime_style.kiosk.state.model import (
    Choose,
    Digit,
    Event,
    Rules,
    Scene,
    Speak,
    State,
    Strength,
    Touch,
)

_STEP = 0.1

_MEANS: dict[Scene, dict[str, Touch]] = {
    Scene.LIVE: {"space": Touch.SHOOT, "enter": Touch.SHOOT, "f": Touch.FILM},
    Scene.COUNTDOWN: {"esc": Touch.CANCEL, "backspace": Touch.CANCEL},
    Scene.FILMING: {"esc": Touch.CANCEL, "backspace": Touch.CANCEL},
    Scene.REVIEW: {
        "space": Touch.KEEP, "enter": Touch.KEEP, "y": Touch.KEEP,
        "esc": Touch.DISCARD, "backspace": Touch.DISCARD, "n": Touch.DISCARD,
    },
    Scene.CARD: {"p": Touch.PRINT, "space": Touch.DONE, "enter": Touch.DONE, "esc": Touch.DONE, "backspace": Touch.DONE},
    Scene.PIN: {"enter": Touch.PIN_DONE, "backspace": Touch.PIN_BACK, "esc": Touch.PIN_BACK},
}  # fmt: skip


def event_for(key: str, state: State, rules: Rules, languages: Sequence[str]) -> Event:
    """What a key asks for: a digit or an arrow a painter, up and down the strength, l the next language.

    Any other key only says that somebody is there.
    """
    if state.scene is Scene.PIN and key.isdecimal() and len(key) == 1:
        return Digit(key)
    if key == "l" and languages:
        here = languages.index(state.language) if state.language in languages else -1
        return Speak(languages[(here + 1) % len(languages)])
    if state.scene is Scene.LIVE:
        if key.isdecimal() and 1 <= int(key) <= rules.painters:
            return Choose(int(key) - 1)
        match key:
            case "left" | "right":
                return Choose((state.painter + (1 if key == "right" else -1)) % rules.painters)
            case "up" | "down":
                return Strength(round(state.strength + (_STEP if key == "up" else -_STEP), 2))
    return _MEANS.get(state.scene, {}).get(key, Touch.SCREEN)
