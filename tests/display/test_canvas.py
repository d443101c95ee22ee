"""Drawing on the processor, into surfaces without a window."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
import pygame
import pytest

from realtime_style.display.canvas import ProcessorCanvas
from realtime_style.display.geometry import Box, fitted_box
from realtime_style.display.sprites import Image, Sprite
from realtime_style.frames import Frame

RED, BLUE = (0, 0, 255), (255, 0, 0)


class Paper:
    """A window of one surface."""

    def __init__(self, size_wh: tuple[int, int], depth: int = 32) -> None:
        self.surface = pygame.Surface(size_wh, depth=depth)
        self.flips = 0

    def get_surface(self) -> pygame.Surface:
        return self.surface

    def flip(self) -> None:
        self.flips += 1

    @property
    def seen(self) -> npt.NDArray[np.int16]:
        """(H, W, 3) BGR."""
        rgb = pygame.surfarray.array3d(self.surface).transpose(1, 0, 2)
        return rgb[..., ::-1].astype(np.int16)


def draw(
    paper: Any, picture: Frame | None, box: Box | None = None, sprites: list[Sprite] | None = None
) -> npt.NDArray[np.int16]:
    canvas = ProcessorCanvas(paper)
    canvas.draw(picture, box or Box(0, 0, *canvas.size_wh), sprites or [])
    seen: npt.NDArray[np.int16] = paper.seen
    return seen


def halves(width: int = 64, height: int = 48) -> Frame:
    """Red on the left, blue on the right."""
    frame = np.full((height, width, 3), BLUE, np.uint8)
    frame[:, : width // 2] = RED
    return frame


@pytest.mark.parametrize("depth", [32, 24, 16])
def test_picture_is_shown_in_its_colours_on_screens_of_any_depth(depth: int) -> None:
    seen = draw(Paper((64, 48), depth), halves())
    assert abs(seen - halves()).max() <= 8


def test_bars_beside_a_contained_picture_are_black() -> None:
    paper = Paper((200, 100))
    paper.surface.fill((255, 255, 255))
    seen = draw(paper, halves(), fitted_box((64, 48), Box(0, 0, 200, 100)))
    assert not seen[:, :33].any()
    assert not seen[:, 167:].any()
    assert (seen[:, 34:166].max(axis=2) > 100).all()


def test_covering_picture_is_cut_alike_on_both_sides() -> None:
    frame = halves(100, 50)
    frame[:, :20] = frame[:, -20:] = (0, 255, 0)
    seen = draw(Paper((60, 60)), frame, fitted_box((100, 50), Box(0, 0, 60, 60), "cover"))
    assert (seen.max(axis=2) > 100).all()
    assert not (seen[..., 1] > 60).any()  # the green edges
    assert abs(seen[30, 20] - RED).max() < 8
    assert abs(seen[30, 40] - BLUE).max() < 8


def test_enlarged_picture_is_smooth() -> None:
    seen = draw(Paper((640, 480)), halves())
    edge = seen[240, 300:340, 0]
    assert len(np.unique(edge)) > 5
    assert (np.diff(edge) >= 0).all()


def test_sprite_is_blended_at_its_place_and_size() -> None:
    half = Image(np.full((10, 20, 4), (0, 0, 255, 128), np.uint8))
    picture = np.full((48, 64, 3), (200, 100, 0), np.uint8)
    seen = draw(Paper((200, 150)), picture, sprites=[Sprite(half, Box(50, 60, 80, 40))])
    inside = seen[61:99, 51:129]
    assert abs(inside - (100, 50, 128)).max() <= 3
    assert abs(seen[:60] - (200, 100, 0)).max() <= 1
    assert abs(seen[:, 130:] - (200, 100, 0)).max() <= 1


def test_words_are_drawn_pixel_by_pixel() -> None:
    random = np.random.default_rng(0).integers(0, 256, (30, 40, 4), np.uint8)
    random[..., 3] = 255
    seen = draw(Paper((200, 150)), halves(), sprites=[Sprite(Image(random), Box(7, 9, 40, 30))])
    assert np.array_equal(seen[9:39, 7:47], random[..., :3])


def test_sprite_may_reach_beyond_the_screen() -> None:
    dark = Image(np.full((20, 20, 4), (0, 0, 0, 255), np.uint8))
    seen = draw(Paper((40, 40)), halves(), sprites=[Sprite(dark, Box(-10, -10, 20, 20))])
    assert not seen[:10, :10].any()
    assert seen[20, 20].any()


def test_no_picture_is_a_black_screen() -> None:
    paper = Paper((40, 40))
    paper.surface.fill((255, 255, 255))
    assert not draw(paper, None).any()


def test_images_that_are_no_longer_shown_are_given_up() -> None:
    paper: Any = Paper((40, 40))
    canvas = ProcessorCanvas(paper)
    for level in range(200):
        image = Image(np.full((20, 20, 4), level, np.uint8))
        canvas.draw(None, Box(0, 0, 1, 1), [Sprite(image, Box(0, 0, 20, 20))])
    assert len(canvas._cache) <= 61


def test_nothing_that_was_shown_stays_in_memory() -> None:
    paper: Any = Paper((320, 240))
    canvas = ProcessorCanvas(paper)
    gc.collect()
    gc.disable()  # it would come too late: frames are large, and hold visitors
    try:
        frame, card = np.zeros((240, 320, 3), np.uint8), np.zeros((20, 20, 4), np.uint8)
        gone = weakref.ref(frame), weakref.ref(card)
        canvas.draw(frame, Box(0, 0, 320, 240), [Sprite(Image(card), Box(0, 0, 20, 20))])
        del frame, card
        for _ in range(70):
            canvas.draw(None, Box(0, 0, 1, 1), [])
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()
