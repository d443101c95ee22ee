"""What is learned on: photographs, paintings, recipes and settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.training.config import TrainConfig, load_recipe
from realtime_style.training.data import photographs as data
from realtime_style.training.data.photographs import (
    RandomCrops,
    as_a_webcam_sees,
    find_photographs,
    load_painting,
    plain_scene,
)
from realtime_style.training.preview import preview_photographs
from realtime_style.training.train import train
from tests.helpers.training import (
    random_loss_network,
    small_config,
    write_painting,
    write_photographs,
)


def test_softening_takes_the_grain_and_leaves_the_strokes(tmp_path: Path) -> None:
    painting = write_painting(tmp_path / "waves.png")  # waves of about 20 to 30 px
    grain = np.random.default_rng(0).normal(0, 12, read_image(painting).bgr.shape)
    rough = np.clip(read_image(painting).bgr + grain, 0, 255).astype(np.uint8)
    write_image(tmp_path / "rough.png", Picture(rough))
    clean, sharp, soft = (
        load_painting(path, 90, soften)[0]
        for path, soften in (
            (painting, 0.0),
            (tmp_path / "rough.png", 0.0),
            (tmp_path / "rough.png", 0.7),
        )
    )
    assert (soft - clean).std() < 0.6 * (sharp - clean).std()
    assert soft.std() > 0.9 * clean.std()


@pytest.mark.parametrize("smallest", [0.5, 0.8])
def test_crops_cover_as_much_of_a_photograph_as_is_asked(tmp_path: Path, smallest: float) -> None:
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
    assert 30 < int((from_left_to_right < 0).sum()) < 70, "every second one is mirrored"


def test_damaged_photograph_is_skipped_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_photographs(tmp_path / "photos", count=4)
    whole = (folder / "photo_0.png").read_bytes()
    (folder / "photo_0.png").write_bytes(whole[: len(whole) // 2])
    (folder / "photo_1.png").write_bytes(b"")
    crops = RandomCrops(find_photographs(folder), crop=64, batch=4, seed=0)
    for step in range(3):
        assert crops.batch_of(step).shape == (4, 3, 64, 64)
    named = [record.getMessage() for record in caplog.records]
    assert sum("photo_0.png" in message for message in named) == 1
    assert sum("photo_1.png" in message for message in named) == 1


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


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"steps": 0}, "steps"),
        ({"crop": 8}, "crop"),
        ({"style_weight": -1.0}, "negative"),
        ({"minutes": 0.0}, "minutes"),
        ({"partial_every": 1}, "partial_every"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"clip_norm": 0.0}, "clip_norm"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    tmp_path: Path, change: dict[str, float], complaint: str
) -> None:
    with pytest.raises(TrainingError, match=complaint):
        small_config(tmp_path, **change)


def test_recipe_gives_the_settings_and_refuses_unknown_ones(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    text = 'content = "photos"\nsteps = 7\n{}\n[[styles]]\nname = "a"\npainting = "a.jpg"\n'
    recipe.write_text(text.format(""))
    config = load_recipe(recipe, tmp_path / "data")
    assert config == TrainConfig(
        paintings=(str(tmp_path / "data" / "a.jpg"),),
        styles=(StyleInfo("a"),),
        content=str(tmp_path / "data" / "photos"),
        steps=7,
    )
    recipe.write_text(
        text.format("") + 'style_weight = 2.5\n[[styles]]\nname = "b"\npainting = "b.jpg"\n'
    )
    assert load_recipe(recipe, tmp_path).style_weights == (2.5, 1.0)
    recipe.write_text(text.format('loss_network = "vgg.pth"'))
    assert load_recipe(recipe, tmp_path / "data").loss_network == str(tmp_path / "data" / "vgg.pth")
    recipe.write_text(text.format('loss_network = "vgg16"'))
    assert load_recipe(recipe, tmp_path / "data").loss_network == "vgg16"
    recipe.write_text(text.format("").partition("\n")[2])
    with pytest.raises(TrainingError, match="give it content"):
        load_recipe(recipe, tmp_path / "data")
    recipe.write_text(text.format("stepz = 3"))
    with pytest.raises(TrainingError, match="stepz"):
        load_recipe(recipe, tmp_path)
    recipe.write_text("this is no TOML")
    with pytest.raises(TrainingError, match="TOML"):
        load_recipe(recipe, tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[styles]\nname = "a"\npainting = "a.jpg"', r"begin each with \[\[styles\]\]"),
        ("styles = 3", r"begin each with \[\[styles\]\]"),
        (
            '[[styles]]\nname = "a"\npainting = 3',
            "painting must be a text, not 3; put it in quotes",
        ),
        ('[[styles]]\nname = "a"', "no painting"),
        ("content = 5", "content must be a text"),
        ("loss_network = 1", "loss_network must be a text"),
        ("start_from = 2", "start_from must be a text"),
    ],
)
def test_recipe_with_a_slip_is_refused_in_words(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "recipe.toml").write_text(text)
    with pytest.raises(TrainingError, match=complaint):
        load_recipe(tmp_path / "recipe.toml", tmp_path)


def test_held_out_photographs_are_shown_and_never_learned_on(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path, count=6))
    names = [path.name for path in paths]
    shown, learned = preview_photographs(paths, held_out=(names[4], names[1]), seed=0)
    assert [path.name for path in shown] == [names[4], names[1]]
    assert [path.name for path in learned] == [names[0], names[2], names[3], names[5]]


@pytest.mark.parametrize(
    ("held_out", "complaint"), [(("gone.png",), "gone.png is not in"), (None, "all photographs")]
)
def test_held_out_photographs_that_cannot_be_are_refused(
    tmp_path: Path, held_out: tuple[str, ...] | None, complaint: str
) -> None:
    paths = find_photographs(write_photographs(tmp_path, count=3))
    with pytest.raises(TrainingError, match=complaint):
        preview_photographs(paths, held_out=held_out or tuple(path.name for path in paths), seed=0)


def test_plain_scenes_stand_among_the_photographs(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path / "photos"))
    some, none = (
        RandomCrops(paths, crop=64, batch=200, seed=0, plain_share=share).batch_of(0)
        for share in (0.25, 0.0)
    )
    replaced = [number for number in range(200) if not torch.equal(some[number], none[number])]
    assert 30 <= len(replaced) <= 70
    assert max(float(some[number].std((1, 2)).max()) for number in replaced) < 12 / 255
    plain = [plain_scene(64, 64, np.random.default_rng(seed)) for seed in range(60)]
    assert 15 <= sum(bool((scene == scene[0, 0]).all()) for scene in plain) <= 45
    assert max(np.ptp(scene, axis=(0, 1)).max() for scene in plain) <= 30
    assert len({tuple(scene.mean((0, 1)).astype(int)) for scene in plain}) > 55


def test_pictures_are_learned_on_as_a_webcam_sees_them() -> None:
    frame = np.random.default_rng(0).integers(60, 196, (64, 64, 3)).astype(np.uint8)
    seen = [as_a_webcam_sees(frame, np.random.default_rng(seed)) for seed in range(200)]
    assert 80 < sum(np.array_equal(frame, other) for other in seen) < 120
    assert min(other.mean() for other in seen) < 50
    assert max(other.mean() for other in seen) > 200
    assert min(other.std() for other in seen) < 0.3 * frame.std()


def test_webcam_looks_at_the_share_of_crops_that_is_asked_for(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path / "photos"))
    untouched, half, whole = (
        RandomCrops(paths, crop=64, batch=200, seed=0, webcam_share=share).batch_of(0)
        for share in (0.0, 0.5, 1.0)
    )
    changed_of_some, changed_of_all = (
        {number for number in range(200) if not torch.equal(crops[number], untouched[number])}
        for crops in (half, whole)
    )
    assert 80 < len(changed_of_all) < 130  # half of what a webcam sees looks as it is
    assert changed_of_some < changed_of_all
    assert 0.35 < len(changed_of_some) / len(changed_of_all) < 0.65


@pytest.mark.parametrize(
    "setting", ["judged", "smallest_crop", "webcam_share", "plain_share", "evenness"]
)
def test_share_that_is_none_is_refused(tmp_path: Path, setting: str) -> None:
    with pytest.raises(TrainingError, match=f"{setting} must be"):
        small_config(tmp_path, **{setting: 1.5})


def test_large_photographs_are_read_as_small_as_crops_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, columns = np.mgrid[0:1200, 0:1600]
    slopes = np.stack(
        [rows * 255 / 1200, columns * 255 / 1600, (rows + columns) * 255 / 2800], axis=-1
    ).astype(np.uint8)
    write_image(tmp_path / "large.jpg", Picture(slopes))
    seen: list[tuple[int, ...]] = []

    def noted(path: Path, *, at_least: int) -> Picture:
        picture = read_image(path, at_least=at_least)
        seen.append(picture.bgr.shape)
        return picture

    monkeypatch.setattr(data, "read_image", noted)
    batch = RandomCrops(
        [tmp_path / "large.jpg"], crop=64, batch=6, seed=0, smallest_crop=0.5, webcam_share=0.0
    ).batch_of(0)
    assert set(seen) == {(150, 200, 3)}  # an eighth; the smallest crop is 75 px of it, more than 64
    whole = RandomCrops(
        [tmp_path / "large.jpg"], crop=500, batch=1, seed=0, smallest_crop=0.5, webcam_share=0.0
    ).batch_of(0)
    assert seen[-1] == (1200, 1600, 3)
    assert 0.1 < float(whole.std()) < 0.4
    assert 0.05 < float(batch.std()) < 0.4


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("steps", "many"),
        ("batch", 2.5),
        ("seed", True),
        ("style_weight", "5"),
        ("minutes", [1]),
        ("noise", None),
        ("network", 5),
        ("start_from", 3),
        ("held_out", "a.jpg"),
    ],
)
def test_a_setting_of_another_kind_is_named(tmp_path: Path, name: str, wrong: object) -> None:
    values = small_config(tmp_path).to_dict()
    with pytest.raises(TrainingError, match=f"{name} must be a"):
        TrainConfig.from_dict({**values, name: wrong})


def test_whole_numbers_do_where_numbers_are_meant(tmp_path: Path) -> None:
    values = small_config(tmp_path).to_dict()
    config = TrainConfig.from_dict(
        {**values, "style_weight": 5, "minutes": 3, "style_weights": [2]}
    )
    assert (config.style_weight, config.minutes) == (5.0, 3.0)
    assert isinstance(config.style_weight, float)
    train(
        config.with_changes(style_weights=(2,), minutes=0.001),
        tmp_path / "run",
        loss_network=random_loss_network(),
    )
