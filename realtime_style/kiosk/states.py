"""What the kiosk does when: a pure function of state, event and time, without a screen, a camera or a clock of its own.

::

    ATTRACT --touch--> LIVE --shoot--> COUNTDOWN --3 s--> REVIEW --keep--> CARD --done--> LIVE
                        ^                                    |
                        +------------- discard --------------+

Left alone, every scene goes back to ATTRACT. A lost camera and the host's break are no scenes: they cover those that need the
camera, and what was under them is there again afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto


class Scene(Enum):
    """What visitors see and can do."""

    ATTRACT = auto()
    """Nobody is there: the painters in turn, on the live picture, and an invitation."""
    LIVE = auto()
    """Somebody is there, and plays."""
    COUNTDOWN = auto()
    FILMING = auto()
    """The moving picture is taken."""
    REVIEW = auto()
    """The picture stands still: keep it or not?"""
    CARD = auto()
    """The greeting card, and how to take it home."""


NEEDS_CAMERA = frozenset({Scene.ATTRACT, Scene.LIVE, Scene.COUNTDOWN, Scene.FILMING})


class Touch(Enum):
    """What a visitor can ask for."""

    SCREEN = auto()
    """Anywhere: somebody is there."""
    SHOOT = auto()
    FILM = auto()
    CANCEL = auto()
    KEEP = auto()
    DISCARD = auto()
    PRINT = auto()
    DONE = auto()


@dataclass(frozen=True)
class Choose:
    """A visitor chose a painter."""

    painter: int


@dataclass(frozen=True)
class Strength:
    """A visitor moved the slider: 0..1."""

    value: float


@dataclass(frozen=True)
class Speak:
    """A visitor chose a language."""

    language: str


@dataclass(frozen=True)
class CameraLost:
    """The camera gave no frames, or always the same, or black ones."""

    reason: str


class Happening(Enum):
    """What comes from elsewhere."""

    TICK = auto()
    """Time has passed."""
    CAMERA_BACK = auto()
    CARD_FAILED = auto()
    """The picture could not be kept."""
    PAUSE = auto()
    """The host's technical break begins."""
    RESUME = auto()


Event = Touch | Choose | Strength | Speak | CameraLost | Happening


class Effect(Enum):
    """What the caller has to do, as the state machine cannot."""

    GREET = auto()
    """Count a visitor."""
    SHOOT = auto()
    """Take the picture that is on screen now."""
    START_FILM = auto()
    END_FILM = auto()
    FORGET = auto()
    """Drop the picture that was taken, of which nothing is on the disk yet."""
    MAKE_CARD = auto()
    """Keep the picture: make the card and the link to it."""
    PRINT = auto()
    LEAVE = auto()
    """The visitor is gone: nothing of him may show for the next one."""


@dataclass(frozen=True)
class Timing:
    """Seconds."""

    idle: float = 45.0
    """Without a touch, until the kiosk thinks it is alone."""
    review: float = 60.0
    card: float = 90.0
    """Time to take a QR code."""
    countdown: float = 3.0
    film: float = 5.0
    attract: float = 12.0
    """Each painter's turn while nobody is there."""


@dataclass(frozen=True)
class State:
    """All there is to know between two events."""

    scene: Scene = Scene.ATTRACT
    since: float = 0.0
    """When this scene began."""
    touched: float = 0.0
    """When the screen was last touched."""
    painter: int = 0
    painter_since: float = 0.0
    strength: float = 1.0
    language: str = "en"
    film: bool = False
    """Whether the picture taken or being taken is a moving one."""
    camera_lost: str = ""
    """Why there is no picture; empty when there is one."""
    on_break: bool = False

    @property
    def covered(self) -> bool:
        """Whether the scene is not to be seen, behind a card that says what visitors are waiting for."""
        return self.on_break or (bool(self.camera_lost) and self.scene in NEEDS_CAMERA)


@dataclass(frozen=True)
class Rules:
    """What does not change while the kiosk runs."""

    painters: int
    language: str = "en"
    """The one to begin with."""
    strength: float = 1.0
    timing: Timing = Timing()
    printing: bool = False


Result = tuple[State, tuple[Effect, ...]]


def first_state(rules: Rules, now: float) -> State:
    """Nobody has been there yet."""
    return State(since=now, touched=now, painter_since=now, language=rules.language, strength=rules.strength)


def step(state: State, event: Event, now: float, rules: Rules) -> Result:
    """The state after `event`, and what has to be done. `now` in seconds on a clock that only goes forward."""
    match event:
        case Happening.PAUSE:
            return _left(replace(state, on_break=True), now, rules)
        case Happening.RESUME:
            return replace(state, on_break=False, since=now, painter_since=now), ()
        case CameraLost(reason):
            return _without_camera(replace(state, camera_lost=reason), now)
        case Happening.CAMERA_BACK:
            return replace(state, camera_lost="", touched=max(state.touched, now)), ()
        case Happening.CARD_FAILED if state.scene is Scene.CARD:
            return replace(state, scene=Scene.REVIEW, since=now), ()
        case Happening():
            return _time_passes(state, now, rules)
    if state.on_break:
        return state, ()
    state = replace(state, touched=now)
    if state.scene is Scene.ATTRACT:
        # The first touch only wakes it: nobody aims at a button that has just appeared.
        return replace(state, scene=Scene.LIVE, since=now), (Effect.GREET,)
    return _touched(state, event, now, rules)


def _touched(state: State, event: Touch | Choose | Strength | Speak, now: float, rules: Rules) -> Result:
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
            return replace(state, scene=Scene.LIVE, since=now), ()
    return state, ()


def _time_passes(state: State, now: float, rules: Rules) -> Result:
    timing = rules.timing
    if state.on_break:
        return state, ()
    spent = now - state.since
    match state.scene:
        case Scene.ATTRACT if not state.camera_lost and now - state.painter_since >= timing.attract:
            return replace(state, painter=(state.painter + 1) % rules.painters, painter_since=now), ()
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
    fresh = first_state(rules, now)
    return replace(fresh, painter=state.painter, camera_lost=state.camera_lost, on_break=state.on_break), (
        *untaken,
        Effect.LEAVE,
    )
