"""Numbers for the host, and the state that outlasts a restart; nobody's picture."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from realtime_style.kiosk.config.i18n import Catalogue

log = logging.getLogger(__name__)


@dataclass
class Counters:
    """Counts since the host started the kiosk, faults and restarts in between included."""

    visitors: int = 0
    pictures: int = 0
    """Taken home."""
    by_style: dict[str, int] = field(default_factory=dict)
    """Pictures of each style."""


@dataclass(frozen=True)
class RestartState:
    """State that a kiosk takes over from the one before a crash or restart."""

    counters: Counters = field(default_factory=Counters)
    on_break: bool = False
    wrong_pins: int = 0
    """Since the last right one: a restart must not allow more tries."""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> RestartState:
        """The state in `line`; a new one if it cannot be read, or no start would ever succeed."""
        if not line:
            return cls()
        try:
            values = json.loads(line)
            return cls(
                Counters(**values["counters"]), bool(values["on_break"]), int(values["wrong_pins"])
            )
        except (ValueError, TypeError, KeyError) as error:
            log.warning("counting from zero: the last kiosk's state cannot be read (%s)", error)
            return cls()


@dataclass(frozen=True)
class Status:
    """The kiosk at one moment, for the menu and the phone page."""

    scene: str
    style: str
    fps: float
    runs_on: str
    camera_lost: str
    """Reason for the missing picture; empty when there is one."""
    on_break: bool
    visitors: int
    pictures: int
    kept: int
    """Visitors' files on the disk now."""
    outputs_lost: str
    """Outputs that fail, with reasons; empty when all work."""
    last_warning: str
    by_style: dict[str, int] = field(default_factory=dict)
    """Pictures of each style."""
    artists: Sequence[str] = ()
    """Names and years of all artists, in their order."""

    def lines(self, words: Catalogue) -> Sequence[str]:
        """Lines for the menu."""
        return [
            f"{self.fps:.1f} fps · {self.runs_on} · {self.style}",
            words("host_figures", visitors=self.visitors, pictures=self.pictures, kept=self.kept),
            self.camera_lost or self.outputs_lost or self.last_warning,
        ]


class LastWarning(logging.Handler):
    """Remembers the last warning of the package."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()
