"""The catalogue: find style files by name and read their metadata."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from realtime_style.errors import StyleError, StyleNotFound
from realtime_style.styles.format import StyleInfo, StyleMetadata
from realtime_style.styles.onnx_file import read_style_metadata
from realtime_style.system.folders import styles_folder

log = logging.getLogger(__name__)

PACK = Path(__file__).parent / "pack"
"""Folder of the shipped style files."""


@dataclass(frozen=True)
class StyleRef:
    """One style of one style file."""

    file: Path
    index: int
    """Position of its weight in the file's `style` input."""
    count: int
    """Number of styles in the file."""
    info: StyleInfo

    @property
    def shipped(self) -> bool:
        """True if it comes with the package, False if it is the user's own."""
        return self.file.parent == PACK


def list_styles() -> list[StyleRef]:
    """All styles known by name: the shipped ones, then the user's own.

    Of two with the same name the list has the one that the name refers to: the user's own, or the
    first of those. A broken file is left out with a warning in the log.
    """
    styles, broken = scan_styles()
    for error in broken.values():
        log.warning("%s", error)
    return styles


def scan_styles() -> tuple[list[StyleRef], dict[Path, StyleError]]:
    """All styles as :func:`list_styles` has them, and the unreadable files with the reasons."""
    shipped, own = sorted(PACK.glob("*.onnx")), sorted(styles_folder().glob("*.onnx"))
    styles: list[StyleRef] = []
    broken: dict[Path, StyleError] = {}
    for file in [*shipped, *own]:
        try:
            styles += open_style_file(file)
        except StyleError as error:
            broken[file] = error
    by_name: dict[str, StyleRef] = {}
    # The sort is stable: the user's own styles first, each group in its order.
    for style in sorted(styles, key=lambda style: style.file in shipped):
        by_name.setdefault(style.info.name, style)
    return [style for style in styles if by_name[style.info.name] is style], broken


def open_style_file(path: Path) -> list[StyleRef]:
    """The styles of a style file. Raises StyleNotFound if it is missing, BadStyleFile if broken."""
    metadata = read_metadata(path)
    return [
        StyleRef(path, index, len(metadata.styles), info)
        for index, info in enumerate(metadata.styles)
    ]


def read_metadata(path: Path) -> StyleMetadata:
    """Metadata of a style file, after checking its tensors against the contract.

    No engine is loaded. A file is read once and again only when it has changed, as every look-up of
    a name goes through all files. Raises StyleNotFound, BadStyleFile.
    """
    if not path.is_file():
        raise StyleNotFound(f"style file {path} does not exist; check the path")
    status = path.stat()
    return _read_once(path, status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=256)
def _read_once(path: Path, changed_ns: int, size: int, inode: int) -> StyleMetadata:
    """The file's metadata; the other arguments tell one version of the file from the next."""
    return read_style_metadata(path)


def file_and_style(name: str) -> tuple[Path, str] | None:
    """The parts of ``FILE.onnx#NAME``, or of ``FILE.onnx`` with an empty name; None otherwise."""
    file, _, inside = (name, "", "") if name.lower().endswith(".onnx") else name.rpartition("#")
    return (Path(file), inside) if file.lower().endswith(".onnx") else None


def find_style(name: str) -> StyleRef:
    """The style with this name, or of this file: ``NAME``, ``FILE.onnx``, ``FILE.onnx#NAME``.

    Raises StyleNotFound with the names there are, or BadStyleFile.
    """
    if (parts := file_and_style(name)) is not None:
        return _style_of_file(*parts)
    known, broken = scan_styles()
    found = next((style for style in known if style.info.name == name), None)
    for file, error in broken.items():
        # Most files are named after their style: a user's broken one is not silently replaced.
        if file.stem == name and (found is None or found.shipped):
            raise error
    if found is not None:
        return found
    names = ", ".join(style.info.name for style in known) or "none"
    unread = f" (not readable: {', '.join(str(file) for file in broken)})" if broken else ""
    raise StyleNotFound(
        f"no style is called {name!r}; styles here: {names}{unread}; "
        "or give a style file, FILE.onnx"
    )


def _style_of_file(path: Path, name: str) -> StyleRef:
    """The style `name` of a file, its first one if `name` is empty."""
    styles = open_style_file(path)
    for style in styles:
        if name in ("", style.info.name):
            return style
    names = ", ".join(style.info.name for style in styles)
    raise StyleNotFound(f"{path} has no style {name!r}; it has {names}")
