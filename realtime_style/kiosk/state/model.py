"""What the kiosk can be in, be told, and be asked to do: values only.

:mod:`realtime_style.kiosk.state.transitions` has what follows from them.

::

    ATTRACT --touch--> LIVE --shoot--> COUNTDOWN --3 s--> REVIEW --keep--> CARD --done--> LIVE
                        ^                                    |
                        +------------- discard --------------+

Left alone, every scene goes back to ATTRACT. A lost camera and the host's break are no scenes: they cover those that need the
camera, and what was under them is there again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    PIN = auto()
    """Somebody knows the gesture: is it the host?"""
    MENU = auto()
    """The host's menu."""


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
    CORNER = auto()
    """A corner where nothing is to be seen; five times in a row it asks for the PIN."""
    PIN_BACK = auto()
    """Takes the last digit away, or the keypad when there is none."""
    PIN_DONE = auto()


class Host(Enum):
    """What the host can ask for, on the menu or on the phone."""

    PAUSE = auto()
    """The technical break begins, or ends."""
    NEXT_PAINTER = auto()
    RESTART = auto()
    QUIT = auto()
    LEAVE = auto()
    """The menu is put away."""


@dataclass(frozen=True)
class HostChoose:
    """The host chose a painter, whoever plays just now."""

    painter: int


@dataclass(frozen=True)
class Digit:
    """A digit of the PIN."""

    value: str


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


Event = Touch | Choose | Strength | Speak | Digit | CameraLost | Happening | Host | HostChoose


class Effect(Enum):
    """What the caller has to do, as the state machine cannot."""

    GREET = auto()
    """Count a visitor."""
    SHOOT = auto()
    """Take the picture that is on screen now."""
    START_FILM = auto()
    END_FILM = auto()
    FORGET = auto()
    """Let go of the picture that was taken and of its card on screen; what is kept on the disk stays there for its time."""
    MAKE_CARD = auto()
    """Keep the picture: make the card and the link to it."""
    PRINT = auto()
    LEAVE = auto()
    """The visitor is gone: nothing of him may show for the next one."""
    RESTART = auto()
    QUIT = auto()


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
    host: float = 30.0
    """Without a touch, until keypad and menu are put away."""


DEBOUNCE_S = 0.7
"""So long after a scene began, a touch that its buttons would feel is still the second tap on the one before."""
GESTURE = 5
"""Touches of the corner that ask for the PIN ..."""
GESTURE_S = 4.0
"""... within so many seconds."""
TRIES = 5
"""Wrong PINs until the keypad is locked ..."""
LOCKED_S = 60.0
"""... for so long, and twice as long after each further one."""
LONGEST_PIN = 12


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
    corner: tuple[float, ...] = ()
    """When the corner was touched lately."""
    pin: str = ""
    """What has been typed of it."""
    wrong: int = 0
    """Wrong PINs since the last right one."""
    locked_until: float = float("-inf")

    @property
    def covered(self) -> bool:
        """Whether the scene is not to be seen, behind a card that says what visitors are waiting for."""
        lost = bool(self.camera_lost) and self.scene in NEEDS_CAMERA
        return lost or (self.on_break and self.scene not in {Scene.PIN, Scene.MENU})


@dataclass(frozen=True)
class Rules:
    """What does not change while the kiosk runs."""

    painters: int
    language: str = "en"
    """The one to begin with."""
    strength: float = 1.0
    timing: Timing = Timing()
    printing: bool = False
    is_pin: Callable[[str], bool] | None = None
    """Whether this is the host's PIN; None: there is no menu."""
