"""What is written on frames can be read, fits, and touches nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.pipeline.look import split
from realtime_style.webcam import overlay
from realtime_style.webcam.controls import KEYS

SIZES = [(1920, 1080), (640, 480), (176, 144), (48, 64), (16, 16)]
LONG = "cannot write /home/somebody/with/a/very/long/path/to/2026-01-01_12-00-00_starry-night.png: No space left on device"


def grey(width: int, height: int, level: int = 128) -> Frame:
    return np.full((height, width, 3), level, np.uint8)


def draw_everything(frame: Frame) -> None:
    overlay.draw_status(
        frame, ["The Starry Night   strength 100 %", "30.0 fps   latency 40 ms", LONG]
    )
    overlay.draw_message(frame, LONG)
    overlay.draw_recording(frame, 75.0)
    overlay.draw_help(frame, KEYS)
    overlay.draw_labels(frame, "photograph", LONG)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_can_be_drawn_on_a_frame_of_any_size(width: int, height: int):
    frame = grey(width, height)
    draw_everything(frame)
    draw_everything(overlay.canvas(frame))
    assert split(frame, frame).shape == frame.shape


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_canvas_is_a_copy_with_room_for_text_and_the_same_shape(width: int, height: int):
    frame = grey(width, height)
    canvas = overlay.canvas(frame)
    assert canvas.shape[0] >= overlay.CANVAS_HEIGHT
    assert canvas.shape[1] * height == canvas.shape[0] * width
    canvas[:] = 0
    assert frame.min() == 128


@pytest.mark.parametrize("level", [0, 128, 255])
def test_text_stands_out_on_any_background(level: int):
    frame = grey(640, 360, level)
    overlay.draw_message(frame, "HHHHHHHHHH")
    rows, columns = (
        np.nonzero((frame != level).any(axis=2)) if level else np.nonzero((frame > 0).any(axis=2))
    )
    box = frame[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert int(box.max()) - int(np.median(box)) > 150


def test_a_long_message_is_broken_into_lines_that_fit():
    frame = grey(320, 360)
    overlay.draw_message(frame, LONG)
    changed = (frame != 128).any(axis=2)
    assert not changed[:, :3].any()
    assert not changed[:, -3:].any()
    short = grey(320, 360)
    overlay.draw_message(short, "saved")
    assert changed.any(axis=1).sum() > 1.5 * (short != 128).any(axis=(1, 2)).sum()


def test_figures_take_more_lines_in_a_narrow_picture_and_none_is_lost():
    def rows(width: int, line: str) -> int:
        frame = grey(width, 640)
        overlay.draw_status(frame, [line])
        return int((frame != 128).any(axis=(1, 2)).sum())

    figures = "The Great Wave off Kanagawa   strength 100 %   steadiness 50 %"
    assert rows(1000, figures) == rows(1000, "30 fps")
    assert rows(360, figures) > 1.4 * rows(360, "30 fps")


def test_help_fits_into_a_small_picture():
    frame = overlay.canvas(grey(176, 144))
    overlay.draw_help(frame, KEYS)
    changed = (frame != 128).any(axis=2)
    assert not changed[0].any()
    assert not changed[-1].any()
    assert not changed[:, 0].any()
    assert not changed[:, -1].any()


def test_help_shows_a_line_for_each_key():
    frame, fewer = grey(640, 480), grey(640, 480)
    overlay.draw_help(frame, KEYS)
    overlay.draw_help(fewer, KEYS[:-3])
    assert (frame != 128).any(axis=(1, 2)).sum() > (fewer != 128).any(axis=(1, 2)).sum()


def test_split_shows_the_photograph_left_and_the_painting_right_without_a_word():
    photo, painted = grey(640, 480, 50), grey(640, 480, 200)
    result = split(photo, painted)
    assert (result[:, :320] == 50).all()
    assert (result[:, 320:322] == 255).all()
    assert (result[:, 322:] == 200).all()
    assert (photo == 50).all()
    assert (painted == 200).all()


def test_labels_stand_on_both_sides_of_the_middle():
    frame = grey(640, 480)
    overlay.draw_labels(frame, "photograph", "The Scream")
    assert (frame[:100, :320] != 128).any()
    assert (frame[:100, 322:] != 128).any()
    assert (frame[:, 320:322] == 128).all()
    assert (frame[100:] == 128).all()


def test_labels_are_left_out_where_they_have_no_room():
    frame = grey(32, 24)
    overlay.draw_labels(frame, "photograph", "The Scream")
    assert (frame == 128).all()


def test_accents_are_written_or_taken_off_but_never_question_marks():
    with_accent, question = grey(640, 360), grey(640, 360)
    overlay.draw_message(with_accent, "é")
    overlay.draw_message(question, "?")
    assert with_accent.tobytes() != question.tobytes()
