"""doctor: the state of everything that painting needs on this machine.

Nothing here asks a package what it could do: each engine paints a frame, and what it painted on is
what is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from realtime_style.diagnostics.checks import (
    CameraFinding,
    display_problem,
    find_cameras,
    has_h264,
    package_versions,
)
from realtime_style.engines.packages import conflicting_wheels_message, installed_runtimes
from realtime_style.engines.spec import EngineSpec
from realtime_style.engines.table import DEVICES, ENGINES, open_engine
from realtime_style.errors import RealtimeStyleError
from realtime_style.styles.catalog import StyleRef, scan_styles
from realtime_style.stylize.style_model import StyleModel
from realtime_style.system.folders import styles_folder
from realtime_style.system.machine import Machine, describe_machine
from realtime_style.system.memory import available_bytes


@dataclass(frozen=True)
class DeviceFinding:
    """State of one engine."""

    device: str
    """As ``--device`` takes it."""
    usable: bool
    provider: str | None
    """Device and library it runs on; None if it cannot be used."""
    reason: str | None
    """Reason it cannot be used and what to do; None if it can."""
    expected: bool
    """True if this machine seems to have all it needs, so that an unusable one is broken."""


@dataclass(frozen=True)
class Examination:
    """All findings, as plain values: ``json.dumps(asdict(examination))`` works."""

    ok: bool
    """True if painting works, and on the device that was required."""
    problems: tuple[str, ...]
    """Reasons why `ok` is False; each with what to do."""
    notes: tuple[str, ...]
    """Things missing or broken that do not stop painting; each with what to do."""
    machine: Machine
    memory_free_gb: float
    versions: dict[str, str | None]
    """Versions by package; None for those that are not installed."""
    runtimes: tuple[str, ...]
    """The installed builds of ONNX Runtime; more than one overwrite each other."""
    devices: tuple[DeviceFinding, ...]
    """One finding for each engine of the table, in its order."""
    auto: str | None
    """Device and library of ``--device auto``; None if it finds nothing."""
    auto_fallback: str | None
    """Reason `auto` is not something faster, or None."""
    h264: bool
    """True if videos can be written."""
    display: str | None
    """Reason no window can be opened; None if one can."""
    cameras: tuple[CameraFinding, ...]
    styles: tuple[str, ...]
    broken_styles: dict[str, str]
    """Reasons by file."""


def examine(*, require: str | None = None) -> Examination:
    """Check everything this project needs; `require` names an engine that has to be usable."""
    if require is not None and require not in DEVICES[1:]:
        raise ValueError(f"unexpected device: {require!r} is none of {', '.join(DEVICES[1:])}")
    problems: list[str] = []
    notes: list[str] = []
    runtimes = installed_runtimes()
    if len(runtimes) > 1:
        problems.append(conflicting_wheels_message(runtimes))
    styles, broken = scan_styles()
    notes += [str(error) for error in broken.values()]
    if not styles:
        problems.append(
            "no style is installed, so no device could be tried; install this project again from "
            f"its folder, or put a style file into {styles_folder()}"
        )
    devices = tuple(_try_engine(engine, styles) for engine in ENGINES)
    auto, auto_fallback = _try_auto(styles)
    if styles and auto is None:
        problems.append(f"nothing can paint here: {auto_fallback}")
    _judge_devices(devices, auto, require, problems, notes)
    h264, display, cameras = has_h264(), display_problem(), find_cameras()
    if not h264:
        notes.append(
            "videos cannot be written: PyAV is missing or has no libx264; "
            "pip install --force-reinstall av"
        )
    if display:
        notes.append(display)
    notes += [camera.reason for camera in cameras if camera.reason]
    if not cameras:
        notes.append(
            "no camera was found; plug one in, or use a clip or the pattern in its place: "
            "--camera clip.mp4, --camera pattern"
        )
    return Examination(
        ok=not problems,
        problems=tuple(dict.fromkeys(problems)),
        notes=tuple(dict.fromkeys(notes)),
        machine=describe_machine(),
        memory_free_gb=round(available_bytes() / 2**30, 1),
        versions=package_versions(),
        runtimes=tuple(runtimes),
        devices=devices,
        auto=auto,
        auto_fallback=auto_fallback,
        h264=h264,
        display=display,
        cameras=cameras,
        styles=tuple(style.info.name for style in styles),
        broken_styles={str(file): str(error) for file, error in broken.items()},
    )


def format_report(found: Examination) -> str:
    """The findings for people: what there is, what works, and last what to do."""
    machine = f"{found.machine.one_line()}, {found.memory_free_gb:.1f} GB of memory free"
    installed = [f"{name} {version}" for name, version in found.versions.items() if version]
    missing = [name for name, version in found.versions.items() if version is None]
    rows = [("machine", machine), ("versions", ", ".join(installed))]
    if missing:
        rows.append(("", f"not installed: {', '.join(missing)}"))
    for device in found.devices:
        state = f"yes, {device.provider}" if device.usable else f"no: {device.reason}"
        rows.append((device.device, state))
    rows.append(("auto", found.auto or "nothing"))
    if found.auto and found.auto_fallback:
        rows.append(("", f"not faster because: {found.auto_fallback}"))
    cameras = [
        camera.camera + ("" if camera.readable else " (may not be read)")
        for camera in found.cameras
    ]
    styles = ", ".join(found.styles) or "none"
    rows += [
        ("videos", "H.264 with libx264" if found.h264 else "no"),
        ("display", "no" if found.display else "yes"),
        ("cameras", ", ".join(cameras) or "none"),
        ("styles", f"{styles}; your own go into {styles_folder()}"),
        *[("note", note) for note in found.notes],
        *[("PROBLEM", problem) for problem in found.problems],
    ]
    column = max(len(name) for name, _ in rows)
    verdict = "everything that painting needs is there"
    if not found.ok:
        verdict = "not everything that is needed is there, see above"
    return "\n".join([*(f"{name:<{column}}  {text}" for name, text in rows), verdict])


def _try_engine(engine: EngineSpec, styles: Sequence[StyleRef]) -> DeviceFinding:
    """Paint a small frame with one engine."""
    if not styles:
        reason = "not tried: there is no style to try it with"
        return DeviceFinding(engine.name, False, None, reason, False)
    try:
        with StyleModel(styles[0].file, device=engine.name) as stylize:
            stylize(np.zeros((48, 64, 3), np.uint8))
            return DeviceFinding(engine.name, True, stylize.provider, None, True)
    except RealtimeStyleError as error:
        expected = engine.unavailable() is None
        return DeviceFinding(engine.name, False, None, str(error), expected)


def _try_auto(styles: Sequence[StyleRef]) -> tuple[str | None, str | None]:
    if not styles:
        return None, None
    try:
        engine, fallback = open_engine(styles[0].file, device="auto")
    except RealtimeStyleError as error:
        return None, str(error)
    engine.close()
    return engine.provider, fallback


def _judge_devices(
    devices: Sequence[DeviceFinding],
    auto: str | None,
    require: str | None,
    problems: list[str],
    notes: list[str],
) -> None:
    """Add a line for each unusable engine that is required, seems broken, or would be faster.

    The devices are in the order of the table, so the first one that runs what `auto` runs is the
    one `auto` took, and those before it would be faster.
    """
    faster = True
    for engine, finding in zip(ENGINES, devices, strict=True):
        if finding.usable:
            faster = faster and finding.provider != auto
        elif finding.device == require:
            problems.append(f"{require} is required: {finding.reason}")
        elif finding.expected:
            notes.append(str(finding.reason))
        elif faster and auto is not None and engine.advice:
            notes.append(f"{engine.advice}: {engine.remedy}")
