"""Losses on regular patterns against values computed by hand."""

from __future__ import annotations

import pytest
import torch

from realtime_style.training.objective.texture import (
    lattice_loss,
    local_spectrum,
    mean_texture,
    weave_loss,
)


def grain(height: int = 256, width: int = 256, seed: int = 0) -> torch.Tensor:
    """A canvas: fine grain of all frequencies, standard deviation 8 grey levels."""
    noise = torch.randn(1, 1, height, width, generator=torch.Generator().manual_seed(seed))
    return (0.5 + 8 / 255 * noise).expand(1, 3, height, width)


def wave(period: float, grey_levels: float, size: int = 128) -> torch.Tensor:
    """An oblique wave."""
    rows, columns = torch.meshgrid(
        torch.arange(float(size)), torch.arange(float(size)), indexing="ij"
    )
    phase = 2 * torch.pi * (0.6 * rows + 0.8 * columns) / period
    return (0.5 + grey_levels / 255 * torch.cos(phase)).expand(1, 3, size, size)


def test_lattice_loss_sees_only_its_period() -> None:
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(67), indexing="ij")
    lattice = ((rows % 4 == 0) & (columns % 4 == 0)).float() * 16 / 255
    variance = 16**2 * (1 / 16) * (15 / 16)
    seen = lattice_loss(lattice.expand(1, 3, -1, -1), 4).item()
    assert seen == pytest.approx(variance, rel=0.02)
    for period in (11, 16, 61):
        other = torch.sin(columns * 2 * torch.pi / period) * 100 / 255
        assert lattice_loss(other.expand(1, 3, -1, -1), 4).item() < 0.05


def test_spectrum_has_the_squared_amplitude_of_a_wave() -> None:
    columns = torch.arange(128.0)
    image = 0.5 + 10 / 255 * torch.cos(2 * torch.pi * columns / 4)
    spectrum = local_spectrum(image.expand(2, 3, 128, 128))
    assert spectrum.shape == (2, 25, 64, 33)
    assert spectrum[..., 0, 16] == pytest.approx(10**2, rel=0.01)
    assert spectrum[..., 8, 16].max() < 0.01


def test_weave_loss_sees_a_wave_but_not_grain_of_equal_power() -> None:
    texture = mean_texture(grain())
    amplitude = 8 * 2**0.5  # grey levels: the power of the grain in a single wave
    assert weave_loss(wave(2.9, amplitude), texture) > 50
    assert weave_loss(grain(128, 128, seed=1), texture) < 2


def test_weave_loss_sees_a_faint_weave() -> None:
    texture = mean_texture(grain())
    faint, strong = (float(weave_loss(wave(2.9, height), texture)) for height in (1, 10))
    assert faint == pytest.approx(strong / 100, rel=0.05)


def test_weave_loss_ignores_strokes_and_plain_areas() -> None:
    texture = mean_texture(grain())
    assert weave_loss(wave(24, 40), texture) < 1  # of 1,600
    assert weave_loss(torch.full((1, 3, 96, 96), 0.7), texture) < 1e-6


def test_weave_loss_allows_a_weave_of_the_painting() -> None:
    canvas = wave(2.9, 12, size=256)
    of_its_own = weave_loss(canvas, mean_texture(canvas))
    assert of_its_own < 0.01 * weave_loss(canvas, mean_texture(grain()))
