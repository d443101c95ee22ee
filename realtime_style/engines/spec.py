"""EngineSpec: the description of an engine that the table lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_style.errors import DeviceUnavailable

if TYPE_CHECKING:  # it imports numpy, which the command line does not need
    from realtime_style.engines.base import Engine


@dataclass(frozen=True)
class EngineSpec:
    """An engine: its name, a cheap probe, and a way to open it."""

    name: str
    """As typed with ``--device``, e.g. ``openvino:gpu``."""
    help: str
    """Noun phrase for help texts: the hardware and the library."""
    unavailable: Callable[[], str | None]
    """Probe: the reason this machine cannot have the engine, None if opening it is worth a try.

    Takes milliseconds and imports nothing heavy where it can. ``auto`` passes over an engine with a
    reason in silence; one that fails to open although it has none is reported to the user.
    """
    remedy: str
    """Way out of the reason: a command to type, or another choice."""
    opener: Callable[[Path, int | None], Engine]
    """Open a style file, with a number of threads or None for the engine's own choice.

    Raises DeviceUnavailable with a remedy where it knows one, anything else otherwise.
    """
    auto_rank: int | None = None
    """Place in the order in which ``auto`` tries engines, lowest first; None: only by name."""
    advice: str | None = None
    """Gain over the engines behind it, if installing a package is all it needs; for doctor."""

    def open(self, path: Path, threads: int | None = None) -> Engine:
        """Open a style file. Raises DeviceUnavailable with reason and remedy on one line."""
        if (reason := self.unavailable()) is not None:
            raise DeviceUnavailable(f"{self.name} cannot be used: {reason}; {self.remedy}")
        try:
            return self.opener(path, threads)
        except DeviceUnavailable:
            raise
        except Exception as error:  # engines raise types of their own without a common base class
            raise DeviceUnavailable(
                f"{self.name} cannot run {path.name} here: {reason_of(error)}; try another --device"
            ) from error


def reason_of(error: Exception) -> str:
    """The message of an engine's exception on one line.

    OpenVINO puts the places in its source that the exception passed on the lines before.
    """
    lines = [line.strip() for line in str(error).splitlines()]
    return next(
        (line for line in lines if line and not line.startswith("Exception from ")),
        type(error).__name__,
    )
