"""Photographs, paintings and random crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.training.data import photographs as data
from realtime_style.training.data.photographs import (
    RandomCrops,
    find_photographs,
    load_painting,
)
from realtime_style.training.preview import split_photographs
from tests.helpers.training import write_painting, write_photographs


def test_style_blur_removes_grain_and_keeps_strokes(tmp_path: Path) -> None:
    painting = write_painting(tmp_path / "waves.png")  # waves of about 20 to 30 px
    grain = np.random.default_rng(0).normal(0, 12, read_image(painting).bgr.shape)
    rough = np.clip(read_image(painting).bgr + grain, 0, 255).astype(np.uint8)
    write_image(tmp_path / "rough.png", Picture(rough))
    clean, sharp, soft = (
        load_painting(tmp_path / name, 90, blur)[0]
        for name, blur in (("waves.png", 0.0), ("rough.png", 0.0), ("rough.png", 0.7))
    )
    assert (soft - clean).std() < 0.6 * (sharp - clean).std()
    assert soft.std() > 0.9 * clean.std()


@pytest.mark.parametrize("smallest", [0.5, 0.8])
def test_crops_cover_the_requested_share_of_a_photograph(tmp_path: Path, smallest: float) -> None:
    across = np.tile(np.linspace(0, 250, 400, dtype=np.uint8)[:, None], (400, 1, 3))
    write_image(tmp_path / "shading.png", Picture(across))
    paths = find_photographs(tmp_path)
    crops = RandomCrops(
        paths, crop=64, batch=100, seed=0, smallest_crop=smallest, webcam_share=0.0
    ).batch_of(0)
    from_left_to_right = (crops[..., -1] - crops[..., 0]).mean((1, 2)) * 255 / 250
    covered = from_left_to_right.abs()
    assert smallest - 0.03 < float(covered.min()) < smallest + 0.03
    assert float(covered.max()) > 0.95
    assert 30 < int((from_left_to_right < 0).sum()) < 70, "half of them are mirrored"


def test_damaged_photograph_is_skipped_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_photographs(tmp_path / "photos", count=4)
    whole = (folder / "photo_0.png").read_bytes()
    (folder / "photo_0.png").write_bytes(whole[: len(whole) // 2])
    (folder / "photo_1.png").write_bytes(b"")
    crops = RandomCrops(find_photographs(folder), crop=64, batch=4, seed=0)
    for step in range(3):
        assert crops.batch_of(step).shape == (4, 3, 64, 64)
    logged = [record.getMessage() for record in caplog.records]
    assert sum("photo_0.png" in message for message in logged) == 1
    assert sum("photo_1.png" in message for message in logged) == 1


def test_folder_of_damaged_photographs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    crops = RandomCrops(find_photographs(tmp_path), crop=64, batch=1, seed=0)
    with pytest.raises(TrainingError, match="none of the photographs"):
        crops.batch_of(0)


@pytest.mark.parametrize("kind", ["empty", "missing"])
def test_folder_without_photographs_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / kind
    if kind == "empty":
        folder.mkdir()
    with pytest.raises(TrainingError, match=r"holds no images|not a folder"):
        find_photographs(folder)


def test_each_pass_takes_every_photograph_once_in_a_new_order(tmp_path: Path) -> None:
    greys = [20, 60, 100, 140, 180]
    for grey in greys:
        write_image(tmp_path / f"{grey}.png", Picture(np.full((64, 64, 3), grey, np.uint8)))
    crops = RandomCrops(find_photographs(tmp_path), crop=64, batch=5, seed=0, webcam_share=0.0)
    passes = [
        [round(float(sample.mean()) * 255) for sample in crops.batch_of(step)] for step in range(4)
    ]
    assert all(sorted(order) == greys for order in passes)
    assert len({tuple(order) for order in passes}) > 1
    assert torch.equal(crops.batch_of(1), crops.batch_of(1))


def test_batches_go_on_from_any_step(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path))
    crops = RandomCrops(paths, crop=64, batch=2, seed=0)
    batches = crops.batches(5)
    for step in range(5, 12):
        assert torch.equal(next(batches), crops.batch_of(step))


def test_plain_scenes_replace_a_share_of_the_photographs(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path / "photos"))
    some, none = (
        RandomCrops(paths, crop=64, batch=200, seed=0, plain_share=share).batch_of(0)
        for share in (0.25, 0.0)
    )
    replaced = [number for number in range(200) if not torch.equal(some[number], none[number])]
    assert 30 <= len(replaced) <= 70
    assert max(float(some[number].std((1, 2)).max()) for number in replaced) < 12 / 255


def test_webcam_defects_have_the_requested_share(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path / "photos"))
    untouched, half, whole = (
        RandomCrops(paths, crop=64, batch=200, seed=0, webcam_share=share).batch_of(0)
        for share in (0.0, 0.5, 1.0)
    )
    changed_of_half, changed_of_all = (
        {number for number in range(200) if not torch.equal(crops[number], untouched[number])}
        for crops in (half, whole)
    )
    assert 80 < len(changed_of_all) < 130  # the defects leave half of the frames as they are
    assert changed_of_half < changed_of_all
    assert 0.35 < len(changed_of_half) / len(changed_of_all) < 0.65


def test_large_photographs_are_decoded_no_larger_than_crops_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, columns = np.mgrid[0:1200, 0:1600]
    slopes = np.stack(
        [rows * 255 / 1200, columns * 255 / 1600, (rows + columns) * 255 / 2800], axis=-1
    ).astype(np.uint8)
    write_image(tmp_path / "large.jpg", Picture(slopes))
    decoded: list[tuple[int, ...]] = []

    def noted(path: Path, *, at_least: int) -> Picture:
        picture = read_image(path, at_least=at_least)
        decoded.append(picture.bgr.shape)
        return picture

    monkeypatch.setattr(data, "read_image", noted)

    def batch_of(crop: int, count: int) -> torch.Tensor:
        paths = [tmp_path / "large.jpg"]
        return RandomCrops(paths, crop=crop, batch=count, seed=0, webcam_share=0.0).batch_of(0)

    small = batch_of(64, 6)
    # An eighth of the size; the smallest crop is 75 px of it, more than 64.
    assert set(decoded) == {(150, 200, 3)}
    large = batch_of(500, 1)
    assert decoded[-1] == (1200, 1600, 3)
    assert 0.1 < float(large.std()) < 0.4
    assert 0.05 < float(small.std()) < 0.4


def test_held_out_photographs_are_shown_and_not_trained_on(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path, count=6))
    names = [path.name for path in paths]
    shown, learned = split_photographs(paths, held_out=(names[4], names[1]), seed=0)
    assert [path.name for path in shown] == [names[4], names[1]]
    assert [path.name for path in learned] == [names[0], names[2], names[3], names[5]]


def test_without_held_out_photographs_four_of_many_are_set_aside(tmp_path: Path) -> None:
    many = [tmp_path / f"{number}.jpg" for number in range(25)]
    shown, learned = split_photographs(many, seed=0)
    assert (len(shown), len(learned)) == (4, 21)
    assert not set(shown) & set(learned)
    shown, learned = split_photographs(many[:10], seed=0)
    assert (len(shown), learned) == (4, many[:10])


@pytest.mark.parametrize(
    ("held_out", "complaint"), [(("gone.png",), "gone.png is not in"), (None, "all photographs")]
)
def test_impossible_held_out_photographs_are_refused(
    tmp_path: Path, held_out: tuple[str, ...] | None, complaint: str
) -> None:
    paths = find_photographs(write_photographs(tmp_path, count=3))
    with pytest.raises(TrainingError, match=complaint):
        split_photographs(paths, held_out=held_out or tuple(path.name for path in paths), seed=0)
