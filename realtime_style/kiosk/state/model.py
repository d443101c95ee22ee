"""State, events and effects of the kiosk, as plain values.

:mod:`realtime_style.kiosk.state.transitions` says what follows from them.

::

    ATTRACT --touch--> LIVE --shoot--> COUNTDOWN --3 s--> REVIEW --keep--> CARD --done--> LIVE
                        ^                                    |
                        +------------- discard --------------+

Without a touch, every scene returns to ATTRACT. A lost camera and the host's break are not
scenes: they cover the scenes that need the camera, which are there again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


class Scene(Enum):
    """The contents of the screen, and with them the actions that are possible."""

    ATTRACT = auto()
    """Nobody is there: the artists in turn on the live picture, and an invitation."""
    LIVE = auto()
    """A visitor plays."""
    COUNTDOWN = auto()
    FILMING = auto()
    REVIEW = auto()
    """The captured picture or film: keep it or not?"""
    CARD = auto()
    """The greeting card, and how to take it home."""
    PIN = auto()
    """The keypad, after the host's gesture."""
    MENU = auto()
    """The host's menu."""


NEEDS_CAMERA = frozenset({Scene.ATTRACT, Scene.LIVE, Scene.COUNTDOWN, Scene.FILMING})


class Touch(Enum):
    """Requests of a visitor, by touch or by key."""

    SCREEN = auto()
    """Anywhere: somebody is there."""
    SHOOT = auto()
    FILM = auto()
    CANCEL = auto()
    KEEP = auto()
    DISCARD = auto()
    PRINT = auto()
    DONE = auto()
    CORNER = auto()
    """The corner with nothing in it; GESTURE touches in a row open the keypad."""
    PIN_BACK = auto()
    """Deletes the last digit; closes the keypad when there is none."""
    PIN_DONE = auto()


class Host(Enum):
    """Requests of the host, from the menu or from the phone page."""

    PAUSE = auto()
    """Begin or end the technical break."""
    NEXT_ARTIST = auto()
    RESTART = auto()
    QUIT = auto()
    LEAVE = auto()
    """Close the menu."""


@dataclass(frozen=True)
class HostChooseArtist:
    """The host chose an artist, whoever plays now."""

    artist: int


@dataclass(frozen=True)
class Digit:
    """A digit of the PIN."""

    value: str


@dataclass(frozen=True)
class ChooseArtist:
    """A visitor chose an artist."""

    artist: int


@dataclass(frozen=True)
class SetStrength:
    """A visitor moved the slider: 0..1."""

    value: float


@dataclass(frozen=True)
class ChooseLanguage:
    """A visitor chose a language."""

    language: str


@dataclass(frozen=True)
class CameraLost:
    """The camera sends no frames, or always the same, or black ones."""

    reason: str


class SystemEvent(Enum):
    """Events from the kiosk itself."""

    TICK = auto()
    """Time has passed."""
    CAMERA_BACK = auto()
    CAPTURE_FAILED = auto()
    """There was no frame to take: SHOOT or END_FILM captured nothing."""
    CARD_FAILED = auto()
    """The picture could not be kept."""


Event = (
    Touch
    | ChooseArtist
    | SetStrength
    | ChooseLanguage
    | Digit
    | CameraLost
    | SystemEvent
    | Host
    | HostChooseArtist
)


class Effect(Enum):
    """Actions that a transition requires of its caller."""

    COUNT_VISITOR = auto()
    SHOOT = auto()
    """Capture the picture that is on screen now."""
    START_FILM = auto()
    END_FILM = auto()
    FORGET = auto()
    """Drop the capture and its card from memory; a card that was kept stays on the disk."""
    MAKE_CARD = auto()
    """Keep the capture: make the card and its link."""
    PRINT = auto()
    END_VISIT = auto()
    """The visitor is gone: show nothing of this visit to the next one."""
    RESTART = auto()
    QUIT = auto()


@dataclass(frozen=True)
class Timing:
    """Durations in seconds."""

    idle: float = 45.0
    """Without a touch, until the visitor counts as gone."""
    review: float = 60.0
    card: float = 90.0
    """Time to scan the QR code."""
    countdown: float = 3.0
    film: float = 5.0
    attract: float = 12.0
    """For each artist while nobody is there."""
    host: float = 30.0
    """Without a touch, until keypad and menu close."""


DEBOUNCE_S = 0.7
"""After a scene with buttons began: a touch is still the second tap on the scene before."""
GESTURE = 5
"""Touches of the corner that open the keypad ..."""
GESTURE_S = 4.0
"""... within this time."""
PIN_TRIES = 5
"""Wrong PINs until the keypad is locked ..."""
PIN_LOCK_S = 60.0
"""... for this time, and twice as long after each further one."""
MAX_PIN_DIGITS = 12


@dataclass(frozen=True)
class State:
    """Everything that events change. Times are seconds on the kiosk's clock."""

    scene: Scene = Scene.ATTRACT
    since: float = 0.0
    """Start of this scene."""
    touched: float = 0.0
    """Last touch."""
    artist: int = 0
    artist_since: float = 0.0
    strength: float = 1.0
    language: str = "en"
    film: bool = False
    """The current capture is a film."""
    camera_lost: str = ""
    """Reason for the missing picture; empty when there is one."""
    on_break: bool = False
    corner: tuple[float, ...] = ()
    """Recent touches of the corner."""
    pin: str = ""
    """Digits typed so far."""
    wrong_pins: int = 0
    """Since the last right one."""
    locked_until: float = float("-inf")

    @property
    def covered(self) -> bool:
        """True when a card that says why visitors have to wait hides the scene."""
        lost = bool(self.camera_lost) and self.scene in NEEDS_CAMERA
        return lost or (self.on_break and self.scene not in {Scene.PIN, Scene.MENU})


@dataclass(frozen=True)
class Rules:
    """Values that do not change while the kiosk runs."""

    artists: int
    """Number of artists to choose from."""
    language: str = "en"
    """For each new visitor."""
    strength: float = 1.0
    timing: Timing = Timing()
    printing: bool = False
    is_pin: Callable[[str], bool] | None = None
    """Tells the host's PIN from others; None: there is no menu."""
