"""Style files: finding them by name, reading what they say of themselves, and mixing them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from realtime_style.errors import StyleError, StyleNotFound
from realtime_style.styles.format import StyleInfo, StyleMetadata
from realtime_style.styles.onnx_file import read_style_metadata
from realtime_style.system.folders import styles_folder

log = logging.getLogger(__name__)

PACK = Path(__file__).parent / "pack"


@dataclass(frozen=True)
class StyleRef:
    """One style of one style file."""

    file: Path
    index: int
    """Position of its weight in the file's `style` input."""
    count: int
    """Styles in the file."""
    info: StyleInfo


def list_styles() -> list[StyleRef]:
    """All styles known by name: the shipped ones, then the user's own. Of two with one name there is the one that the name
    means: the user's own, or the first of these.

    A broken file does not hide the others: it is left out, and a warning in the log names it.
    """
    styles, broken = scan_styles()
    for error in broken.values():
        log.warning("%s", error)
    return styles


def scan_styles() -> tuple[list[StyleRef], dict[Path, StyleError]]:
    """All styles known by name, as :func:`list_styles`, and the files that cannot be read, with the reason."""
    shipped, own = sorted(PACK.glob("*.onnx")), sorted(styles_folder().glob("*.onnx"))
    styles: list[StyleRef] = []
    broken: dict[Path, StyleError] = {}
    for file in [*shipped, *own]:
        try:
            styles += open_style_file(file)
        except StyleError as error:
            broken[file] = error
    meant: dict[str, StyleRef] = {}
    for style in sorted(
        styles, key=lambda style: style.file in shipped
    ):  # a stable sort: the user's own come first
        meant.setdefault(style.info.name, style)
    return [style for style in styles if meant[style.info.name] is style], broken


def open_style_file(path: Path) -> list[StyleRef]:
    """The styles of a style file; raises StyleNotFound when there is no such file, BadStyleFile when it is something else."""
    metadata = read_metadata(path)
    return [
        StyleRef(path, index, len(metadata.styles), info)
        for index, info in enumerate(metadata.styles)
    ]


def read_metadata(path: Path) -> StyleMetadata:
    """What the file says of itself, after checking that its tensors are those of the contract. No engine is loaded."""
    if not path.is_file():
        raise StyleNotFound(f"style file {path} does not exist; check the path")
    return read_style_metadata(path)


def file_and_style(name: str) -> tuple[Path, str] | None:
    """The parts of ``FILE.onnx#NAME``, or of ``FILE.onnx`` with an empty name; None for what names no file."""
    file, _, inside = (name, "", "") if name.lower().endswith(".onnx") else name.rpartition("#")
    return (Path(file), inside) if file.lower().endswith(".onnx") else None


def find_style(name: str) -> StyleRef:
    """The style of this name, or of this file."""
    if (named := file_and_style(name)) is not None:
        path, inside = named
        styles = open_style_file(path)
        for style in styles:
            if inside in ("", style.info.name):
                return style
        raise StyleNotFound(
            f"{path} has no style {inside!r}; it has {', '.join(style.info.name for style in styles)}"
        )
    known, broken = scan_styles()
    found = next((style for style in known if style.info.name == name), None)
    for file, error in broken.items():
        if file.stem == name and (
            found is None or found.file.parent == PACK
        ):  # most files are named for their style
            raise error
    if found is not None:
        return found
    names = ", ".join(style.info.name for style in known) or "none"
    unread = f" (not readable: {', '.join(str(file) for file in broken)})" if broken else ""
    raise StyleNotFound(
        f"no style is called {name!r}; styles here: {names}{unread}; or give a style file, FILE.onnx"
    )
