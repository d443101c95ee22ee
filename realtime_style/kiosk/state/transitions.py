"""Transitions of the kiosk: a pure function of state, event and time."""

from __future__ import annotations

from dataclasses import replace

from realtime_style.kiosk.state.model import (
    DEBOUNCE_S,
    GESTURE,
    GESTURE_S,
    MAX_PIN_DIGITS,
    NEEDS_CAMERA,
    PIN_LOCK_S,
    PIN_TRIES,
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
    State,
    SystemEvent,
    Touch,
)

Result = tuple[State, tuple[Effect, ...]]


def first_state(rules: Rules, now: float, *, on_break: bool = False, wrong_pins: int = 0) -> State:
    """The state at the start; break and wrong PINs come from the kiosk before a restart."""
    return State(
        since=now,
        touched=now,
        artist_since=now,
        language=rules.language,
        strength=rules.strength,
        on_break=on_break,
        wrong_pins=wrong_pins,
        locked_until=_locked_until(wrong_pins, now),
    )


def debounced(state: State, now: float) -> bool:
    """False for a touch that may be the second tap on a button of the scene before."""
    return (
        state.scene not in {Scene.REVIEW, Scene.CARD, Scene.MENU} or now - state.since >= DEBOUNCE_S
    )


def step(state: State, event: Event, now: float, rules: Rules) -> Result:
    """The state after `event`, and what has to be done. `now` in seconds, never going back."""
    match event:
        case Host():
            return _host_request(state, event, now, rules)
        case HostChooseArtist(artist):
            valid = 0 <= artist < rules.artists
            return (_host_chose(state, artist, now) if valid else state), ()
        case CameraLost(reason):
            return _camera_lost(replace(state, camera_lost=reason), now)
        case SystemEvent.CAMERA_BACK:
            # Where nobody waited for it, a camera that comes and goes must keep no scene open.
            waited = state.scene in NEEDS_CAMERA
            return replace(state, camera_lost="", touched=now if waited else state.touched), ()
        case SystemEvent.CAPTURE_FAILED if state.scene is Scene.REVIEW:
            return replace(state, scene=Scene.LIVE, since=now), (Effect.FORGET,)
        case SystemEvent.CARD_FAILED if state.scene is Scene.CARD:
            return replace(state, scene=Scene.REVIEW, since=now), ()
        case SystemEvent():
            return _tick(state, now, rules)
    if (
        event is Touch.CORNER
        and rules.is_pin is not None
        and state.scene not in {Scene.PIN, Scene.MENU}
    ):
        recent = (*(then for then in state.corner if now - then < GESTURE_S), now)
        if len(recent) >= GESTURE:
            ended, effects = _end_visit(state, now, rules)
            opened = replace(ended, scene=Scene.PIN, corner=(), pin="", touched=now, since=now)
            return opened, effects
        state = replace(state, corner=recent)
    if state.scene is Scene.PIN:
        return _keypad(replace(state, touched=now), event, now, rules)
    if state.on_break or state.scene is Scene.MENU:
        return state, ()
    state = replace(state, touched=now)
    if state.scene is Scene.ATTRACT:
        # The first touch only wakes it: nobody aims at a button that has just appeared.
        return replace(state, scene=Scene.LIVE, since=now), (Effect.COUNT_VISITOR,)
    return _visitor_request(state, event, now, rules)


def _host_request(state: State, event: Host, now: float, rules: Rules) -> Result:
    """Requests from the menu and from the phone, in any scene."""
    if event is Host.NEXT_ARTIST:
        return _host_chose(state, (state.artist + 1) % rules.artists, now), ()
    state = replace(state, touched=now)
    match event:
        case Host.PAUSE if state.on_break:
            return replace(state, on_break=False, since=now, artist_since=now), ()
        case Host.PAUSE:
            scene = state.scene
            ended, effects = _end_visit(replace(state, on_break=True), now, rules)
            return replace(ended, scene=Scene.MENU) if scene is Scene.MENU else ended, effects
        case Host.LEAVE if state.scene in {Scene.PIN, Scene.MENU}:
            return replace(state, scene=Scene.ATTRACT, since=now, pin=""), ()
        case Host.RESTART:
            return state, (Effect.FORGET, Effect.RESTART)
        case Host.QUIT:
            return state, (Effect.FORGET, Effect.QUIT)
    return state, ()


def _host_chose(state: State, artist: int, now: float) -> State:
    """Change the artist, but not of a capture that has begun; nobody is there because of it."""
    if state.scene in {Scene.COUNTDOWN, Scene.FILMING}:
        return state
    touched = now if state.scene in {Scene.LIVE, Scene.MENU} else state.touched
    return replace(state, artist=artist, artist_since=now, touched=touched)


def _keypad(state: State, event: Event, now: float, rules: Rules) -> Result:
    match event:
        case Touch.PIN_BACK if not state.pin:
            return replace(state, scene=Scene.ATTRACT, since=now), ()
        case Touch.PIN_BACK:
            return replace(state, pin=state.pin[:-1]), ()
        case Digit(value) if now >= state.locked_until:
            return replace(state, pin=(state.pin + value)[:MAX_PIN_DIGITS]), ()
        case Touch.PIN_DONE if state.pin and now >= state.locked_until:
            if rules.is_pin is not None and rules.is_pin(state.pin):
                return replace(state, scene=Scene.MENU, since=now, pin="", wrong_pins=0), ()
            wrong = state.wrong_pins + 1
            locked_until = _locked_until(wrong, now)
            return replace(state, pin="", wrong_pins=wrong, locked_until=locked_until), ()
    return state, ()


def _locked_until(wrong_pins: int, now: float) -> float:
    tries_over = wrong_pins - PIN_TRIES
    return now + PIN_LOCK_S * 2**tries_over if tries_over >= 0 else float("-inf")


def _visitor_request(state: State, event: Event, now: float, rules: Rules) -> Result:
    match event, state.scene:
        case ChooseArtist(artist), Scene.LIVE if 0 <= artist < rules.artists:
            return replace(state, artist=artist, artist_since=now), ()
        case SetStrength(value), Scene.LIVE:
            return replace(state, strength=min(1.0, max(0.0, value))), ()
        case ChooseLanguage(language), _:
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


def _tick(state: State, now: float, rules: Rules) -> Result:
    timing = rules.timing
    if state.scene in {Scene.PIN, Scene.MENU}:
        alone = now - state.touched >= timing.host
        return (replace(state, scene=Scene.ATTRACT, since=now, pin="") if alone else state), ()
    if state.on_break:
        return state, ()
    spent = now - state.since
    match state.scene:
        case Scene.ATTRACT if not state.camera_lost and now - state.artist_since >= timing.attract:
            artist = (state.artist + 1) % rules.artists
            return replace(state, artist=artist, artist_since=now), ()
        case Scene.LIVE if now - state.touched >= timing.idle:
            return _end_visit(state, now, rules)
        case Scene.COUNTDOWN if spent >= timing.countdown:
            if state.film:
                return replace(state, scene=Scene.FILMING, since=now), (Effect.START_FILM,)
            return replace(state, scene=Scene.REVIEW, since=now, touched=now), (Effect.SHOOT,)
        case Scene.FILMING if spent >= timing.film:
            return replace(state, scene=Scene.REVIEW, since=now, touched=now), (Effect.END_FILM,)
        case Scene.REVIEW if now - state.touched >= timing.review:
            return _end_visit(state, now, rules)
        case Scene.CARD if now - max(state.touched, state.since) >= timing.card:
            return _end_visit(state, now, rules)
    return state, ()


def _camera_lost(state: State, now: float) -> Result:
    """Give up a capture that has begun; one that is finished stays."""
    if state.scene is Scene.COUNTDOWN:
        return replace(state, scene=Scene.LIVE, since=now), ()
    if state.scene is Scene.FILMING:
        return replace(state, scene=Scene.LIVE, since=now), (Effect.FORGET,)
    return state, ()


def _end_visit(state: State, now: float, rules: Rules) -> Result:
    """Return to ATTRACT, for the next visitor."""
    if state.scene is Scene.ATTRACT:
        return state, ()
    unkept = (Effect.FORGET,) if state.scene in {Scene.FILMING, Scene.REVIEW} else ()
    fresh = replace(
        state,
        scene=Scene.ATTRACT,
        since=now,
        touched=now,
        artist_since=now,
        strength=rules.strength,
        language=rules.language,
        film=False,
    )
    return fresh, (*unkept, Effect.END_VISIT)
