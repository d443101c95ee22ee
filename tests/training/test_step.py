"""Steps of training: what they move, and the effect of their settings."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from realtime_style.media.images import read_image
from realtime_style.stylize import color
from realtime_style.training.config import TrainConfig
from realtime_style.training.data.photographs import find_photographs, to_frame, to_image
from realtime_style.training.networks.transform_net import TransformNet
from realtime_style.training.objective.losses import border_loss
from realtime_style.training.objective.texture import lattice_loss
from realtime_style.training.step import loss_window, match_tone
from realtime_style.training.train import train
from tests.helpers.training import objectives, random_loss_network, small_config


def trained(config: TrainConfig, run: Path) -> TransformNet:
    return train(config, run, loss_network=random_loss_network()).network()


def test_strength_zero_learns_the_photograph(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=50, strength_every=2, style_weight=50.0)
    net = trained(config, tmp_path / "run")
    photograph = to_image(read_image(find_photographs(Path(config.content))[0]).bgr).unsqueeze(0)
    errors = []
    for strength in (0.0, 1.0):
        with torch.no_grad():
            painted = net(photograph, torch.tensor([strength]))
        errors.append(
            float((match_tone(painted, photograph, 1 - strength) - photograph).square().mean())
        )
    assert errors[0] < 0.5 * errors[1]


def test_training_and_player_match_tone_alike() -> None:
    rng = np.random.default_rng(0)
    photo = np.clip(rng.normal((60, 90, 140), (30, 20, 10), (48, 64, 3)), 0, 255).astype(np.uint8)
    painted = np.clip(rng.normal(128, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
    for share in (0.0, 0.3, 1.0):
        matched = match_tone(to_image(painted)[None], to_image(photo)[None], share)[0]
        in_training = to_frame(matched).astype(int)
        assert abs(in_training - color.match_tone(painted, photo, share)).max() <= 1
    assert abs(in_training.mean((0, 1)) - photo.mean((0, 1))).max() < 1
    assert abs(in_training.std((0, 1)) - photo.std((0, 1))).max() < 1


def test_a_step_moves_the_rows_of_its_painting_alone(tmp_path: Path) -> None:
    config = small_config(tmp_path, names="abc", steps=2)
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    shifts = state.net["stages.0.norm.beta"]
    # Third style and photograph have had no step yet.
    assert [bool(row.any()) for row in shifts] == [True, True, False, False]


def test_scaling_the_objective_does_not_change_the_network(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=4)
    weights = {
        name: 8 * getattr(config, name)
        for name in config.to_dict()
        if name.endswith("_weight") and name != "quarter_weight"
    }
    usual = train(config, tmp_path / "a", loss_network=random_loss_network())
    loud = train(config.with_changes(**weights), tmp_path / "b", loss_network=random_loss_network())
    assert loud.losses["objective"] == pytest.approx(8 * usual.losses["objective"])
    assert all(torch.allclose(usual.net[name], loud.net[name], atol=1e-5) for name in usual.net)


def test_style_weights_are_factors_for_single_paintings(tmp_path: Path) -> None:
    config = small_config(tmp_path, names="ab", steps=2, strength_every=0)
    assert config.with_changes(style_weights=(1.0, 0.5)).painting_weights == (6.0, 3.0)
    for name, factors in (("plain", ()), ("louder", (1.0, 900.0))):
        trained(config.with_changes(style_weights=factors), tmp_path / name)
    plain, louder = objectives(tmp_path / "plain"), objectives(tmp_path / "louder")
    assert plain[0] == louder[0]
    assert louder[1] > 2 * plain[1]


def test_flicker_weight_steadies_a_still_scene(tmp_path: Path) -> None:
    def flicker(weight: float) -> float:
        config = small_config(
            tmp_path,
            network="c5s2-8,g,s3",
            steps=40,
            flicker_weight=weight,
            temporal_weight=0.0,
            artifact_step_share=0.0,
        )
        net = trained(config, tmp_path / f"run_{weight}")
        image = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(1)) * 2 / 255
        with torch.no_grad():
            painted, noisy = (net(seen, net.style_weights()) for seen in (image, image + noise))
            # Relative to the contrast, because a paler picture is no steadier.
            return float((noisy - painted).abs().mean() / painted.std())

    assert flicker(1_000_000.0) < 0.7 * flicker(0.0)


@pytest.mark.parametrize(
    ("crop", "share", "side"),
    [(256, 0.8, 208), (256, 0.75, 192), (88, 1.0, 80), (88, 0.75, 64), (64, 1.0, 64)],
)
def test_loss_window_is_a_multiple_of_16_and_fits_the_crop(
    tmp_path: Path, crop: int, share: float, side: int
) -> None:
    config = small_config(tmp_path, crop=crop, loss_crop=share)
    _, rows, columns = loss_window(config, torch.Generator().manual_seed(0))
    assert rows.stop - rows.start == columns.stop - columns.start == side


def test_loss_window_touches_each_border_every_third_time(tmp_path: Path) -> None:
    config = small_config(tmp_path, crop=128, loss_crop=0.75)
    share = np.zeros((128, 128))
    for step in range(200):
        picture = torch.zeros(1, 3, 128, 128)
        picture[loss_window(config, torch.Generator().manual_seed(step))] = 1
        assert picture.sum() == 3 * 96 * 96
        share += picture[0, 0].numpy() / 200
    for border in (share[0], share[-1], share[:, 0], share[:, -1]):
        assert 0.2 < border.max() < 0.5


@pytest.mark.parametrize(
    ("steps", "share", "least", "most"), [(3, 0.0, 0, 0), (12, 0.5, 3, 9), (3, 1.0, 3, 3)]
)
def test_artifact_steps_have_the_requested_share(
    tmp_path: Path, steps: int, share: float, least: int, most: int
) -> None:
    config = small_config(tmp_path, steps=steps, strength_every=0, artifact_step_share=share)
    losses = train(config, tmp_path / "run", loss_network=random_loss_network()).losses
    with (tmp_path / "run" / "losses.csv").open(newline="", encoding="utf-8") as log:
        borders = [float(row["border"]) for row in csv.DictReader(log)]
    painted = [border for border in borders if border > 0]
    assert least <= len(painted) <= most
    assert losses["border"] == pytest.approx(np.mean(painted) if painted else 0, rel=1e-4)


def test_grid_and_border_weights_clean_plain_scenes(tmp_path: Path) -> None:
    def artifacts(grid_weight: float, border_weight: float) -> tuple[float, float]:
        config = small_config(
            tmp_path,
            network="c5s2-8,d8,g,R8,s8!,s3",
            steps=16,
            batch=1,
            strength_every=0,
            grid_weight=grid_weight,
            border_weight=border_weight,
            artifact_step_share=1.0,
            lattice_weight=0.0,
            flicker_weight=0.0,
            temporal_weight=0.0,
            style_weight=50.0,
        )
        net = trained(config, tmp_path / f"run_{grid_weight}_{border_weight}")
        with torch.no_grad():
            plain = net(torch.full((1, 3, 480, 640), 0.5), net.style_weights())
        return lattice_loss(plain, 4).item(), border_loss(plain).item()

    grid, border = artifacts(0.0, 0.0)
    cleaner_grid, cleaner_border = artifacts(1e7, 1e5)
    assert cleaner_grid < 0.4 * grid
    assert cleaner_border < 0.4 * border
