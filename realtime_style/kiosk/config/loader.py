"""Read the kiosk's settings: one TOML file, every line optional; mistakes are named by line."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from realtime_style.errors import BadSettings
from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.config.pin import check_hash
from realtime_style.kiosk.config.schema import KioskSettings, PictureSettings
from realtime_style.media.images import read_image
from realtime_style.sources.camera import is_device
from realtime_style.styles.catalog import file_and_style, find_style
from realtime_style.system.toml_file import TomlFile
from realtime_style.web.address import parse_address


def load_settings(path: Path | None) -> KioskSettings:
    """Settings from a file, or the defaults for None.

    Paths in the file start from the file's own folder. Raises BadSettings with the line of the
    first mistake.
    """
    if path is None:
        return KioskSettings()
    file = TomlFile(path)
    settings = file.sections(KioskSettings)
    _check_together(file, settings)
    settings = _with_own_folder(settings, path.parent)
    _check_existence(file, settings)
    return settings


def load_picture_settings(path: Path | None) -> PictureSettings:
    """``[pictures]`` alone, whatever else is wrong in the file. Raises BadSettings."""
    return (
        PictureSettings() if path is None else TomlFile(path).section("pictures", PictureSettings)
    )


def check_camera(camera: str) -> None:
    """Raise BadSettings unless it is a camera, which may be plugged in later, or an existing clip
    or the test pattern.
    """
    if not is_device(camera) and camera != "pattern" and not Path(camera).is_file():
        raise BadSettings(
            f'there is no camera or clip {camera}; give a number, a clip or "pattern"'
        )


def _check_together(file: TomlFile, settings: KioskSettings) -> None:
    """Refuse settings that contradict each other."""
    screen, host, take_home = settings.screen, settings.host, settings.take_home
    if screen.language not in screen.languages:
        file.refuse(
            "screen",
            "language",
            f"language {screen.language!r} is not one of languages; add it there, or take one of "
            "them",
        )
    if host.token and take_home.on and host.port == take_home.port:
        file.refuse(
            "host",
            "port",
            "port must differ from that of [take_home]: visitors must not reach the host's page",
        )
    if settings.outputs.mjpeg is not None:
        _, port = parse_address(settings.outputs.mjpeg)
        if take_home.on and port == take_home.port:
            file.refuse("outputs", "mjpeg", "mjpeg must have another port than [take_home]")
        if host.token and port == host.port:
            file.refuse("outputs", "mjpeg", "mjpeg must have another port than [host]")


def _with_own_folder(settings: KioskSettings, folder: Path) -> KioskSettings:
    """Settings with the folder before files, where names that are no files may stand as well."""
    camera, styles = settings.camera.camera, settings.painting.styles
    if not is_device(camera) and camera != "pattern":
        camera = str(folder / camera)
    styles = tuple(str(folder / name) if file_and_style(name) else name for name in styles)
    return replace(
        settings,
        camera=replace(settings.camera, camera=camera),
        painting=replace(settings.painting, styles=styles),
    )


def _check_existence(file: TomlFile, settings: KioskSettings) -> None:
    """Refuse languages, styles, a logo, a clip or a printer that are not there, and a PIN that is
    none.
    """
    with file.errors_at("screen", "words"):
        languages = load_catalogues(settings.screen.words)
    known = ", ".join(languages)
    for code in settings.screen.languages:
        if code not in languages:
            file.refuse(
                "screen", "languages", f"there is no catalogue {code}.toml; there are {known}"
            )
    for code in settings.card.wish:
        if code not in languages:
            file.refuse("card", "wish", f"there is no language {code!r}; there are {known}")
    for program in settings.printer.command[:1]:
        if shutil.which(program) is None:
            file.refuse(
                "printer",
                "command",
                f"there is no program {program!r} here; install it or correct its name",
            )
    with file.errors_at("host", "pin"):
        if settings.host.pin:
            check_hash(settings.host.pin)
    with file.errors_at("card", "logo"):
        if settings.card.logo is not None:
            read_image(settings.card.logo)
    with file.errors_at("camera", "camera"):
        check_camera(settings.camera.camera)
    with file.errors_at("painting", "styles"):
        for name in settings.painting.styles:
            find_style(name)
