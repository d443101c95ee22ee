"""Words over the live picture: legible, on the screen, and never over its middle."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from realtime_style.display.geometry import Box
from realtime_style.display.sprites import Sprite
from realtime_style.pipeline.look import split
from realtime_style.webcam.controls import KEYS
from realtime_style.webcam.overlay import Overlay, lay_out

SIZES = [(1920, 1080), (1366, 768), (1280, 720), (3840, 2160), (1024, 768)]
SMALL = [(640, 480), (486, 864), (320, 240), (176, 144), (48, 64), (16, 16)]
LONG = (
    "cannot write /home/somebody/with/a/very/long/path/to/2026-01-01_12-00-00_starry-night.png: "
    "No space left on device"
)
HELP = tuple((key.shown, key.words) for key in KEYS)
FIGURES = (
    ("style", "The Great Wave off Kanagawa"),
    ("look", "strength 100 %, steadiness 50 %, own colours"),
    ("speed", "29.8 fps, latency 41 ms, stylize 21.4 ms"),
    ("engine", "OpenVINO CPU, painted at 640 px"),
    ("camera", "Integrated Camera: HD, 3 dropped"),
    ("stream", "1280x720 MJPG at 30 fps (asked for 1280x720 at 30 fps)"),
)
SCENES = {
    "help": Overlay(help=HELP),
    "figures": Overlay(figures=FIGURES),
    "split": Overlay(labels=("photograph", "The Great Wave off Kanagawa")),
    "message": Overlay(message=LONG),
    "recording": Overlay(recorded_s=75.0),
    "all": Overlay(HELP, FIGURES, 75.0, LONG, ("photograph", "The Great Wave off Kanagawa")),
}


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_nothing_lies_over_the_middle_of_the_picture(size_wh: tuple[int, int], scene: str) -> None:
    width, height = size_wh
    middle = Box(width // 3, height // 4, width // 3, height // 2)
    sprites = lay_out(size_wh, SCENES[scene])
    assert sprites
    assert not [sprite.box for sprite in sprites if sprite.box.overlaps(middle)]


@pytest.mark.parametrize("size_wh", SIZES)
def test_everything_at_once_is_on_the_screen_and_apart(size_wh: tuple[int, int]) -> None:
    boxes = [sprite.box for sprite in lay_out(size_wh, SCENES["all"])]
    assert len(boxes) == 6
    for box in boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= size_wh[0]
        assert box.y + box.height <= size_wh[1]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("size_wh", SMALL)
@pytest.mark.parametrize("scene", SCENES)
def test_everything_can_be_laid_out_on_small_screens(size_wh: tuple[int, int], scene: str) -> None:
    lay_out(size_wh, SCENES[scene])


@pytest.mark.parametrize("size_wh", [*SIZES, (640, 480), (486, 864)])
@pytest.mark.parametrize("scene", SCENES)
def test_words_have_the_resolution_of_the_screen(size_wh: tuple[int, int], scene: str) -> None:
    for sprite in lay_out(size_wh, SCENES[scene]):
        assert sprite.image.bgra.shape[:2] == (sprite.box.height, sprite.box.width)


def test_words_that_do_not_change_are_drawn_once() -> None:
    first, again = (lay_out((1280, 720), SCENES["all"]) for _ in range(2))
    assert first == again


def test_nothing_to_say_is_nothing_on_screen() -> None:
    assert lay_out((1280, 720), Overlay()) == []


@pytest.mark.parametrize("level", [0, 128, 255])
def test_text_stands_out_on_any_background(level: int) -> None:
    (sprite,) = lay_out((1280, 720), Overlay(message="HHHHHHHHHH"))
    bgra = sprite.image.bgra.astype(float)
    alpha = bgra[..., 3:] / 255
    seen = bgra[..., :3] * alpha + level * (1 - alpha)
    assert seen.max() - np.median(seen) > 150


def test_long_message_takes_more_lines_at_most_four() -> None:
    def height(text: str) -> int:
        (sprite,) = lay_out((640, 480), Overlay(message=text))
        return sprite.box.height

    assert height("saved") < height(LONG) == height(LONG * 5)


def test_message_is_in_the_middle_or_beside_the_help() -> None:
    (alone,) = lay_out((1280, 720), Overlay(message="saved"))
    assert abs(alone.box.x + alone.box.width / 2 - 640) <= 1
    assert len(lay_out((1280, 720), Overlay(help=HELP, message=LONG))) == 2


def test_figures_take_more_lines_in_a_narrow_window() -> None:
    def height(width: int) -> int:
        (sprite,) = lay_out((width, 480), Overlay(figures=FIGURES))
        assert sprite.box.x + sprite.box.width <= width
        return sprite.box.height

    assert height(180) > 1.3 * height(640)


@pytest.mark.parametrize("size_wh", [(640, 480), (486, 864), (320, 240)])
def test_help_fits_into_a_small_window(size_wh: tuple[int, int]) -> None:
    (sprite,) = lay_out(size_wh, Overlay(help=HELP))
    assert sprite.box.x + sprite.box.width <= size_wh[0]
    assert sprite.box.y + sprite.box.height <= size_wh[1]


def test_help_has_a_line_for_each_key() -> None:
    (all_keys,) = lay_out((1280, 720), Overlay(help=HELP))
    (fewer,) = lay_out((1280, 720), Overlay(help=HELP[:-3]))
    row = (all_keys.box.height - fewer.box.height) / 3
    assert all_keys.box.height == pytest.approx(len(HELP) * row, rel=0.1)


def test_recording_sign_does_not_move_when_digits_change() -> None:
    def box(seconds: float) -> Box:
        (sprite,) = lay_out((1280, 720), Overlay(recorded_s=seconds))
        return sprite.box

    assert box(71) == box(128) == box(599)
    assert box(600).x < box(599).x


def test_recording_sign_changes_every_second() -> None:
    def sign(seconds: float) -> Sprite:
        (sprite,) = lay_out((1280, 720), Overlay(recorded_s=seconds))
        return sprite

    assert sign(3.1) == sign(3.9)
    assert not np.array_equal(sign(3.9).image.bgra, sign(4.0).image.bgra)


@pytest.mark.parametrize("size_wh", [(1280, 720), (640, 480)])
def test_labels_stand_on_both_sides_of_the_line(size_wh: tuple[int, int]) -> None:
    left, right = lay_out(size_wh, Overlay(labels=("photograph", "The Scream")))
    middle = size_wh[0] // 2
    assert 0 < middle - (left.box.x + left.box.width) == right.box.x - middle
    assert left.box.y == right.box.y


def test_labels_without_room_are_left_out() -> None:
    assert lay_out((32, 24), Overlay(labels=("photograph", "The Scream"))) == []


def test_split_shows_the_photograph_left_and_the_painting_right() -> None:
    photo, painted = (np.full((480, 640, 3), level, np.uint8) for level in (50, 200))
    result = split(photo, painted)
    assert (result[:, :320] == 50).all()
    assert (result[:, 320:322] == 255).all()
    assert (result[:, 322:] == 200).all()
    assert (photo == 50).all()
    assert (painted == 200).all()
