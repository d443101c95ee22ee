"""Pictures fitted into rectangles."""

from __future__ import annotations

import pytest

from realtime_style.display.display import window_size
from realtime_style.display.geometry import Box, Fit, fitted_box

SIZES = [(640, 480), (1280, 720), (480, 640), (1920, 800), (100, 100)]
ROOMS = [Box(0, 0, 1920, 1080), Box(0, 0, 1080, 1920), Box(30, 50, 200, 77)]


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("room", ROOMS)
def test_contained_picture_touches_two_edges_and_crosses_none(
    size_wh: tuple[int, int], room: Box
) -> None:
    box = fitted_box(size_wh, room, "contain")
    assert box.width <= room.width
    assert box.height <= room.height
    assert box.width == room.width or box.height == room.height
    assert box.width / box.height == pytest.approx(size_wh[0] / size_wh[1], rel=0.02)


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("room", ROOMS)
def test_covering_picture_leaves_no_part_of_the_room_free(
    size_wh: tuple[int, int], room: Box
) -> None:
    box = fitted_box(size_wh, room, "cover")
    assert box.x <= room.x
    assert box.y <= room.y
    assert box.x + box.width >= room.x + room.width
    assert box.y + box.height >= room.y + room.height
    assert box.width / box.height == pytest.approx(size_wh[0] / size_wh[1], rel=0.02)


@pytest.mark.parametrize("fit", ["contain", "cover"])
def test_picture_is_in_the_middle(fit: Fit) -> None:
    room = Box(100, 40, 300, 301)
    box = fitted_box((640, 480), room, fit)
    assert abs((box.x + box.width / 2) - (room.x + room.width / 2)) <= 1
    assert abs((box.y + box.height / 2) - (room.y + room.height / 2)) <= 1


def test_boxes_overlap_only_with_an_area_in_common() -> None:
    box = Box(10, 10, 20, 20)
    assert box.overlaps(Box(29, 29, 5, 5))
    assert not box.overlaps(Box(30, 10, 5, 5))
    assert not box.overlaps(Box(10, 0, 20, 10))


@pytest.mark.parametrize(
    ("picture", "window"),
    [
        ((1280, 720), (1280, 720)),  # its own size
        ((320, 240), (640, 480)),  # text has to be legible
        ((1080, 1920), (486, 864)),  # a phone's: four fifths of the screen's height
        ((3840, 2160), (1536, 864)),
    ],
)
def test_new_window_is_neither_tiny_nor_too_large(
    picture: tuple[int, int], window: tuple[int, int]
) -> None:
    assert window_size(picture, (1920, 1080)) == window
