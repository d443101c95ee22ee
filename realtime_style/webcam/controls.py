"""What the keys of the live window do, as a state machine without a window, a camera or a clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from realtime_style.pipeline.look import Look
from realtime_style.styles.crossfade import Crossfade
from realtime_style.styles.mix import Mix, mix_label
from realtime_style.stylize.temporal import DEFAULT_STEADINESS
from realtime_style.system.folders import styles_folder

MESSAGE_S = 3.0
"""Seconds a message stays on screen."""

STRENGTH_STEP = 0.1

STEADINESS_STEP = 0.25

_PATIENCE_S = (
    0.25  # loading that is over sooner than this is not worth a message that only flashes up
)


class Action(Enum):
    """What a key asks for."""

    NEXT = auto()
    PREVIOUS = auto()
    STRONGER = auto()
    WEAKER = auto()
    STEADIER = auto()
    LIVELIER = auto()
    COLOURS = auto()
    SPLIT = auto()
    MIRROR = auto()
    FREEZE = auto()
    SNAPSHOT = auto()
    RECORD = auto()
    FULLSCREEN = auto()
    OVERLAY = auto()
    HELP = auto()
    QUIT = auto()


@dataclass(frozen=True)
class Key:
    """One line of the help: the keys, by the names that Window.poll_key gives them, and what they do."""

    keys: tuple[str, ...]
    shown: str
    """The keys as the help and the README write them."""
    action: Action
    words: str


KEYS = (
    Key(("n", "right"), "n, right", Action.NEXT, "next style"),
    Key(("p", "left"), "p, left", Action.PREVIOUS, "previous style"),
    Key(("+", "=", "up"), "+, up", Action.STRONGER, "more painting"),
    Key(("-", "_", "down"), "-, down", Action.WEAKER, "more photograph"),
    Key(("]",), "]", Action.STEADIER, "steadier strokes"),
    Key(("[",), "[", Action.LIVELIER, "livelier strokes"),
    Key(("c",), "c", Action.COLOURS, "your own colours or the painter's"),
    Key(("b",), "b", Action.SPLIT, "before and after, side by side"),
    Key(("m",), "m", Action.MIRROR, "mirror"),
    Key(("space",), "space", Action.FREEZE, "freeze the picture"),
    Key(("s",), "s", Action.SNAPSHOT, "save a snapshot"),
    Key(("r",), "r", Action.RECORD, "start or stop recording"),
    Key(("f", "f11"), "f, F11", Action.FULLSCREEN, "full screen"),
    Key(("o",), "o", Action.OVERLAY, "frame rate, latency, engine"),
    Key(("h", "?"), "h", Action.HELP, "this help"),
    Key(("q", "esc"), "q, Esc", Action.QUIT, "quit"),
)
"""The one table of keys: it drives the keyboard, the help on screen and the README."""

_ACTIONS = {name: key.action for key in KEYS for name in key.keys}


class Effect(Enum):
    """What the caller has to do after a key, as the state machine cannot."""

    LOAD_STYLE = auto()
    """Load `Controls.wanted`, then call `style_ready` or `style_failed`."""
    SNAPSHOT = auto()
    RECORD = auto()
    """Start a recording, or stop the one that runs."""
    FULLSCREEN = auto()
    """Make the window as `Controls.fullscreen` says."""
    QUIT = auto()


@dataclass
class Controls:
    """What is shown, and how; changed by keys.

    `playlist` holds the mixes to go through, the first one is on screen. Times (`now`) are seconds on any one clock.
    """

    playlist: Sequence[Mix]
    strength: float = 1.0
    """0..1: from the photograph to the whole style."""
    steadiness: float = DEFAULT_STEADINESS
    """0..1: how still the strokes are held."""
    keep_colours: bool = False
    """Only the painting's light and shade, in the photograph's colours."""
    mirror: bool = False
    split: bool = False
    frozen: bool = False
    overlay: bool = False
    help: bool = False
    fullscreen: bool = False
    camera_problem: str = field(default="", init=False)
    """Why there is no picture, one line; empty while there is one. Shown as long as it lasts."""
    wanted: Mix | None = field(default=None, init=False)
    """The mix chosen by key that is not loaded yet."""
    _wanted_since: float = field(default=0.0, init=False)
    _message: str = field(default="", init=False)
    _message_until: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self.playlist = list(self.playlist)
        self._fade = Crossfade(self.playlist[0])

    def look(self, now: float) -> Look:
        """Wishes for the next picture; call once per frame: a cross-fade goes on."""
        return Look(
            self._fade.advance(now),
            self.strength,
            self.steadiness,
            self.keep_colours,
            self.mirror,
            self.split,
            self.frozen,
        )

    @property
    def mix(self) -> Mix:
        """What to paint now; in the middle of a change of style, a blend."""
        return self._fade.mix

    @property
    def target(self) -> Mix:
        """The style that was chosen last and is loaded: on screen already, or being faded to."""
        return self._fade.target

    def apply(self, key: str, now: float) -> Effect | None:
        """Do what `key` (a name from KEYS; others do nothing) means; returns what is left for the caller to do."""
        match _ACTIONS.get(key):
            case Action.NEXT:
                return self._choose(+1, now)
            case Action.PREVIOUS:
                return self._choose(-1, now)
            case Action.STRONGER:
                self._strengthen(+STRENGTH_STEP, now)
            case Action.WEAKER:
                self._strengthen(-STRENGTH_STEP, now)
            case Action.STEADIER:
                self._steady(+STEADINESS_STEP, now)
            case Action.LIVELIER:
                self._steady(-STEADINESS_STEP, now)
            case Action.COLOURS:
                self.keep_colours = not self.keep_colours
                self.say("your own colours" if self.keep_colours else "the painter's colours", now)
            case Action.SPLIT:
                self.split = not self.split
            case Action.MIRROR:
                self.mirror = not self.mirror
                self.say("mirrored" if self.mirror else "not mirrored", now)
            case Action.FREEZE:
                self.frozen = not self.frozen
                self.say("frozen: space goes on" if self.frozen else "live", now)
            case Action.SNAPSHOT:
                return Effect.SNAPSHOT
            case Action.RECORD:
                return Effect.RECORD
            case Action.FULLSCREEN:
                self.fullscreen = not self.fullscreen
                return Effect.FULLSCREEN
            case Action.OVERLAY:
                self.overlay = not self.overlay
            case Action.HELP:
                self.help = not self.help
            case Action.QUIT:
                if self.help and key == "esc":  # what everybody presses to put a help text away
                    self.help = False
                else:
                    return Effect.QUIT
        return None

    def style_ready(self, mix: Mix, now: float) -> None:
        """`mix` is loaded: start the fade, if it is still wanted."""
        if mix != self.wanted:
            return
        self.wanted = None
        self._fade.to(mix, now)
        self.say(caption(mix), now)

    def style_failed(self, mix: Mix, reason: str, now: float) -> None:
        """`mix` cannot be loaded: say so, go on with what is on screen, and leave it out from now on."""
        self.playlist = [entry for entry in self.playlist if entry != mix]
        if mix == self.wanted:
            self.wanted = None
        self.say(f"{mix_label(mix)} left out: {reason}", now)

    def say(self, text: str, now: float, seconds: float = MESSAGE_S) -> None:
        """Show `text` for a while, in place of what is shown."""
        self._message, self._message_until = text, now + seconds

    def message(self, now: float) -> str | None:
        """The text to show at `now`, if any."""
        if self.camera_problem:
            return self.camera_problem
        if self.wanted is not None and now - self._wanted_since > _PATIENCE_S:
            return f"loading {mix_label(self.wanted)} ..."
        return self._message if now < self._message_until else None

    def _choose(self, step: int, now: float) -> Effect | None:
        if len(self.playlist) < 2:
            self.say(
                f"the only style here; put more, made by realtime-style train, into {styles_folder()}",
                now,
            )
            return None
        here = self.wanted or self.target
        position = self.playlist.index(here) if here in self.playlist else 0
        self.wanted, self._wanted_since = self.playlist[(position + step) % len(self.playlist)], now
        return Effect.LOAD_STYLE

    def _strengthen(self, step: float, now: float) -> None:
        self.strength = min(1.0, max(0.0, round(self.strength + step, 2)))
        self.say(f"strength {self.strength * 100:.0f} %", now)

    def _steady(self, step: float, now: float) -> None:
        self.steadiness = min(1.0, max(0.0, round(self.steadiness + step, 2)))
        self.say(f"steadiness {self.steadiness * 100:.0f} %", now)


def caption(mix: Mix) -> str:
    """A style as a label in a museum: title, artist, year. A blend: its parts and shares."""
    if len(mix) > 1:
        return mix_label(mix)
    info = mix[0][0].info
    return ", ".join(part for part in (info.title or info.name, info.artist, info.year) if part)
