"""Options of ``realtime-style train`` other than settings. Light, because ``--help`` reads them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from realtime_style.styles.format import StyleInfo
from realtime_style.system.declare import MISSING, Options, one_of, option
from realtime_style.training.config import DEVICES

_ABOUT = "about the painting, written into the style file"


@dataclass(frozen=True, kw_only=True)
class TrainOptions(Options):
    """Pictures to train on, outputs, and the credits of a painting."""

    paintings: tuple[Path, ...] = option(
        (),
        "picture of a painting; each becomes one style",
        metavar="PAINTING",
        positional=True,
    )
    content: Path | None = option(
        None, "folder of photographs to train on, any few hundred", metavar="DIR"
    )
    output: Path = option(MISSING, "style file to write", metavar="STYLE.onnx", aliases=("-o",))
    run: Path | None = option(
        None,
        "folder for checkpoint, losses and previews; default: STYLE.run",
        metavar="DIR",
    )
    resume: bool = option(False, "continue the run in that folder")
    recipe: Path | None = option(
        None, "take paintings and all settings from a recipe", metavar="FILE.toml"
    )
    data: Path | None = option(
        None, "folder that the paths in the recipe start from; default: here", metavar="DIR"
    )
    device: Annotated[str, one_of(*DEVICES)] = option(
        "auto", "where to train; auto: on a GPU if one works"
    )
    name: str | None = option(
        None, "name for --style; default: from the painting's file name", group=_ABOUT
    )
    title: str | None = option(None, "title of the painting", group=_ABOUT)
    artist: str | None = option(None, "painter", group=_ABOUT)
    year: str | None = option(None, "year of the painting", group=_ABOUT)
    source: str | None = option(None, "origin of the picture of it", group=_ABOUT)
    licence: str | None = option(None, "terms of use", group=_ABOUT)

    @property
    def run_folder(self) -> Path:
        """Folder of the run."""
        return self.run or self.output.with_suffix(".run")

    @property
    def about(self) -> dict[str, str]:
        """Given fields of :class:`StyleInfo`."""
        found = {name: getattr(self, name, None) for name in StyleInfo.__dataclass_fields__}
        return {name: text for name, text in found.items() if text is not None}
