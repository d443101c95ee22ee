"""The frame type, and resizing, cropping and warping frames."""

from __future__ import annotations

import numpy as np
import pytest

from realtime_style.frames import Frame, check_frame
from realtime_style.frames.ops import cover_crop, fit_within, warp


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ([[0]], "not list"),
        (np.zeros((4, 4, 3)), "float64 != uint8"),
        (np.zeros((4, 4), np.uint8), r"\(4, 4\) != \(H, W, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
    ],
)
def test_anything_but_a_frame_is_refused(value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_frame(value)


def test_checked_frame_is_contiguous(frame: Frame) -> None:
    assert check_frame(frame) is frame
    turned = check_frame(frame.transpose(1, 0, 2))
    assert turned.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize(("long_side", "size"), [(32, (32, 24)), (64, (64, 48)), (99, (64, 48))])
def test_fit_within_reduces_and_never_enlarges(
    frame: Frame, long_side: int, size: tuple[int, int]
) -> None:
    assert fit_within(frame, long_side).shape[1::-1] == size


def test_fit_within_keeps_a_pixel_of_a_thin_frame() -> None:
    assert fit_within(np.zeros((1, 1000, 3), np.uint8), 10).shape == (1, 10, 3)


@pytest.mark.parametrize("size", [(32, 24), (48, 48), (200, 10), (7, 90)])
def test_cover_crop_has_exactly_the_size(frame: Frame, size: tuple[int, int]) -> None:
    assert cover_crop(frame, size).shape == (size[1], size[0], 3)


def test_cover_crop_takes_the_middle_undistorted() -> None:
    frame = np.zeros((100, 300, 3), np.uint8)
    frame[40:60, 140:160] = 255  # a square in the middle
    seen = cover_crop(frame, (50, 50))[..., 0] > 127
    assert seen.any(axis=0).sum() == seen.any(axis=1).sum() == 10
    assert seen[25, 25]


def test_warp_samples_where_the_flow_points(frame: Frame) -> None:
    flow = np.zeros((48, 64, 2), np.float32)
    flow[..., 0] = 2  # two pixels to the right
    assert np.array_equal(warp(frame, flow)[:, :-2], frame[:, 2:])
    assert np.array_equal(warp(frame, flow)[:, -1], frame[:, -1])  # edges are repeated
