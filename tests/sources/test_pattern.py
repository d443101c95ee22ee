"""The test pattern as a source."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from realtime_style.frames.pattern import read_barcode
from realtime_style.sources.pattern import TestPattern


def test_frames_repeat_exactly_and_move() -> None:
    first, again = list(TestPattern(160, 120, frames=5)), list(TestPattern(160, 120, frames=5))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert [read_barcode(picture) for picture in first] == [0, 1, 2, 3, 4]
    below = slice(20, None)  # without the barcode
    assert cv2.absdiff(first[0][below], first[1][below]).mean() > 0.5


def test_pattern_ends_after_the_number_of_frames() -> None:
    with TestPattern(64, 48, fps=25, frames=3) as pattern:
        info = pattern.info
        assert (info.width, info.height, info.fps, info.live) == (64, 48, 25, False)
        pictures = list(pattern)
    assert len(pictures) == 3
    for picture in pictures:
        assert picture.shape == (48, 64, 3)
        assert picture.dtype == np.uint8
        assert picture.flags["C_CONTIGUOUS"]


def test_closing_an_endless_pattern_ends_the_loop() -> None:
    pattern = TestPattern(64, 48)
    for number, _ in enumerate(pattern):
        if number == 3:
            pattern.close()
    assert number == 3


def test_drawing_on_a_frame_does_not_change_the_next() -> None:
    pattern = TestPattern(64, 48)
    untouched = pattern.picture(4).copy()
    pattern.picture(4)[:] = 0
    assert np.array_equal(pattern.picture(4), untouched)


@pytest.mark.parametrize("size", [(16, 16), (1, 1), (64, 3)])
def test_tiny_patterns_work(size: tuple[int, int]) -> None:
    assert next(iter(TestPattern(*size))).shape == (size[1], size[0], 3)
