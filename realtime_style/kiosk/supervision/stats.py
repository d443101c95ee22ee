"""What the host may know of a kiosk: numbers and its last complaint, nobody's picture."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from realtime_style.kiosk.config.i18n import Words

log = logging.getLogger(__name__)


@dataclass
class Counters:
    """Since the kiosk was started by its host; what a fault or a restart comes between is counted on."""

    visitors: int = 0
    pictures: int = 0
    by_painter: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RestartState:
    """What a kiosk knows of the one before it, which fell or was started anew."""

    counters: Counters = field(default_factory=Counters)
    on_break: bool = False
    wrong_pins: int = 0
    """Since the last right one: a new start must not be a new set of tries."""

    def line(self) -> str:
        """For :meth:`of_line`."""
        return json.dumps(asdict(self))

    @classmethod
    def of_line(cls, line: str) -> RestartState:
        """What was written; nothing to remember when it cannot be read, for then no start would ever succeed."""
        if not line:
            return cls()
        try:
            values = json.loads(line)
            return cls(
                Counters(**values["counters"]), bool(values["on_break"]), int(values["wrong_pins"])
            )
        except (ValueError, TypeError, KeyError) as error:
            log.warning(
                "counting from nothing, as the kiosk before this one left no figures that can be read (%s)",
                error,
            )
            return cls()


@dataclass(frozen=True)
class Status:
    """How it goes, for the menu and the phone page."""

    scene: str
    painter: str
    fps: float
    runs_on: str
    camera_lost: str
    """Why there is no picture; empty when there is one."""
    on_break: bool
    visitors: int
    pictures: int
    kept: int
    """Files of visitors on the disk now."""
    outputs_lost: str
    """Why second screen, virtual camera or film do not work; empty when they do."""
    last_warning: str
    by_painter: dict[str, int] = field(default_factory=dict)
    """Pictures after each painter."""
    painters: Sequence[str] = ()
    """All of them, for people, in their order."""

    def lines(self, words: Words) -> Sequence[str]:
        """For the menu."""
        return [
            f"{self.fps:.1f} fps · {self.runs_on} · {self.painter}",
            words("host_figures", visitors=self.visitors, pictures=self.pictures, kept=self.kept),
            self.camera_lost or self.outputs_lost or self.last_warning,
        ]


class LastWarning(logging.Handler):
    """Remembers the last warning of the package."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.words = record.getMessage()
