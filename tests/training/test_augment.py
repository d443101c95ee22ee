"""Augmentation: webcam defects, plain scenes, noise and motion of the requested size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from realtime_style.training.data.augment import (
    inside,
    move,
    plain_scene,
    random_motion,
    sensor_noise,
    simulate_webcam,
)


def test_motion_of_zero_leaves_the_picture_unchanged() -> None:
    image = torch.rand(2, 3, 20, 30)
    grid = random_motion(2, 20, 30, torch.Generator().manual_seed(0), flow_px=0, shift_px=0)
    assert torch.allclose(move(image, grid), image, atol=1e-5)
    assert inside(grid * 0.999).min() == 1


def test_motion_has_the_requested_size_in_pixels() -> None:
    grid = random_motion(64, 40, 40, torch.Generator().manual_seed(0), flow_px=0, shift_px=4)
    still = random_motion(64, 40, 40, torch.Generator().manual_seed(0), flow_px=0, shift_px=0)
    shifts = (grid - still)[:, 0, 0] * 39 / 2
    assert shifts.std().item() == pytest.approx(4, rel=0.2)


def test_sensor_noise_is_between_half_and_all_of_sigma() -> None:
    grey = torch.full((50, 3, 32, 32), 0.5)
    noisy = sensor_noise(grey, torch.Generator().manual_seed(0), sigma=4)
    deviations = ((noisy - 0.5) * 255).flatten(1).std(dim=1).numpy()
    assert deviations.min() > 1.9
    assert deviations.max() < 4.2
    assert np.ptp(deviations) > 1


def test_half_of_the_plain_scenes_have_a_slope_of_up_to_30_levels() -> None:
    scenes = [plain_scene(64, 64, np.random.default_rng(seed)) for seed in range(60)]
    assert 15 <= sum(bool((scene == scene[0, 0]).all()) for scene in scenes) <= 45
    assert max(np.ptp(scene, axis=(0, 1)).max() for scene in scenes) <= 30
    assert len({tuple(scene.mean((0, 1)).astype(int)) for scene in scenes}) > 55


def test_webcam_defects_change_half_of_the_frames() -> None:
    frame = np.random.default_rng(0).integers(60, 196, (64, 64, 3)).astype(np.uint8)
    seen = [simulate_webcam(frame, np.random.default_rng(seed)) for seed in range(200)]
    assert 80 < sum(np.array_equal(frame, other) for other in seen) < 120
    assert min(other.mean() for other in seen) < 50
    assert max(other.mean() for other in seen) > 200
    assert min(other.std() for other in seen) < 0.3 * frame.std()
