"""The terms of the objective against hand-made numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from realtime_style.training.data.augment import inside, move, random_motion, sensor_noise
from realtime_style.training.objective.losses import (
    _Products,
    border_loss,
    content_loss,
    contrast_of,
    gram_matrix,
    grams_of_quarters,
    lattice_loss,
    local_spectrum,
    mean_texture,
    relative_style_loss,
    structure_loss,
    style_loss,
    temporal_loss,
    total_variation_loss,
    weave_loss,
)


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


def test_evenness_asks_for_style_in_every_quarter_and_not_in_one_half_alone() -> None:
    striped = torch.tensor([1.0, -1.0]).repeat(4).view(1, 1, 1, 8).expand(1, 1, 8, 8)
    half = torch.cat([striped[..., :4, :] * 2**0.5, torch.zeros(1, 1, 4, 8)], dim=2)
    target = {"layer": gram_matrix(striped)}
    assert relative_style_loss({"layer": half}, target, evenness=0).item() == pytest.approx(
        0, abs=1e-6
    )
    assert relative_style_loss({"layer": striped}, target, evenness=1).item() == pytest.approx(
        0, abs=1e-6
    )
    assert relative_style_loss({"layer": half}, target, evenness=1).item() == pytest.approx(
        1e5
    )  # quarters of 2, 2, 0, 0 for 1
    assert relative_style_loss({"layer": half}, target, evenness=0.3).item() == pytest.approx(0.3e5)


def test_every_layer_and_every_painting_has_one_voice() -> None:
    soft, loud = torch.rand(2, 3, 8, 8), torch.rand(2, 4, 4, 4) * 500
    targets = {"soft": gram_matrix(soft[:1]) * 2, "loud": gram_matrix(loud[:1]) * 2}
    alone = [
        relative_style_loss({name: value}, {name: targets[name]}, 0.5)
        for name, value in (("soft", soft), ("loud", loud))
    ]
    assert relative_style_loss({"soft": soft, "loud": loud}, targets, 0.5).item() == pytest.approx(
        float(sum(alone))
    )
    pale = relative_style_loss({"loud": loud / 30}, {"loud": targets["loud"] / 900}, 0.5)
    assert pale.item() == pytest.approx(alone[1].item(), rel=1e-4)


def test_grams_of_quarters_are_those_of_the_pieces_in_reading_order() -> None:
    features = torch.randn(2, 6, 11, 14)
    seen = grams_of_quarters(features)
    assert seen.shape == (2, 4, 6, 6)
    for number, (top, left) in enumerate(((0, 0), (0, 7), (5, 0), (5, 7))):
        wanted = gram_matrix(features[:, :, top : top + 5, left : left + 7])
        assert torch.allclose(seen[:, number], wanted, atol=1e-6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = grams_of_quarters(features.to(torch.bfloat16))
    assert rough.dtype == torch.float32
    assert (rough - seen).abs().max() < 0.01 * seen.abs().max()


def test_gram_matrix_of_bf16_features_is_float32_under_autocast_too() -> None:
    features = torch.rand(1, 4, 8, 8).to(torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        seen = gram_matrix(features)
    assert seen.dtype == torch.float32
    assert torch.equal(seen, gram_matrix(features))


def test_gram_matrix_does_not_depend_on_the_size_of_a_repeated_picture() -> None:
    features = torch.rand(1, 8, 6, 6)
    assert torch.allclose(
        gram_matrix(features), gram_matrix(features.repeat(1, 1, 2, 3)), rtol=1e-4
    )


def test_content_loss_is_the_mean_square_difference() -> None:
    seen, target = (
        {"relu3_3": torch.full((1, 2, 3, 3), 5.0)},
        {"relu3_3": torch.full((1, 2, 3, 3), 2.0)},
    )
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
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(67), indexing="ij")
    lattice = ((rows % 4 == 0) & (columns % 4 == 0)).float() * 16 / 255
    assert lattice_loss(lattice.expand(1, 3, -1, -1), 4).item() == pytest.approx(
        16**2 * (1 / 16) * (15 / 16), rel=0.02
    )
    for period in (11, 16, 61):
        wave = torch.sin(columns * 2 * torch.pi / period) * 100 / 255
        assert lattice_loss(wave.expand(1, 3, -1, -1), 4).item() < 0.05


def test_temporal_loss_counts_grey_levels() -> None:
    black, dark = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 2 / 255)
    assert temporal_loss(black, dark, torch.ones(())).item() == pytest.approx(4.0)


def test_pale_pictures_are_no_steadier_than_others() -> None:
    painted = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    again = painted + 0.02 * torch.randn(painted.shape, generator=torch.Generator().manual_seed(1))
    paler, paler_again = ((picture - 0.5) * 0.7 + 0.5 for picture in (painted, again))
    strong = temporal_loss(again, painted, contrast_of(painted))
    assert temporal_loss(paler_again, paler, contrast_of(paler)).item() == pytest.approx(
        strong.item(), rel=1e-3
    )


def test_noise_on_a_plain_wall_does_not_count_without_bounds() -> None:
    assert contrast_of(torch.full((2, 3, 8, 8), 0.4)).item() == pytest.approx(0.3)


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
    noisy = sensor_noise(
        torch.full((50, 3, 32, 32), 0.5), torch.Generator().manual_seed(0), sigma=4
    )
    deviations = ((noisy - 0.5) * 255).flatten(1).std(dim=1).numpy()
    assert deviations.min() > 1.9
    assert deviations.max() < 4.2
    assert np.ptp(deviations) > 1


def grain(height: int = 256, width: int = 256, seed: int = 0) -> torch.Tensor:
    """A canvas: fine grain of all frequencies, 8 grey levels strong."""
    noise = torch.randn(1, 1, height, width, generator=torch.Generator().manual_seed(seed))
    return (0.5 + 8 / 255 * noise).expand(1, 3, height, width)


def wave(period: float, grey_levels: float, size: int = 128) -> torch.Tensor:
    rows, columns = torch.meshgrid(
        torch.arange(float(size)), torch.arange(float(size)), indexing="ij"
    )
    return (
        0.5 + grey_levels / 255 * torch.cos(2 * torch.pi * (0.6 * rows + 0.8 * columns) / period)
    ).expand(1, 3, size, size)


def test_spectrum_shows_a_wave_at_its_frequency_with_its_amplitude_squared() -> None:
    columns = torch.arange(128.0)
    spectrum = local_spectrum(
        (0.5 + 10 / 255 * torch.cos(2 * torch.pi * columns / 4)).expand(2, 3, 128, 128)
    )
    assert spectrum.shape == (2, 25, 64, 33)
    assert spectrum[..., 0, 16] == pytest.approx(10**2, rel=0.01)
    assert spectrum[..., 8, 16].max() < 0.01


def test_weave_loss_tells_one_wave_from_as_much_grain() -> None:
    texture = mean_texture(grain())
    loudness = 8 * 2**0.5  # grey levels: the power of the grain in a single wave
    assert weave_loss(wave(2.9, loudness), texture) > 50
    assert weave_loss(grain(128, 128, seed=1), texture) < 2


def test_weave_loss_sees_a_weave_however_faint() -> None:
    texture = mean_texture(grain())
    assert float(weave_loss(wave(2.9, 1), texture)) == pytest.approx(
        float(weave_loss(wave(2.9, 10), texture)) / 100, rel=0.05
    )


def test_weave_loss_leaves_strokes_and_calm_places_alone() -> None:
    texture = mean_texture(grain())
    assert weave_loss(wave(24, 40), texture) < 1  # of 1,600
    assert weave_loss(torch.full((1, 3, 96, 96), 0.7), texture) < 1e-6


def test_weave_loss_allows_what_the_painting_has() -> None:
    canvas = wave(2.9, 12, size=256)
    assert weave_loss(canvas, mean_texture(canvas)) < 0.01 * weave_loss(
        canvas, mean_texture(grain())
    )


def test_gradient_of_a_gram_matrix_is_right() -> None:
    pixels = torch.randn(
        2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    assert torch.autograd.gradcheck(_Products.apply, (pixels,))


def test_border_loss_sees_a_darker_and_a_smoother_border_and_no_even_texture() -> None:
    picture = (
        torch.rand(1, 1, 96, 128, generator=torch.Generator().manual_seed(0)).expand(1, 3, -1, -1)
        * 0.4
    )
    assert border_loss(picture).item() < 3
    frame = torch.ones(96, 128)
    frame[12:-12, 12:-12] = 0
    assert border_loss(picture - frame * 20 / 255).item() == pytest.approx(400, rel=0.2)
    smooth = torch.where(frame.bool(), picture.mean(), picture)
    assert border_loss(smooth).item() == pytest.approx((picture.std().item() * 255) ** 2, rel=0.2)


def face(*, eyes: bool = True) -> torch.Tensor:
    """A light face with two dark eyes, 12 px wide, before dark hair: (1, 3, 160, 128)."""
    rows, columns = torch.meshgrid(torch.arange(160.0), torch.arange(128.0), indexing="ij")
    plane = torch.where(torch.hypot((rows - 80) / 60, (columns - 64) / 44) < 1, 0.85, 0.15)
    if eyes:
        for middle in (46, 82):
            plane[torch.hypot((rows - 70) / 3, (columns - middle) / 6) < 1] = 0.3
    return plane.expand(1, 3, -1, -1)


def test_structure_is_all_there_in_any_colour_and_contrast_and_under_fine_strokes() -> None:
    photograph = face()
    colours = torch.tensor([0.5, 0.1, 0.3]).view(1, 3, 1, 1) * photograph + 0.2
    strokes = (torch.rand(1, 3, 160, 128, generator=torch.Generator().manual_seed(0)) - 0.5) * 0.1
    assert structure_loss(photograph, photograph).item() < 0.01
    assert structure_loss(colours, photograph).item() < 0.01
    assert structure_loss(photograph + strokes, photograph).item() < 0.05
    nothing = structure_loss(torch.full_like(photograph, 0.5), photograph).item()
    assert structure_loss(1 - photograph, photograph).item() == pytest.approx(2 * nothing, rel=0.01)


def test_a_face_without_eyes_lacks_structure_that_one_in_other_colours_does_not() -> None:
    assert (
        structure_loss(face(eyes=False), face()).item()
        > 20 * structure_loss(face() * 0.3 + 0.4, face()).item()
    )


def test_a_sky_asks_for_no_structure() -> None:
    sky = (
        0.6 + (torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)) - 0.5) * 0.05
    )
    stars = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(2)).requires_grad_()
    loss = structure_loss(stars, sky)
    loss.backward()
    assert loss.item() < 0.1
    assert stars.grad is not None
    eyes = torch.rand(1, 3, 160, 128, generator=torch.Generator().manual_seed(2)).requires_grad_()
    structure_loss(eyes, face()).backward()
    assert eyes.grad is not None
    assert stars.grad.abs().max() < 0.2 * eyes.grad.abs().max()


def test_structure_of_a_plain_painting_has_a_gradient() -> None:
    plain = torch.full((1, 3, 96, 96), 0.5, requires_grad=True)
    structure_loss(plain, torch.rand(1, 3, 96, 96)).backward()
    assert plain.grad is not None
    assert torch.isfinite(plain.grad).all()
