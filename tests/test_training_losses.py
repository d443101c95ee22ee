"""The terms of the objective against hand-made numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from realtime_style.training.losses import (
    content_loss,
    gram_matrix,
    lattice_loss,
    style_loss,
    temporal_loss,
    total_variation_loss,
    weave_loss,
)
from realtime_style.training.motion import inside, move, random_motion, sensor_noise


def test_gram_matrix_of_two_channels_by_hand() -> None:
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # (1, 2, 1, 2)
    wanted = torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4
    assert torch.allclose(gram_matrix(features), wanted)


def test_gram_matrix_agrees_with_float64_and_is_symmetric() -> None:
    features = torch.randn(2, 16, 9, 7) * 1000
    flat = features.double().reshape(2, 16, 63)
    wanted = torch.einsum("ncp,ndp->ncd", flat, flat) / (16 * 63)
    seen = gram_matrix(features)
    assert (seen.double() - wanted).abs().max() < 1e-5 * wanted.abs().max()
    assert torch.allclose(seen, seen.transpose(1, 2))


def test_gram_matrix_of_bf16_features_is_float32_under_autocast_too() -> None:
    features = torch.rand(1, 4, 8, 8).to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = gram_matrix(features)
    assert seen.dtype == torch.float32
    assert torch.equal(seen, gram_matrix(features))


def test_gram_matrix_does_not_depend_on_the_size_of_a_repeated_picture() -> None:
    features = torch.rand(1, 8, 6, 6)
    assert torch.allclose(gram_matrix(features), gram_matrix(features.repeat(1, 1, 2, 3)), rtol=1e-4)


def test_content_loss_is_the_mean_square_difference() -> None:
    seen, target = {"relu3_3": torch.full((1, 2, 3, 3), 5.0)}, {"relu3_3": torch.full((1, 2, 3, 3), 2.0)}
    assert content_loss(seen, target).item() == pytest.approx(9.0)


def test_style_loss_sums_over_layers() -> None:
    features = {"a": torch.ones(2, 3, 4, 4), "b": torch.ones(2, 3, 4, 4)}
    grams = {name: gram_matrix(value[:1]) + 2 for name, value in features.items()}
    assert style_loss(features, grams).item() == pytest.approx(8.0)


def test_total_variation_of_a_flat_picture_is_zero_and_of_a_step_is_not() -> None:
    flat = torch.full((1, 3, 8, 8), 0.3)
    assert total_variation_loss(flat).item() == 0
    step = flat.clone()
    step[..., 4:] += 10 / 255
    assert total_variation_loss(step).item() == pytest.approx(100 / 7, rel=1e-4)


def test_lattice_loss_is_the_variance_of_the_phases_and_blind_to_everything_else() -> None:
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(35), indexing="ij")
    lattice = ((rows % 4 == 0) & (columns % 4 == 0)).float() * 16 / 255
    assert lattice_loss(lattice.expand(1, 3, -1, -1), 4).item() == pytest.approx(16**2 * (1 / 16) * (15 / 16), rel=1e-4)
    wave = torch.sin(columns * 2 * torch.pi / 16) * 100 / 255
    assert lattice_loss(wave.expand(1, 3, -1, -1), 4).item() < 1e-3


def test_temporal_loss_counts_grey_levels() -> None:
    assert temporal_loss(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 2 / 255)).item() == pytest.approx(4.0)


def test_motion_without_strength_leaves_the_picture_alone() -> None:
    image = torch.rand(2, 3, 20, 30)
    grid = random_motion(2, 20, 30, torch.Generator().manual_seed(0), flow_px=0, shift_px=0)
    assert torch.allclose(move(image, grid), image, atol=1e-5)
    assert inside(grid * 0.999).min() == 1


def test_motion_moves_by_the_pixels_it_was_asked_for() -> None:
    grid = random_motion(64, 40, 40, torch.Generator().manual_seed(0), flow_px=0, shift_px=4)
    still = random_motion(64, 40, 40, torch.Generator().manual_seed(0), flow_px=0, shift_px=0)
    shifts = (grid - still)[:, 0, 0] * 39 / 2
    assert shifts.std().item() == pytest.approx(4, rel=0.2)


def test_sensor_noise_is_between_half_and_all_of_sigma() -> None:
    noisy = sensor_noise(torch.full((50, 3, 32, 32), 0.5), torch.Generator().manual_seed(0), sigma=4)
    deviations = ((noisy - 0.5) * 255).flatten(1).std(dim=1).numpy()
    assert deviations.min() > 1.9
    assert deviations.max() < 4.2
    assert np.ptp(deviations) > 1


def test_weave_loss_sees_the_mirror_of_the_finest_wave_and_not_the_wave() -> None:
    columns = torch.arange(96.0)

    def picture(period: float) -> torch.Tensor:
        return (0.5 + 10 / 255 * torch.cos(2 * torch.pi * columns / period)).expand(1, 3, 96, 96)

    assert weave_loss(picture(8 / 3), stride=4) == pytest.approx(10**2, rel=0.02)
    assert weave_loss(picture(8 / 3).transpose(2, 3), stride=4) == pytest.approx(10**2, rel=0.02)
    assert weave_loss(picture(8), stride=4) < 0.1
    assert weave_loss(picture(4), stride=4) < 0.1
    assert weave_loss(torch.full((1, 3, 96, 96), 0.7), stride=4) < 0.01


def test_weave_loss_sees_a_weave_that_changes_its_phase() -> None:
    columns = torch.arange(192.0)
    turned = torch.where(columns < 96, 1.0, -1.0) * torch.cos(2 * torch.pi * columns * 3 / 8)
    assert weave_loss((0.5 + 10 / 255 * turned).expand(1, 3, 96, 192), stride=4) > 70


@pytest.mark.parametrize(("stride", "seen"), [(1, False), (2, False), (4, True), (8, True)])
def test_weave_loss_knows_which_strides_have_mirrors(stride: int, seen: bool) -> None:
    torch.manual_seed(0)
    assert (weave_loss(torch.rand(1, 3, 64, 64), stride) > 0) == seen
