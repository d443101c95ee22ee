"""Terms of the objective against values computed by hand, and their weights."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import torch

from realtime_style.training.config import TrainConfig
from realtime_style.training.loss_log import COLUMNS
from realtime_style.training.objective.curriculum import Task
from realtime_style.training.objective.losses import (
    TERMS,
    border_loss,
    contrast_of,
    structure_loss,
    temporal_loss,
    total_variation_loss,
    weighted_sum,
)
from tests.helpers.training import small_config


def test_total_variation_is_zero_on_a_flat_picture() -> None:
    flat = torch.full((1, 3, 8, 8), 0.3)
    assert total_variation_loss(flat).item() == 0
    step = flat.clone()
    step[..., 4:] += 10 / 255
    assert total_variation_loss(step).item() == pytest.approx(100 / 7, rel=1e-4)


def test_temporal_loss_is_in_grey_levels_squared() -> None:
    black, dark = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 2 / 255)
    assert temporal_loss(black, dark, torch.ones(())).item() == pytest.approx(4.0)


def test_pale_pictures_count_as_no_steadier_than_others() -> None:
    painted = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    again = painted + 0.02 * torch.randn(painted.shape, generator=torch.Generator().manual_seed(1))
    paler, paler_again = ((picture - 0.5) * 0.7 + 0.5 for picture in (painted, again))
    strong = temporal_loss(again, painted, contrast_of(painted)).item()
    pale = temporal_loss(paler_again, paler, contrast_of(paler)).item()
    assert pale == pytest.approx(strong, rel=1e-3)


def test_contrast_of_a_plain_wall_is_bounded() -> None:
    assert contrast_of(torch.full((2, 3, 8, 8), 0.4)).item() == pytest.approx(0.3)


def test_border_loss_sees_a_darker_or_smoother_border() -> None:
    generator = torch.Generator().manual_seed(0)
    picture = torch.rand(1, 1, 96, 128, generator=generator).expand(1, 3, -1, -1) * 0.4
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


def test_structure_ignores_colour_contrast_and_fine_strokes() -> None:
    photograph = face()
    colours = torch.tensor([0.5, 0.1, 0.3]).view(1, 3, 1, 1) * photograph + 0.2
    strokes = (torch.rand(1, 3, 160, 128, generator=torch.Generator().manual_seed(0)) - 0.5) * 0.1
    assert structure_loss(photograph, photograph).item() < 0.01
    assert structure_loss(colours, photograph).item() < 0.01
    assert structure_loss(photograph + strokes, photograph).item() < 0.05
    nothing = structure_loss(torch.full_like(photograph, 0.5), photograph).item()
    assert structure_loss(1 - photograph, photograph).item() == pytest.approx(2 * nothing, rel=0.01)


def test_structure_misses_the_eyes_of_a_face() -> None:
    without_eyes = structure_loss(face(eyes=False), face()).item()
    assert without_eyes > 20 * structure_loss(face() * 0.3 + 0.4, face()).item()


def test_structure_is_not_required_in_a_sky() -> None:
    noise = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    sky = 0.6 + (noise - 0.5) * 0.05
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


def test_each_weight_setting_scales_the_term_of_its_name(tmp_path: Path) -> None:
    config = small_config(tmp_path)
    task = Task(torch.ones(1), 0.5)
    names = [term.name for term in TERMS]
    settings = [
        entry.name.removesuffix("_weight")
        for entry in fields(TrainConfig)
        if entry.name.endswith("_weight") and entry.name != "quarter_weight"
    ]
    assert sorted(settings) == sorted(names)
    usual = {term.name: term.weight(config, task) for term in TERMS}
    for name in names:
        value = getattr(config, f"{name}_weight")
        changed = config.with_changes(**{f"{name}_weight": 3 * value})
        weights = {term.name: term.weight(changed, task) for term in TERMS}
        assert weights == pytest.approx({**usual, name: 3 * usual[name]})


def test_objective_sums_the_weighted_terms_that_a_step_had(tmp_path: Path) -> None:
    config = small_config(tmp_path, content_weight=2.0, tv_weight=5.0)
    values = {"content": torch.tensor(10.0), "tv": torch.tensor(1.0)}
    assert weighted_sum(values, config, Task(torch.ones(1), 1.0)).item() == 25


def test_log_has_a_column_for_each_term() -> None:
    assert list(COLUMNS) == ["objective", "strength", *(term.name for term in TERMS)]
