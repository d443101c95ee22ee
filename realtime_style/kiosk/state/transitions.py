"""What the kiosk does when: a pure function of state, event and time, without a screen, a camera or a clock of its own."""

from __future__ import annotations

from dataclasses import replace

from realtime_style.kiosk.state.model import (
    DEBOUNCE_S,
    GESTURE,
    GESTURE_S,
    LOCKED_S,
    LONGEST_PIN,
    NEEDS_CAMERA,
    TRIES,
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
    State,
    Strength,
    Touch,
)

Result = tuple[State, tuple[Effect, ...]]


def first_state(rules: Rules, now: float, *, on_break: bool = False, wrong_pins: int = 0) -> State:
    """Nobody has been there yet, since this start; what the kiosk before it left is kept."""
    return State(
        since=now,
        touched=now,
        painter_since=now,
        language=rules.language,
        strength=rules.strength,
        on_break=on_break,
        wrong=wrong_pins,
        locked_until=_locked_until(wrong_pins, now),
    )


def debounced(state: State, now: float) -> bool:
    """Whether a touch is meant for this scene's buttons: where one comes to lie under the finger, a double tap is not."""
    return (
        state.scene not in {Scene.REVIEW, Scene.CARD, Scene.MENU} or now - state.since >= DEBOUNCE_S
    )


def step(state: State, event: Event, now: float, rules: Rules) -> Result:
    """The state after `event`, and what has to be done. `now` in seconds on a clock that only goes forward."""
    match event:
        case Host():
            return _hosted(state, event, now, rules)
        case HostChoose(painter):
            return (
                _painted_by(state, painter, now) if 0 <= painter < rules.painters else state
            ), ()
        case CameraLost(reason):
            return _without_camera(replace(state, camera_lost=reason), now)
        case Happening.CAMERA_BACK:
            waited = (
                state.scene in NEEDS_CAMERA
            )  # elsewhere nobody did, and a camera that comes and goes keeps no scene open
            return replace(state, camera_lost="", touched=now if waited else state.touched), ()
        case Happening.CARD_FAILED if state.scene is Scene.CARD:
            return replace(state, scene=Scene.REVIEW, since=now), ()
        case Happening():
            return _time_passes(state, now, rules)
    if (
        event is Touch.CORNER
        and rules.is_pin is not None
        and state.scene not in {Scene.PIN, Scene.MENU}
    ):
        lately = (*(then for then in state.corner if now - then < GESTURE_S), now)
        if len(lately) >= GESTURE:
            opened, effects = _left(state, now, rules)
            return replace(
                opened, scene=Scene.PIN, corner=(), pin="", touched=now, since=now
            ), effects
        state = replace(state, corner=lately)
    if state.scene is Scene.PIN:
        return _unlocked(replace(state, touched=now), event, now, rules)
    if state.on_break or state.scene is Scene.MENU:
        return state, ()
    state = replace(state, touched=now)
    if state.scene is Scene.ATTRACT:
        # The first touch only wakes it: nobody aims at a button that has just appeared.
        return replace(state, scene=Scene.LIVE, since=now), (Effect.GREET,)
    return _touched(state, event, now, rules)


def _hosted(state: State, event: Host, now: float, rules: Rules) -> Result:
    """What the host asks for; it does not matter where."""
    if event is Host.NEXT_PAINTER:
        return _painted_by(state, (state.painter + 1) % rules.painters, now), ()
    state = replace(state, touched=now)
    match event:
        case Host.PAUSE if state.on_break:
            return replace(state, on_break=False, since=now, painter_since=now), ()
        case Host.PAUSE:
            scene = state.scene
            left, effects = _left(replace(state, on_break=True), now, rules)
            return replace(left, scene=Scene.MENU) if scene is Scene.MENU else left, effects
        case Host.LEAVE if state.scene in {Scene.PIN, Scene.MENU}:
            return replace(state, scene=Scene.ATTRACT, since=now, pin=""), ()
        case Host.RESTART:
            return state, (Effect.FORGET, Effect.RESTART)
        case Host.QUIT:
            return state, (Effect.FORGET, Effect.QUIT)
    return state, ()


def _painted_by(state: State, painter: int, now: float) -> State:
    """The host chose a painter. What is just being taken stays another's; nobody is there because of it."""
    if state.scene in {Scene.COUNTDOWN, Scene.FILMING}:
        return state
    touched = now if state.scene in {Scene.LIVE, Scene.MENU} else state.touched
    return replace(state, painter=painter, painter_since=now, touched=touched)


def _unlocked(state: State, event: Event, now: float, rules: Rules) -> Result:
    """The keypad: digits, one taken back, and whether it is the PIN."""
    match event:
        case Touch.PIN_BACK if not state.pin:
            return replace(state, scene=Scene.ATTRACT, since=now), ()
        case Touch.PIN_BACK:
            return replace(state, pin=state.pin[:-1]), ()
        case Digit(value) if now >= state.locked_until:
            return replace(state, pin=(state.pin + value)[:LONGEST_PIN]), ()
        case Touch.PIN_DONE if state.pin and now >= state.locked_until:
            if rules.is_pin is not None and rules.is_pin(state.pin):
                return replace(state, scene=Scene.MENU, since=now, pin="", wrong=0), ()
            wrong = state.wrong + 1
            return replace(state, pin="", wrong=wrong, locked_until=_locked_until(wrong, now)), ()
    return state, ()


def _locked_until(wrong: int, now: float) -> float:
    """Until when the keypad is locked after so many wrong PINs."""
    return now + LOCKED_S * 2 ** (wrong - TRIES) if wrong >= TRIES else float("-inf")


def _touched(
    state: State, event: Touch | Choose | Strength | Speak | Digit, now: float, rules: Rules
) -> Result:
    match event, state.scene:
        case Choose(painter), Scene.LIVE if 0 <= painter < rules.painters:
            return replace(state, painter=painter, painter_since=now), ()
        case Strength(value), Scene.LIVE:
            return replace(state, strength=min(1.0, max(0.0, value))), ()
        case Speak(language), _:
            return replace(state, language=language), ()
        case Touch.SHOOT | Touch.FILM, Scene.LIVE if not state.camera_lost:
            return replace(state, scene=Scene.COUNTDOWN, since=now, film=event is Touch.FILM), ()
        case Touch.CANCEL, Scene.COUNTDOWN:
            return replace(state, scene=Scene.LIVE, since=now), ()
        case Touch.CANCEL, Scene.FILMING:
            return replace(state, scene=Scene.LIVE, since=now), (Effect.FORGET,)
        case Touch.KEEP, Scene.REVIEW:
            return replace(state, scene=Scene.CARD, since=now), (Effect.MAKE_CARD,)
        case Touch.DISCARD, Scene.REVIEW:
            return replace(state, scene=Scene.LIVE, since=now), (Effect.FORGET,)
        case Touch.PRINT, Scene.CARD if rules.printing and not state.film:
            return state, (Effect.PRINT,)
        case Touch.DONE, Scene.CARD:
            return replace(state, scene=Scene.LIVE, since=now), (Effect.FORGET,)
    return state, ()


def _time_passes(state: State, now: float, rules: Rules) -> Result:
    timing = rules.timing
    if state.scene in {Scene.PIN, Scene.MENU}:
        alone = now - state.touched >= timing.host
        return (replace(state, scene=Scene.ATTRACT, since=now, pin="") if alone else state), ()
    if state.on_break:
        return state, ()
    spent = now - state.since
    match state.scene:
        case Scene.ATTRACT if not state.camera_lost and now - state.painter_since >= timing.attract:
            return replace(
                state, painter=(state.painter + 1) % rules.painters, painter_since=now
            ), ()
        case Scene.LIVE if now - state.touched >= timing.idle:
            return _left(state, now, rules)
        case Scene.COUNTDOWN if spent >= timing.countdown:
            if state.film:
                return replace(state, scene=Scene.FILMING, since=now), (Effect.START_FILM,)
            return replace(state, scene=Scene.REVIEW, since=now, touched=now), (Effect.SHOOT,)
        case Scene.FILMING if spent >= timing.film:
            return replace(state, scene=Scene.REVIEW, since=now, touched=now), (Effect.END_FILM,)
        case Scene.REVIEW if now - state.touched >= timing.review:
            return _left(state, now, rules)
        case Scene.CARD if now - max(state.touched, state.since) >= timing.card:
            return _left(state, now, rules)
    return state, ()


def _without_camera(state: State, now: float) -> Result:
    """What was being taken is given up; what has been taken stays."""
    if state.scene is Scene.COUNTDOWN:
        return replace(state, scene=Scene.LIVE, since=now), ()
    if state.scene is Scene.FILMING:
        return replace(state, scene=Scene.LIVE, since=now), (Effect.FORGET,)
    return state, ()


def _left(state: State, now: float, rules: Rules) -> Result:
    """Back to the start, for somebody else."""
    if state.scene is Scene.ATTRACT:
        return state, ()
    untaken = (Effect.FORGET,) if state.scene in {Scene.FILMING, Scene.REVIEW} else ()
    fresh = replace(
        state,
        scene=Scene.ATTRACT,
        since=now,
        touched=now,
        painter_since=now,
        strength=rules.strength,
        language=rules.language,
        film=False,
    )
    return fresh, (*untaken, Effect.LEAVE)
