"""Measurements of a style on pictures whose result is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from export.quality import (
    border_by_chance,
    border_contrast,
    grid_peaks,
    luma,
    scaled,
    still_scene_flicker,
    warp_error,
)
from realtime_style.frames import Frame

GREY = np.full((96, 128, 3), 128, np.uint8)


def smooth_texture(height: int, width: int) -> Frame:
    """Blurred noise over the whole range of grey levels."""
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    blurred = cv2.GaussianBlur(noise, (0, 0), 3)
    low, high = blurred.min(), blurred.max()
    return np.asarray(20 + (blurred.astype(np.float32) - low) * (215 / (high - low)), np.uint8)


def moving_clip(pixels: int, frames: int = 4) -> list[Frame]:
    """A texture seen through a window that moves right by `pixels` per frame."""
    texture = smooth_texture(120, 160 + pixels * frames)
    return [
        np.ascontiguousarray(texture[:, shift * pixels : shift * pixels + 160])
        for shift in range(frames)
    ]


def test_flicker_of_a_photograph_is_that_of_its_noise():
    # Luma of noise of sigma 2 in B, G and R; difference of two; mean absolute value.
    expected = 2 * np.linalg.norm([0.114, 0.587, 0.299]) * np.sqrt(2) * np.sqrt(2 / np.pi)
    assert still_scene_flicker(lambda frame: frame, GREY) == pytest.approx(expected, rel=0.04)


def test_constant_painting_does_not_flicker():
    assert still_scene_flicker(lambda frame: GREY, GREY) == 0


def test_flicker_grows_with_the_contrast_of_the_noise():
    def triple_contrast(frame: Frame) -> Frame:
        return np.clip((frame.astype(np.int16) - 128) * 3 + 128, 0, 255).astype(np.uint8)

    once = still_scene_flicker(lambda frame: frame, GREY)
    assert still_scene_flicker(triple_contrast, GREY) == pytest.approx(3 * once, rel=0.05)


@pytest.mark.parametrize("pixels", [0, 3, 8])
def test_painting_that_moves_with_the_scene_has_no_warp_error(pixels: int):
    # Pixels that have just come into the frame do not count.
    assert warp_error(lambda frame: frame, moving_clip(pixels)) < 0.002


def test_texture_fixed_to_the_screen_is_a_warp_error():
    screen = smooth_texture(120, 160)

    def behind_glass(frame: Frame) -> Frame:
        return np.asarray(cv2.addWeighted(frame, 0.5, screen, 0.5, 0), np.uint8)

    moving = moving_clip(3)
    assert warp_error(behind_glass, moving) > 3 * warp_error(lambda frame: frame, moving)


def test_warp_error_of_flicker_is_its_amplitude():
    brightness = iter([0, 20, 0, 20])
    error = warp_error(lambda frame: np.full_like(frame, 100 + next(brightness)), moving_clip(3))
    assert error == pytest.approx(20 / 255, rel=0.001)


def test_warp_error_of_a_single_frame_is_nan():
    assert np.isnan(warp_error(lambda frame: frame, moving_clip(0, frames=1)))


@pytest.mark.parametrize(
    ("period", "direction", "wave"),
    [(2, "x", (0, 1)), (4, "y", (1, 0)), (8, "xy", (1, 1)), (4, "xy", (1, 1))],
)
def test_grid_is_found_at_its_period_and_direction(
    period: int, direction: str, wave: tuple[int, int]
):
    rows, columns = np.mgrid[0:240, 0:320]
    grid = 3 * np.cos(2 * np.pi / period * (wave[0] * rows + wave[1] * columns))
    texture = smooth_texture(240, 320)
    picture = np.clip(np.rint(texture * 0.5 + 64 + grid[..., np.newaxis]), 0, 255).astype(np.uint8)
    peaks = {(peak.period, peak.direction): peak for peak in grid_peaks(picture)}
    found = peaks.pop((period, direction))
    assert found.grey_levels == pytest.approx(3, rel=0.05)
    assert found.over_neighbours > 10
    assert max(peak.over_neighbours for peak in peaks.values()) < found.over_neighbours / 3


def test_white_noise_has_no_grid():
    random = np.random.default_rng(0)
    for _ in range(8):
        noise = (
            np.clip(random.normal(128, 20, (480, 640, 1)), 0, 255)
            .repeat(3, axis=2)
            .astype(np.uint8)
        )
        assert max(peak.over_neighbours for peak in grid_peaks(noise)) < 1.3


def test_faint_grid_is_found_in_strong_noise():
    noise = np.random.default_rng(0).normal(128, 20, (480, 640, 1)).repeat(3, axis=2)
    noise[::4] += 8  # a wave of amplitude 4, with its overtone
    peak = max(
        grid_peaks(np.clip(noise, 0, 255).astype(np.uint8)), key=lambda peak: peak.over_neighbours
    )
    assert (peak.period, peak.direction) == (4, "y")
    assert peak.over_neighbours > 2


def test_plain_picture_has_no_grid():
    assert max(peak.over_neighbours for peak in grid_peaks(GREY)) < 1


def test_lighter_edge_is_a_border_contrast():
    framed = GREY.copy()
    framed[:32] = 148
    assert border_contrast(framed) > 5
    assert border_contrast(GREY) == 0


def test_texture_only_at_the_edge_is_a_border_contrast():
    rippled = GREY.astype(np.int16)
    rippled[:, :32:2] += 20
    rippled[:, 1:32:2] -= 20
    assert border_contrast(rippled.astype(np.uint8)) > 5


def test_luma_weights_are_those_of_bgr():
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert luma(colours)[0] == pytest.approx([29.07, 149.685, 76.245, 255])


@pytest.mark.parametrize(
    ("size_wh", "expected"), [((640, 480), (384, 288)), ((100, 200), (192, 384))]
)
def test_scaling_sets_the_longer_side(size_wh: tuple[int, int], expected: tuple[int, int]):
    photograph = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    assert scaled(photograph, 384).shape[1::-1] == expected


def test_border_by_chance_grows_with_the_size_of_strokes():
    random = np.random.default_rng(0)
    seen = []
    for stroke in (1, 8, 40):
        cells = random.uniform(60, 200, (-(-900 // stroke), -(-1200 // stroke))).astype(np.float32)
        plane = cv2.resize(cells, (1200, 900), interpolation=cv2.INTER_NEAREST)
        seen.append(
            border_by_chance(plane[..., np.newaxis].repeat(3, axis=2).astype(np.uint8), 240, 320)
        )
    assert seen[0] < 1 < seen[1] < seen[2]
    assert border_by_chance(np.full((900, 1200, 3), 128, np.uint8), 240, 320) == 0
