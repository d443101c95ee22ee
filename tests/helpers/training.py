"""Small parts for training: a loss network with random weights, photographs and a painting."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from realtime_style.media.images import Picture, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.training.checkpoint import Checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.objective.vgg import LossNetwork
from realtime_style.training.train import LOSSES

SMALL = "c5s2-8,d8,R8,u8,s3"
PER_STYLE = "c5s2-8,d8*,(d16*,R16*,s8*),R8*!,s8*!,s3*"
"""Each kind of stage that can have per-style kernels."""
WIDE, NARROW = (64, 128, 256, 512), (8, 12, 16, 24)
"""Channels of VGG's blocks, and of one with a thirtieth of the work."""


class TrainedRun(NamedTuple):
    """A finished run."""

    config: TrainConfig
    folder: Path
    state: Checkpoint


def random_loss_network() -> LossNetwork:
    """A narrow VGG with random weights: its features are meaningless, but can be trained on."""
    return LossNetwork(random_weights(channels=NARROW), channels=NARROW)


def random_weights(name: str = "vgg16", channels: Sequence[int] = WIDE) -> dict[str, torch.Tensor]:
    """Weights up to relu4_x with torchvision's key names.

    Scaled so that features keep their magnitude from layer to layer.
    """
    convolutions = {"vgg16": (2, 2, 3, 3), "vgg19": (2, 2, 4, 4)}[name]
    generator = torch.Generator().manual_seed(1)
    weights, index, previous = {}, 0, 3
    for width, count in zip(channels, convolutions, strict=True):
        for _ in range(count):
            scale = (2 / (9 * previous)) ** 0.5
            weights[f"features.{index}.weight"] = (
                torch.randn(width, previous, 3, 3, generator=generator) * scale
            )
            weights[f"features.{index}.bias"] = torch.zeros(width)
            index, previous = index + 2, width
        index += 1
    return weights


def write_photographs(folder: Path, count: int = 6) -> Path:
    """`count` pictures with slopes and blocks, 96 x 80."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[0:80, 0:96]
    for number in range(count):
        tilt = rng.uniform(-1, 1, (3, 2))
        pixels = 128 + tilt[:, 0] * (rows[..., None] - 40) + tilt[:, 1] * (columns[..., None] - 48)
        pixels += 40 * ((rows // 12 + columns // (9 + number)) % 2)[..., None]
        write_image(
            folder / f"photo_{number}.png", Picture(np.clip(pixels, 0, 255).astype(np.uint8))
        )
    return folder


def write_painting(path: Path) -> Path:
    """Coloured waves, 110 x 90."""
    rows, columns = np.mgrid[0:90, 0:110]
    waves = [127 + 120 * np.sin(rows / scale + columns / 5) for scale in (3, 4, 7)]
    write_image(path, Picture(np.stack(waves, axis=-1).astype(np.uint8)))
    return path


def small_config(folder: Path, names: str = "", **changes: Any) -> TrainConfig:
    """Twelve quick steps on small crops; photographs and paintings are made in `folder`.

    One style for each letter of `names`, else one named waves.
    """
    styles = tuple(names) or ("waves",)
    values = {
        "paintings": tuple(str(write_painting(folder / f"{name}.png")) for name in styles),
        "styles": tuple(StyleInfo(name, title=name.title()) for name in styles),
        "content": str(write_photographs(folder / "photos")),
        "network": SMALL,
        "steps": 12,
        "batch": 2,
        "crop": 88,
        "style_size": 64,
        **changes,
    }
    return TrainConfig(**values)


def recipe_text(loss_network: str = "vgg.pt", **changes: object) -> str:
    """The settings of `small_config` at the top of a recipe; `changes` are added."""
    values: dict[str, object] = {
        "content": "photos",
        "loss_network": loss_network,
        "network": SMALL,
        "batch": 1,
        "crop": 88,
        "style_size": 64,
        "steps": 4,
        **changes,
    }
    lines = [
        f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
        for name, value in values.items()
    ]
    return "\n".join([*lines, ""])


def objectives(run: Path) -> list[float]:
    """The objective after each step of a run, from its losses."""
    with (run / LOSSES).open(newline="", encoding="utf-8") as file:
        return [float(row["objective"]) for row in csv.DictReader(file)]
