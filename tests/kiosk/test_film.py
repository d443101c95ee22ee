"""Films of visitors: in memory, there and back, and on the disk only when they are kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.card_maker import CardMaker, SavedCard
from realtime_style.kiosk.pictures.film import MAX_FPS, MAX_SIDE, Film, FilmBuffer
from realtime_style.kiosk.pictures.session import Visitor
from realtime_style.kiosk.pictures.store import PictureStore
from tests.helpers.waiting import until
from tests.helpers.webcam import read_video


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path / "kept", hours=2)


@pytest.fixture
def visitor(store: PictureStore) -> Iterator[Visitor]:
    with closing(CardMaker(store)) as maker:
        yield Visitor(maker, lambda token: None)


def grey(level: int, width: int = 80) -> Frame:
    return np.full((64, width, 3), level, np.uint8)


def film_of(levels: list[int], interval_s: float = 1 / MAX_FPS) -> Film:
    buffer = FilmBuffer()
    for number, level in enumerate(levels):
        buffer.add(grey(level), number * interval_s)
    film = buffer.finish()
    assert film is not None
    return film


def levels(frames: Iterator[Frame]) -> list[int]:
    return [round(frame.mean() / 10) * 10 for frame in frames]


@pytest.mark.parametrize("size_wh", [(1920, 1080), (1080, 1920), (3840, 2160)])
def test_fifteen_seconds_of_any_camera_fit_in_memory(
    visitor: Visitor, size_wh: tuple[int, int]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*size_wh[::-1], 3), np.uint8)
    frames = 3
    tracemalloc.start()
    try:
        visitor.start_film()
        for number in range(frames):
            visitor.film(noise.copy(), number / MAX_FPS)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / frames * MAX_FPS * 15 < 300e6  # nothing compresses worse; paintings take half


def test_large_frames_are_made_smaller_in_their_shape() -> None:
    buffer = FilmBuffer()
    buffer.add(np.zeros((1080, 1920, 3), np.uint8), 0.0)
    film = buffer.finish()
    assert film is not None
    assert film.frame(0).shape == (720, MAX_SIDE, 3)


def test_film_goes_there_and_back() -> None:
    assert levels(film_of([10, 20, 30, 40]).there_and_back()) == [10, 20, 30, 40, 30, 20]
    assert levels(film_of([10, 20]).there_and_back()) == [10, 20]
    assert levels(film_of([10]).there_and_back()) == [10]


def test_film_has_the_speed_of_the_painting() -> None:
    assert film_of([10] * 10, interval_s=0.2).fps == pytest.approx(5.0)
    assert film_of([10]).fps == MAX_FPS


def test_fast_painting_gives_no_more_than_the_highest_rate() -> None:
    film = film_of([10] * 60, interval_s=1 / 60)
    assert film.fps == MAX_FPS
    assert len(film.jpegs) == 15


def test_captured_film_plays_until_it_is_forgotten(visitor: Visitor) -> None:
    visitor.start_film()
    for number, level in enumerate((10, 200)):
        visitor.film(grey(level), number / MAX_FPS)
    assert visitor.end_film(4)
    assert visitor.artist == 4
    shown = [visitor.picture((number + 0.5) / MAX_FPS) for number in range(4)]
    assert [round(float(frame.mean())) for frame in shown if frame is not None] == [10, 200] * 2
    visitor.forget()
    assert visitor.picture(0.0) is None


def test_capture_of_nothing_is_reported(visitor: Visitor) -> None:
    visitor.start_film()
    assert not visitor.end_film(0)
    assert not visitor.shoot(None, 0)
    assert visitor.picture(0.0) is None


def test_film_starts_again_when_frames_change_their_size(
    visitor: Visitor, store: PictureStore
) -> None:
    visitor.start_film()
    for number in range(30):
        visitor.film(grey(90, width=96 if number < 10 else 80), number / 15)
    visitor.end_film(0)
    visitor.keep(CardText("2027", "Hokusai", "26.11.2026"))
    saved: list[SavedCard] = []

    def is_saved() -> bool:
        made = visitor.poll(0.0)
        if made is not None:
            assert isinstance(made, SavedCard), made
            saved.append(made)
        return bool(saved)

    until(is_saved)
    path = store.find(saved[0].stored.token, "mp4")
    assert path is not None
    frames, _ = read_video(path)
    assert len(frames) == 38  # 20 there and 18 back
    assert frames[0].shape == (64, 80, 3)
