"""Small things to train with: a loss network with random weights, photographs and a painting."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import torch

from realtime_style.media.images import Picture, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.training.config import TrainConfig
from realtime_style.training.objective.vgg import LossNetwork
from realtime_style.training.train import LOSSES

SMALL = "c5s2-8,d8,R8,u8,s3"
OWN = "c5s2-8,d8*,(d16*,R16*,s8*),R8*!,s8*!,s3*"
"""Each kind of stage that can have kernels of a style's own."""


def random_loss_network(name: str = "vgg16") -> LossNetwork:
    """A VGG with random weights: it teaches nothing beautiful, but it teaches."""
    return LossNetwork(random_weights(name), name=name)


def random_weights(name: str = "vgg16") -> dict[str, torch.Tensor]:
    """Weights up to relu4_x by torchvision's key names, scaled so that features keep their size."""
    convolutions = {"vgg16": (2, 2, 3, 3), "vgg19": (2, 2, 4, 4)}[name]
    generator = torch.Generator().manual_seed(1)
    weights, index, channels = {}, 0, 3
    for block, count in enumerate(convolutions):
        for _ in range(count):
            out = (64, 128, 256, 512)[block]
            scale = (2 / (9 * channels)) ** 0.5
            weights[f"features.{index}.weight"] = (
                torch.randn(out, channels, 3, 3, generator=generator) * scale
            )
            weights[f"features.{index}.bias"] = torch.zeros(out)
            index, channels = index + 2, out
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
    """Coloured waves."""
    rows, columns = np.mgrid[0:90, 0:110]
    waves = [127 + 120 * np.sin(rows / scale + columns / 5) for scale in (3, 4, 7)]
    write_image(path, Picture(np.stack(waves, axis=-1).astype(np.uint8)))
    return path


def small_config(tmp_path: Path, **changes: object) -> TrainConfig:
    """Twelve quick steps on small crops; photographs and painting are made in `tmp_path`."""
    values = {
        "paintings": (str(write_painting(tmp_path / "waves.png")),),
        "styles": (StyleInfo("waves", title="Waves"),),
        "content": str(write_photographs(tmp_path / "photos")),
        "network": SMALL,
        "steps": 12,
        "batch": 2,
        "crop": 88,
        "style_size": 64,
        **changes,
    }
    return TrainConfig(**values)  # type: ignore[arg-type]


def objectives(run: Path) -> list[float]:
    """The objective after each step of a run, from its losses."""
    with (run / LOSSES).open(newline="") as file:
        return [float(row["objective"]) for row in csv.DictReader(file)]
