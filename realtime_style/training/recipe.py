"""Recipes: TOML files with the settings and the paintings of a training run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realtime_style.errors import BadSettings, TrainingError
from realtime_style.styles.format import StyleInfo
from realtime_style.system.toml_file import TomlFile
from realtime_style.training.config import AboveZero, TrainConfig, TrainSettings


@dataclass(frozen=True, kw_only=True)
class _StyleTable(StyleInfo):
    """One ``[[styles]]`` table."""

    painting: str
    style_weight: AboveZero = 1.0
    """Factor on the setting of that name."""


def load_recipe(path: Path, data: Path) -> TrainConfig:
    """Read a recipe: the settings of TrainSettings and a ``[[styles]]`` table for each painting.

    Each table has the fields of StyleInfo, ``painting`` and optionally ``style_weight``. Relative
    paths of paintings, `content` and a `loss_network` file start in the folder `data`; that of
    `start_from` in the recipe's own. Raises BadSettings with the line of the first mistake.
    """
    file = TomlFile(path)
    tables = file.values.pop("styles", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        file.refuse(
            None,
            "styles",
            "styles are tables; begin each with [[styles]], in two pairs of brackets",
        )
    settings = file.fields(TrainSettings, file.values)
    if "content" not in settings:
        file.refuse(None, None, "content is missing; name a folder of photographs")
    settings["content"] = str(data / settings["content"])
    if settings.get("loss_network", "vgg19") not in ("vgg16", "vgg19"):
        settings["loss_network"] = str(data / settings["loss_network"])
    if settings.get("start_from") is not None:
        settings["start_from"] = str(path.parent / settings["start_from"])
    styles = [_style(file, table, number) for number, table in enumerate(tables, 1)]
    factors = tuple(factor for _, _, factor in styles)
    try:
        return TrainConfig(
            **settings,
            styles=tuple(info for info, _, _ in styles),
            paintings=tuple(str(data / painting) for _, painting, _ in styles),
            style_weights=() if set(factors) == {1.0} else factors,
        )
    except TrainingError as error:
        raise BadSettings(f"settings {path}: {error}") from error


def _style(file: TomlFile, table: dict[str, Any], number: int) -> tuple[StyleInfo, str, float]:
    """Credits, painting and factor of the `number`-th ``[[styles]]`` table, from 1."""
    fields = file.fields(_StyleTable, table, "styles", number)
    for name in ("name", "painting"):
        if name not in fields:
            file.refuse("styles", None, f"this style has no {name}; give it one", number)
    painting, factor = fields.pop("painting"), fields.pop("style_weight", 1.0)
    try:
        return StyleInfo(**fields), painting, factor
    except ValueError as error:
        file.refuse("styles", "name", f"{error}; correct it", number)
