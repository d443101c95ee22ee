"""What a training run is told: one frozen value that travels in every checkpoint."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from realtime_style.errors import TrainingError
from realtime_style.styles.format import StyleInfo


@dataclass(frozen=True)
class TrainConfig:
    """Every setting of a training run, with the reason of its default.

    The objective is the sum of content, style, tv, lattice, grid, border, weave, structure, flicker, temporal and pixel,
    each times its ``..._weight``, in the units of :mod:`realtime_style.training.objective.losses`.
    """

    paintings: tuple[str, ...]
    """Style pictures, one for each style."""
    styles: tuple[StyleInfo, ...]
    """What the styles are called, in the order of `paintings`."""
    content: str
    """Folder of photographs, searched with its sub-folders. Any few hundred varied photographs do: the network learns
    strokes, not scenes."""
    held_out: tuple[str, ...] = ()
    """File names of photographs in `content` that are never learned on: previews and quality figures are made of them.
    Without any, four are chosen by the seed."""
    network: str = "fast"
    """`fast`, `fine`, `johnson` or an architecture string. `fast` plays live without a GPU, `fine` is four times the work."""
    start_from: str | None = None
    """Checkpoint of a run with the same `network`, or one with fewer stars, from whose weights this one starts: a new style
    needs fewer steps when the network can paint already, as Dumoulin et al. (ICLR 2017) found. Styles of the same name keep
    what is their own."""
    loss_network: str = "vgg19"
    """`vgg19`, `vgg16` or a file. vgg19 needs no download."""
    steps: int = 4000
    """Optimiser steps. A painting is recognisable after 200; 4,000 take 30 to 60 minutes on two processor cores with bf16."""
    minutes: float | None = None
    """Train for this long, all sittings of a run together, instead of for `steps`; the learning rate then follows the clock."""
    batch: int = 2
    """Photographs per step. Twice as many steps in the same time teach more than steps of four."""
    crop: int = 256
    """Side of the random crops, px: small enough for a step in half a second on two cores, large enough for whole strokes."""
    smallest_crop: float = 0.5
    """Least part of a photograph's short side that a crop covers. The pack's last training had 0.8: sharper crops, of as much
    as will be painted, and an objective 1 % lower; from nothing they gained nothing in 300 steps."""
    webcam_share: float = 1.0
    """Share of the crops seen as by a webcam: half of these too dark or bright, hazy or out of focus. The pack's last training
    had 0.5."""
    judged: float = 0.75
    """Share of a painted crop's side that is judged, to the nearest multiple of 16 px; which part, each step chooses anew.
    A network knows how far it is from the border of a picture: judged by the whole, it learned to paint the sky of a scream
    along the upper border and the railing along the lower one, whatever was in the photograph."""
    plain_share: float = 0.06
    """Share of plain or nearly plain scenes among the photographs: walls and skies that fill the picture, where lattices and
    marked borders show."""
    faults_share: float = 0.25
    """Share of the steps at full strength in which a plain scene of 640x480 is painted as well, and the grid and border terms
    count. As large as a frame: in crops of 320 px borders that stood out by 8 grey levels at 640x480 could not be seen."""
    style_size: int = 384
    """Short side of the painting, px. It sets the size of the strokes: at 384 they are as large, on a 640x480 picture, as
    on the painting shown beside it; at 256 they are smaller."""
    soften: float = 0.5
    """Blur of the painting at that size, standard deviation in px. A step back from the canvas, its grain is gone and its
    strokes are there. A small network that is asked for grain weaves."""
    content_weight: float = 1.0
    """The unit of the objective."""
    style_weight: float = 6.0
    """At the end of a long training the style is then twice to three times as loud as the content. Lower is closer to the
    photograph."""
    style_weights: tuple[float, ...] = ()
    """For each painting, a factor on `style_weight`; none: 1 for all."""
    evenness: float = 0.2
    """How much each quarter of a picture is asked to be like the painting, and not only all of it on the whole. At 0 a network
    paints what is busy and leaves the sky bare; at 0.5 pictures lost an eighth to a quarter of their contrast."""
    tv_weight: float = 1.0
    """A guard against pixel noise, 0.03 % of the objective. 25 instead of 1, for the last steps, changed nothing to be seen."""
    lattice_weight: float = 10_000.0
    """A lattice of 2 grey levels would cost a twentieth of the objective; what is left is one of 0.2 (docs/research.md)."""
    grid_weight: float = 20_000.0
    """The same lattice on a plain picture, which has nothing to hide it; twice its period counts for a tenth, as strokes have
    power there, too. 200 k took the lattice of a trained pack away, where 0.1 grey levels squared cost a twentieth of the
    objective; from nothing, that and a border's 200 put the first 300 steps back by 7 %."""
    border_weight: float = 20.0
    """A border that is 10 grey levels darker on plain pictures than what is inside costs a 250th of the objective; in the last
    trainings of the pack, with 3,000, more than half of it. Without this term ours were up to 17 darker."""
    weave_weight: float = 500.0
    """The weave of an earlier starry-night, 440 to 720 grey levels squared, would cost as much as the content; its painting
    has 210."""
    structure_weight: float = 500_000.0
    """Light and dark where the photograph has them, at the size of eyes. Without this term bold painters left the eyes out of
    faces. A starry-night of 300 steps from nothing had faces with it, and an objective 6 % higher."""
    flicker_weight: float = 1_000.0
    """Steadiness of a still scene. Without this term, sensor noise of sigma 2 moved a starry-night by 5.6 grey levels, mean of
    ten photographs, and by 13 on an even sky: next to motion, noise hardly counts in the temporal term."""
    temporal_weight: float = 150.0
    """Steadiness under motion. A prototype's warp error on a moving clip fell from 0.126 to 0.063 with 300; strokes that the
    grain gives to even surfaces stay where they are when the scene moves, so more of it takes them away."""
    partial_every: int = 8
    """Every so many steps teach a lower strength, so that a style can be weakened from the inside, stroke by stroke; 0: never,
    and the player mixes painting and photograph instead."""
    blend_every: int = 8
    """With several paintings, every so many of the other steps teach a blend of two, so that fading from one to the other is
    painting all the way; 0: never."""
    hard_blends: tuple[tuple[str, str], ...] = ()
    """Pairs of styles, by name, that are taught together as often as the two that are least alike: those whose blend came out
    worst. Others are as often as they are unlike (lessons.pair_odds)."""
    pixel_weight: float = 1_000.0
    """Likeness to the photograph pixel by pixel, at strength 0. An error of 10 grey levels then weighs half as much as
    the content term of a painting."""
    noise: float = 4.0
    """Strongest sensor noise of the flicker and temporal terms, standard deviation in grey levels; the weakest is half."""
    learning_rate: float = 6e-3
    """Peak of the one-cycle schedule. Objective on held-out photographs after 400 steps of two: 652 k with 2e-3, 581 k
    with 6e-3 (729 k with Adam alone); 1.5e-2 was still at 4,730 k after 120 steps, where 6e-3 had 1,700 k."""
    clip_norm: float = 30.0
    """Gradients of the logarithm of the objective are cut to this norm: one odd photograph shall not turn the network round."""
    seed: int = 0
    """Same seed, same processor, same `steps`: same network. On a GPU some gradients are summed in any order."""

    def __post_init__(self) -> None:
        checks = {
            "at least one painting is needed": len(self.paintings) > 0,
            "each painting needs a style name": len(self.paintings) == len(self.styles),
            "style_weights must be one factor above 0 for each painting": (
                len(self.style_weights) in (0, len(self.paintings))
                and min(self.style_weights, default=1.0) > 0
            ),
            "two styles have the same name": len({style.name for style in self.styles})
            == len(self.styles),
            "steps must be at least 1": self.steps >= 1,
            "minutes must be more than 0": self.minutes is None or self.minutes > 0,
            "batch must be at least 1": self.batch >= 1,
            "crop times judged must be at least 64 px": round(self.crop * self.judged) >= 64,
            "judged must be 0.5 to 1": 0.5 <= self.judged <= 1,
            "smallest_crop must be above 0, 1 at most": 0 < self.smallest_crop <= 1,
            "webcam_share must be 0 to 1": 0 <= self.webcam_share <= 1,
            "style_size must be at least 64 px": self.style_size >= 64,
            "evenness must be 0 to 1": 0 <= self.evenness <= 1,
            "plain_share must be 0 to 1": 0 <= self.plain_share <= 1,
            "faults_share must be 0 to 1": 0 <= self.faults_share <= 1,
            "blend_every must be 0 or at least 2": self.blend_every == 0 or self.blend_every >= 2,
            "hard_blends must be pairs of two of the styles": all(
                len(set(pair) & {style.name for style in self.styles}) == len(pair) == 2
                for pair in self.hard_blends
            ),
            "partial_every must be 0 or at least 2": self.partial_every == 0
            or self.partial_every >= 2,
            "soften must not be negative": self.soften >= 0,
            "learning_rate must be more than 0": self.learning_rate > 0,
            "clip_norm must be more than 0": self.clip_norm > 0,
            "seed must be 0 to 4294967295": 0 <= self.seed < 2**32,
            "weights of the objective must not be negative": (
                min(
                    getattr(self, entry.name)
                    for entry in fields(self)
                    if entry.name.endswith("_weight")
                )
                >= 0
            ),
        }
        for complaint, fine in checks.items():
            if not fine:
                raise TrainingError(f"{complaint}; change it and start again")

    @property
    def painting_weights(self) -> tuple[float, ...]:
        """The weight of the style term for each painting: `style_weight` times its factor."""
        factors = self.style_weights or (1.0,) * len(self.paintings)
        return tuple(self.style_weight * factor for factor in factors)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """The config that `to_dict` gave; raises TrainingError for names it does not know."""
        known = {entry.name for entry in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise TrainingError(
                f"unknown setting {unknown[0]!r}; settings are {', '.join(sorted(known))}"
            )
        try:
            styles = tuple(StyleInfo(**style) for style in values["styles"])
            lists = {
                name: tuple(values[name])
                for name in ("paintings", "held_out", "style_weights")
                if name in values
            }
            lists["hard_blends"] = tuple(tuple(pair) for pair in values.get("hard_blends", ()))
            return cls(**{**_typed(values), **lists, "styles": styles})
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"the settings are incomplete or wrong: {error}") from error

    def with_changes(self, **changes: Any) -> TrainConfig:
        """A copy with the given settings; None means unchanged."""
        return replace(
            self, **{name: value for name, value in changes.items() if value is not None}
        )


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, with whole numbers as floats where floats are meant; raises TrainingError for what is of another kind."""
    kinds: dict[str, tuple[tuple[type, ...], str]] = {
        "int": ((int,), "a whole number"),
        "float": ((int, float), "a number"),
        "float | None": ((int, float, type(None)), "a number"),
        "str": ((str,), "a text"),
        "str | None": ((str, type(None)), "a text"),
    }
    typed = dict(values)
    for entry in fields(TrainConfig):
        if entry.name not in values:
            continue
        value = values[entry.name]
        kind, words = kinds.get(str(entry.type), ((list, tuple), "a list"))
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TrainingError(
                f"the setting {entry.name} must be {words}, not {value!r}; change it and start again"
            )
        typed[entry.name] = (
            float(values[entry.name]) if float in kind and value is not None else value
        )
    return typed


def _require_text(recipe: Path, name: str, values: Mapping[str, Any]) -> None:
    if not isinstance(values.get(name, ""), str):
        raise TrainingError(
            f"recipe {recipe}: {name} must be a text, not {values[name]!r}; put it in quotes"
        )


def load_recipe(path: Path, data: Path) -> TrainConfig:
    """Read a recipe: a TOML file with the settings of TrainConfig and a ``[[styles]]`` table for each painting.

    Each table has the fields of StyleInfo, ``painting``, and, where wanted, ``style_weight``, a factor. Relative paths of
    paintings, `content` and a `loss_network` file are looked up in the folder `data`; that of `start_from` in the recipe's own.
    """
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(
            f"recipe {path} cannot be read: {error.strerror}; check the path"
        ) from error
    except ValueError as error:
        raise TrainingError(f"recipe {path} is not valid TOML: {error}") from error
    tables = values.pop("styles", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise TrainingError(
            f"recipe {path}: styles must be tables; begin each with [[styles]], in two pairs of brackets"
        )
    for name in ("content", "loss_network", "start_from"):
        _require_text(path, name, values)
    for table in tables:
        _require_text(path, "painting", table)
    try:
        values["paintings"] = [str(data / table.pop("painting")) for table in tables]
    except KeyError as error:
        raise TrainingError(f"recipe {path}: a [[styles]] table has no painting") from error
    if any("style_weight" in table for table in tables):
        values["style_weights"] = [table.pop("style_weight", 1.0) for table in tables]
    values["styles"] = tables
    if "content" not in values:
        raise TrainingError(
            f"recipe {path} does not say where photographs are; give it content, a folder"
        )
    values["content"] = str(data / values["content"])
    if values.get("loss_network", "vgg19") not in ("vgg16", "vgg19"):
        values["loss_network"] = str(data / values["loss_network"])
    if "start_from" in values:
        values["start_from"] = str(path.parent / values["start_from"])
    return TrainConfig.from_dict(values)
