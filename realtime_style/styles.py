"""Style files: finding them by name, reading what they say of themselves, and mixing them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realtime_style import quiet_imports
from realtime_style.errors import BadStyleFile, DeviceUnavailable, StyleError, StyleNotFound
from realtime_style.style_format import METADATA_KEY, StyleInfo, StyleMetadata, check_signature

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


Mix = tuple[tuple[StyleRef, float], ...]
"""Styles and their shares; the shares sum to 1."""


def user_folder() -> Path:
    """Where a user's own style files are found by name: $REALTIME_STYLE_HOME, or .realtime_style in the home folder."""
    home = os.environ.get("REALTIME_STYLE_HOME")
    return Path(home) if home else Path.home() / ".realtime_style"


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
    shipped, own = sorted(PACK.glob("*.onnx")), sorted(user_folder().glob("*.onnx"))
    styles: list[StyleRef] = []
    broken: dict[Path, StyleError] = {}
    for file in [*shipped, *own]:
        try:
            styles += open_style_file(file)
        except StyleError as error:
            broken[file] = error
    meant: dict[str, StyleRef] = {}
    for style in sorted(styles, key=lambda style: style.file in shipped):  # a stable sort: the user's own come first
        meant.setdefault(style.info.name, style)
    return [style for style in styles if meant[style.info.name] is style], broken


def open_style_file(path: Path) -> list[StyleRef]:
    """The styles of a style file; raises StyleNotFound when there is no such file, BadStyleFile when it is something else."""
    metadata = read_metadata(path)
    return [StyleRef(path, index, len(metadata.styles), info) for index, info in enumerate(metadata.styles)]


def read_metadata(path: Path) -> StyleMetadata:
    """What the file says of itself, after checking that its tensors are those of the contract."""
    if not path.is_file():
        raise StyleNotFound(f"style file {path} does not exist; check the path")
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common base class of their own
        raise BadStyleFile(f"{path} is not a style file: not a readable ONNX model; train or download it again") from error
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise BadStyleFile(
            f"{path} is an ONNX model, but not a style file of realtime_style; give one that realtime-style train has written"
        )
    try:
        metadata = StyleMetadata.from_json(text)
        check_signature(
            {tensor.name: (tensor.type, tensor.shape) for tensor in session.get_inputs()},
            {tensor.name: (tensor.type, tensor.shape) for tensor in session.get_outputs()},
            len(metadata.styles),
        )
    except BadStyleFile as error:
        raise BadStyleFile(f"{path} is not a usable style file: {error}; train it again or take another copy") from error
    return metadata


def import_onnxruntime() -> Any:
    """The onnxruntime module, or DeviceUnavailable with the command that installs it."""
    try:
        return quiet_imports.import_onnxruntime()
    except (ImportError, OSError) as error:  # OSError: its libraries do not load
        raise DeviceUnavailable(
            f'onnxruntime is unusable ({error}); pip install "realtime-style[cpu]", or for an NVIDIA GPU "realtime-style[gpu]"'
        ) from error


def parse_mix(spec: str) -> Mix:
    """What ``--style`` says: ``NAME``, ``FILE.onnx``, ``FILE.onnx#NAME``, or several with weights, ``a:0.5,b:0.5``.

    Weights are scaled to sum to 1; without weights, shares are equal. A file of several styles without ``#NAME`` means
    its first. Raises StyleNotFound, BadStyleFile, or StyleError for weights that are negative, no numbers or all zero.
    """
    shares: dict[StyleRef, float] = {}
    for part in _parts(spec):
        name, weight = _split_weight(part, spec)
        style = find_style(name)
        shares[style] = shares.get(style, 0.0) + weight
    total = sum(shares.values())
    if total <= 0:
        raise StyleError(f"the weights in --style {spec!r} sum to zero; give at least one style a weight above 0")
    return tuple((style, share / total) for style, share in shares.items() if share > 0)


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
        raise StyleNotFound(f"{path} has no style {inside!r}; it has {', '.join(style.info.name for style in styles)}")
    known, broken = scan_styles()
    found = next((style for style in known if style.info.name == name), None)
    for file, error in broken.items():
        if file.stem == name and (found is None or found.file.parent == PACK):  # most files are named for their style
            raise error
    if found is not None:
        return found
    names = ", ".join(style.info.name for style in known) or "none"
    unread = f" (not readable: {', '.join(str(file) for file in broken)})" if broken else ""
    raise StyleNotFound(f"no style is called {name!r}; styles here: {names}{unread}; or give a style file, FILE.onnx")


def mix_label(mix: Mix) -> str:
    """What to call a mix on screen: ``The Starry Night`` or ``The Starry Night 50 % + The Scream 50 %``."""
    titles = [(style.info.title or style.info.name, share) for style, share in mix]
    if len(titles) == 1:
        return titles[0][0]
    return " + ".join(f"{title} {share:.0%}".replace("%", " %") for title, share in titles)


def _parts(spec: str) -> Iterator[str]:
    """What stands between the commas; those in the path of a file that is there belong to it."""
    words = spec.split(",")
    while words:
        taken = next((n for n in range(1, len(words) + 1) if _is_file(",".join(words[:n]))), 1)
        yield ",".join(words[:taken]).strip()
        words = words[taken:]


def _is_file(part: str) -> bool:
    """Whether this is, with or without a weight, a style file that is there."""
    named = (file_and_style(name.strip()) for name in (part, part.rpartition(":")[0]))
    try:
        return any(each is not None and each[0].is_file() for each in named)
    except OSError:  # longer than any name of a file
        return False


def _split_weight(part: str, spec: str) -> tuple[str, float]:
    """``name:0.5`` as name and weight. A colon that is part of a path (``C:\\a.onnx``) is not followed by a number."""
    if not part:
        raise StyleError(f"--style {spec!r} has an empty part; write it like a:0.5,b:0.5")
    name, colon, text = part.rpartition(":")
    if not colon or text.startswith("\\") or text.lower().endswith(".onnx") or ".onnx#" in text.lower():
        return part, 1.0
    try:
        weight = float(text)
    except ValueError as error:
        raise StyleError(f"{text!r} in --style {spec!r} is no number; write it like a:0.5,b:0.5") from error
    if not 0 <= weight < float("inf"):
        raise StyleError(f"weight {text} in --style {spec!r} must be a number from 0 up")
    return name, weight
