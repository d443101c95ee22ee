"""Temporal smoothing: still scenes stay still, and motion leaves no trace."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.batch.options import VideoOptions
from realtime_style.cli import build_parser
from realtime_style.cli.parser import options_from
from realtime_style.frames import Frame
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.mix import parse_mix
from realtime_style.stylize.options import VideoPaintOptions
from realtime_style.stylize.stylizer import Stylizer
from realtime_style.stylize.temporal import DEFAULT_STEADINESS, TemporalSmoother
from realtime_style.testing.style_files import write_tiny_style
from realtime_style.webcam.options import WebcamOptions

SIZE_HW = (240, 320)


def texture(seed: int = 0) -> Frame:
    """A scene with texture everywhere, twice as wide as the frame, to pan over."""
    noise = (
        np.random.default_rng(seed)
        .integers(0, 256, (SIZE_HW[0] // 8, SIZE_HW[1] // 4, 3))
        .astype(np.uint8)
    )
    return np.asarray(
        cv2.resize(noise, (2 * SIZE_HW[1], SIZE_HW[0]), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def flickering(frame: Frame, rng: np.random.Generator, sigma: float = 8.0) -> Frame:
    """A painting whose strokes differ each time."""
    strokes = cv2.GaussianBlur(
        rng.normal(0, 3 * sigma, frame.shape).astype(np.float32), (0, 0), 1.2
    )
    painting: Frame = np.clip(frame + strokes, 0, 255).astype(np.uint8)
    return painting


def difference(first: Frame, second: Frame) -> float:
    return float(np.abs(first.astype(int) - second.astype(int)).mean())


def change_of_still_scene(amount: float) -> float:
    """Mean change between frames after the start; the scene has sensor noise."""
    rng = np.random.default_rng(1)
    scene = texture()[:, : SIZE_HW[1]]
    smoother = TemporalSmoother(amount)
    shown = []
    for _ in range(12):
        photo = np.clip(scene + rng.normal(0, 2, scene.shape), 0, 255).astype(np.uint8)
        shown.append(smoother(photo, flickering(scene, rng)))
    return float(np.mean([difference(shown[n], shown[n - 1]) for n in range(6, 12)]))


def test_still_scene_changes_less_with_more_smoothing() -> None:
    changes = [change_of_still_scene(amount) for amount in (0.0, 0.25, DEFAULT_STEADINESS, 1.0)]
    assert changes == sorted(changes, reverse=True)
    assert changes[2] < 0.4 * changes[0]
    assert changes[3] < 0.2 * changes[0]


def test_painting_follows_a_pan_without_lag_or_blur() -> None:
    scene, smoother = texture(), TemporalSmoother()
    for step in range(12):
        photo = np.ascontiguousarray(scene[:, 5 * step : 5 * step + SIZE_HW[1]])
        shown = smoother(photo, 255 - photo)
    inner = np.s_[20:-20, 20:-20]
    assert difference(shown[inner], (255 - photo)[inner]) < 3
    sharpness = [
        cv2.Laplacian(picture[inner], cv2.CV_32F).std() for picture in (shown, 255 - photo)
    ]
    assert sharpness[0] > 0.8 * sharpness[1]


@pytest.mark.parametrize("speed", [3, 8, 25])
def test_moving_thing_leaves_no_smear(speed: int) -> None:
    """A light square crosses a plain and a textured scene, and uncovers it unchanged."""
    for scene in (np.full((*SIZE_HW, 3), 90, np.uint8), texture()[:, : SIZE_HW[1]]):
        smoother = TemporalSmoother(1.0)
        for step in range(10):
            photo = scene.copy()
            left = 10 + speed * step
            photo[90:150, left : left + 50] = (230, 230, 250)
            shown = smoother(photo, photo)
        behind = np.s_[90:150, max(0, left - 2 * speed - 10) : left - 6]
        assert difference(shown[behind], scene[behind]) < 0.08 * 140  # of the square's contrast


def test_nothing_is_kept_across_a_cut() -> None:
    smoother, before, after = (
        TemporalSmoother(1.0),
        texture(1)[:, : SIZE_HW[1]],
        texture(2)[:, : SIZE_HW[1]],
    )
    for _ in range(5):
        smoother(before, before)
    assert difference(smoother(after, after), after) < 2


def test_amount_0_leaves_paintings_unchanged() -> None:
    rng, scene = np.random.default_rng(0), texture()[:, : SIZE_HW[1]]
    smoother = TemporalSmoother(0.0)
    for _ in range(3):
        painting = flickering(scene, rng)
        assert np.array_equal(smoother(scene, painting), painting)


def test_switching_off_and_on_forgets_the_past() -> None:
    rng, scene = np.random.default_rng(0), texture()[:, : SIZE_HW[1]]
    smoother = TemporalSmoother(1.0)
    for amount in (1.0, 1.0, 0.0):
        smoother.amount = amount
        smoother(scene, flickering(scene, rng))
    smoother.amount = 1.0
    painting = flickering(scene, rng)
    assert np.array_equal(smoother(scene, painting), painting)


@pytest.mark.parametrize(
    "size_hw", [(1, 1), (5, 300), (16, 256), (300, 5), (64, 48), (481, 641), (48, 64)]
)
def test_change_of_size_starts_anew(size_hw: tuple[int, int]) -> None:
    smoother, scene = TemporalSmoother(), texture()
    smoother(scene, scene)
    frame = np.random.default_rng(0).integers(0, 256, (*size_hw, 3)).astype(np.uint8)
    assert np.array_equal(smoother(frame, frame), frame)
    assert difference(smoother(frame, frame), frame) <= 1


def test_drawing_on_the_result_does_not_reach_the_next() -> None:
    scene, smoother = texture()[:, : SIZE_HW[1]], TemporalSmoother(1.0)
    smoother(scene, scene)[:] = 0
    assert difference(smoother(scene, scene), scene) < 1


def test_stylizer_smooths_and_forgets_at_strength_0(tmp_path: Path) -> None:
    style = write_tiny_style(tmp_path / "tiny.onnx")
    pattern = TestPattern(320, 240)
    noise = np.random.default_rng(0)
    photos = [
        np.clip(pattern.picture(0) + noise.normal(0, 2, (240, 320, 3)), 0, 255).astype(np.uint8)
        for _ in range(6)
    ]
    with Stylizer(parse_mix(str(style)), device="cpu", steadiness=1.0) as paint:
        for photo in photos:
            steady = paint(photo)
        assert difference(steady, 255 - photos[-1]) > 0.5  # an average of noises, not the last one
        paint.strength = 0.0
        paint(photos[0])
        paint.strength, paint.steadiness = 1.0, 0.5
        assert np.array_equal(paint(photos[1]), 255 - photos[1])
        paint.steadiness = 0.0
        assert np.array_equal(paint(photos[2]), 255 - photos[2])


@pytest.mark.parametrize(
    ("kind", "words"),
    [(WebcamOptions, ["webcam"]), (VideoOptions, ["video", "a.mp4", "b.mp4"])],
)
def test_moving_pictures_are_steadied_by_default(
    kind: type[VideoPaintOptions], words: list[str]
) -> None:
    assert options_from(kind, build_parser().parse_args(words)).steadiness == DEFAULT_STEADINESS > 0
    words += ["--steadiness", "0"]
    assert options_from(kind, build_parser().parse_args(words)).steadiness == 0
