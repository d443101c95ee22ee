"""The table of engines: which there are, what ``--device`` takes, and opening one.

ENGINES holds the ``ENGINE`` of every module in :mod:`realtime_style.engines.devices`, so that one
new file there is a new engine everywhere: in ``--device`` and its help, in ``doctor``, ``bench``
and the kiosk's settings.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_style.engines import devices
from realtime_style.engines.spec import EngineSpec
from realtime_style.errors import DeviceUnavailable

if TYPE_CHECKING:  # it imports numpy, which the command line does not need
    from realtime_style.engines.base import Engine


def _scan() -> tuple[EngineSpec, ...]:
    """The engines of all modules in the folder: those of ``auto`` in its order, then others."""
    names = [module.name for module in pkgutil.iter_modules(devices.__path__)]
    modules = [importlib.import_module(f"{devices.__name__}.{name}") for name in names]
    found: list[EngineSpec] = [module.ENGINE for module in modules]
    return tuple(
        sorted(found, key=lambda each: (each.auto_rank is None, each.auto_rank or 0, each.name))
    )


ENGINES = _scan()
"""All engines, those that ``auto`` tries first."""

DEVICES = ("auto", *(engine.name for engine in ENGINES))
"""Values of ``--device``."""


def device_help() -> str:
    """Help text of ``--device``: the order of ``auto`` and a few words on each engine."""
    order = ", ".join(engine.name for engine in ENGINES if engine.auto_rank is not None)
    each = "; ".join(f"{engine.name}: {engine.help}" for engine in ENGINES)
    return f"engine that runs the network; auto: the first usable one of {order}; {each}"


def find_engine(name: str) -> EngineSpec:
    """The engine of this name; raises DeviceUnavailable with the list of names."""
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise DeviceUnavailable(f"there is no device {name!r}; devices are {', '.join(DEVICES)}")


def open_engine(
    path: Path, *, device: str = "auto", threads: int | None = None
) -> tuple[Engine, str | None]:
    """Open a style file with `device` (one of DEVICES): the engine, and why ``auto`` made do.

    The second value is None unless ``auto`` had to pass over an engine that this machine seemed to
    have; then it is the reason, one line. A device given by name is that one or DeviceUnavailable,
    with reason and remedy: no other engine is taken instead. The engine's `provider` is what it
    really runs on, as it is read from the opened engine.
    """
    if device != "auto":
        return find_engine(device).open(path, threads), None
    failures: list[str] = []
    candidates = [engine for engine in ENGINES if engine.auto_rank is not None]
    for engine in candidates:
        if engine.unavailable() is not None and engine is not candidates[-1]:
            continue
        try:
            return engine.open(path, threads), "; ".join(failures) or None
        except DeviceUnavailable as error:
            failures.append(str(error))
    raise DeviceUnavailable("; ".join(failures))
