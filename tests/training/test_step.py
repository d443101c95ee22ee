"""What a step teaches, and what it is judged by."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.stylize import color
from realtime_style.training.config import TrainConfig
from realtime_style.training.data.photographs import (
    find_photographs,
    to_frame,
    to_image,
)
from realtime_style.training.objective.curriculum import (
    Target,
    blended,
    lesson,
    make_paintings,
    pair_odds,
)
from realtime_style.training.objective.losses import border_loss, lattice_loss
from realtime_style.training.step import match_tone, part_to_judge
from realtime_style.training.train import train
from tests.helpers.training import objectives, random_loss_network, small_config, write_painting


def test_paintings_take_turns_and_some_steps_teach_less_of_them_or_a_blend(tmp_path: Path) -> None:
    config = small_config(
        tmp_path,
        paintings=("a", "b", "c"),
        styles=tuple(map(StyleInfo, "abc")),
        partial_every=4,
        blend_every=3,
    )
    pairs = torch.tensor([[0.0, 1, 4], [0, 0, 1], [0, 0, 0]])
    lessons = [
        lesson(config, pairs, step, torch.Generator().manual_seed(step)) for step in range(400)
    ]
    assert all(float(mix.sum()) == pytest.approx(1) for mix, _ in lessons)
    weak = [strength for _, strength in lessons if strength < 1]
    assert [step for step, (_, strength) in enumerate(lessons) if strength < 1] == list(
        range(3, 400, 4)
    )
    assert 35 <= weak.count(0.0) <= 65
    assert {int(mix.argmax()) for mix, strength in lessons if strength < 1} == {0, 1, 2}
    full = [mix for mix, strength in lessons if strength == 1]
    assert [bool(mix.max() < 1) for mix in full] == [False, False, True] * 100
    taught = [tuple(mix.nonzero().flatten().tolist()) for mix in full[2::3]]
    assert set(taught) == {(0, 1), (0, 2), (1, 2)}
    assert 55 <= taught.count((0, 2)) <= 80  # two thirds of 100
    assert [int(mix.argmax()) for mix in full if mix.max() == 1] == [
        number % 3 for number in range(200)
    ]


def test_one_painting_is_never_blended_and_always_taught_whole_when_asked(tmp_path: Path) -> None:
    config = small_config(tmp_path, partial_every=0, blend_every=2)
    lessons = [lesson(config, torch.zeros(1, 1), step, torch.Generator()) for step in range(20)]
    assert all(mix.tolist() == [1.0] and strength == 1 for mix, strength in lessons)


def test_two_paintings_are_taught_together_the_more_the_less_they_have_in_common() -> None:
    red, orange, blue = (
        {"layer": torch.diag(torch.tensor(colour))[None]}
        for colour in ((1.0, 0, 0), (1.0, 0.4, 0), (0, 0, 1.0))
    )
    pairs = pair_odds([red, orange, blue])
    assert torch.equal(pairs, pairs.triu(1))
    assert 0 < 20 * pairs[0, 1] < pairs[1, 2] <= pairs[0, 2] == 1
    assert pair_odds([red, red])[0, 1] > 0
    assert torch.allclose(
        pair_odds([{"layer": 7 * each["layer"]} for each in (red, orange, blue)]), pairs
    )


def test_a_hard_blend_is_taught_as_often_as_the_two_least_alike(tmp_path: Path) -> None:
    paths = []
    for name, colour in (("red", (0, 0, 200)), ("orange", (0, 60, 200)), ("blue", (200, 0, 0))):
        paths.append(str(tmp_path / f"{name}.png"))
        write_image(tmp_path / f"{name}.png", Picture(np.full((64, 64, 3), colour, np.uint8)))
    config = small_config(
        tmp_path, paintings=tuple(paths), styles=tuple(map(StyleInfo, ("red", "orange", "blue")))
    )
    vgg, cpu = random_loss_network(), torch.device("cpu")
    usual = make_paintings(vgg, config, cpu).pairs
    assert usual[0, 1] < usual.max() / 2
    hard = make_paintings(vgg, replace(config, hard_blends=(("orange", "red"),)), cpu).pairs
    assert hard[0, 1] == usual.max()
    assert torch.equal(
        hard.index_fill(1, torch.tensor(1), 0), usual.index_fill(1, torch.tensor(1), 0)
    )
    for wrong in (("red", "green"), ("red", "red"), ("red", "orange", "blue")):
        with pytest.raises(TrainingError, match="hard_blends must be pairs"):
            TrainConfig.from_dict(config.to_dict() | {"hard_blends": [wrong]})


def test_target_of_a_blend_lies_between_those_of_its_paintings() -> None:
    one, other = (
        Target({"layer": torch.full((1, 2, 2), value)}, torch.full((64, 33), value * 10))
        for value in (1.0, 5.0)
    )
    half = blended(
        [one, Target({"layer": torch.full((1, 2, 2), 99.0)}, torch.ones(64, 33)), other],
        torch.tensor([0.75, 0, 0.25]),
    )
    assert torch.equal(half.grams["layer"], torch.full((1, 2, 2), 2.0))
    assert torch.equal(half.texture, torch.full((64, 33), 20.0))


def test_photograph_is_learned_beside_the_style(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=160, partial_every=2, style_weight=50.0)
    net = train(config, tmp_path / "run", loss_network=random_loss_network()).network()
    photograph = to_image(read_image(find_photographs(Path(config.content))[0]).bgr).unsqueeze(0)
    with torch.no_grad():
        unpainted, painted = (
            match_tone(net(photograph, torch.tensor([strength])), photograph, 1 - strength)
            for strength in (0.0, 1.0)
        )
    errors = [float((picture - photograph).square().mean()) for picture in (unpainted, painted)]
    assert errors[0] < 0.5 * errors[1]


def test_training_and_playing_bring_back_light_alike() -> None:
    rng = np.random.default_rng(0)
    photo = np.clip(rng.normal((60, 90, 140), (30, 20, 10), (48, 64, 3)), 0, 255).astype(np.uint8)
    painted = np.clip(rng.normal(128, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
    for share in (0.0, 0.3, 1.0):
        learned = to_frame(
            match_tone(to_image(painted)[None], to_image(photo)[None], share)[0]
        ).astype(int)
        assert abs(learned - color.match_tone(painted, photo, share)).max() <= 1
    assert abs(learned.mean((0, 1)) - photo.mean((0, 1))).max() < 1
    assert abs(learned.std((0, 1)) - photo.std((0, 1))).max() < 1


def test_each_painting_has_its_turn(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "abc")
    config = small_config(
        tmp_path, paintings=paintings, styles=tuple(map(StyleInfo, "abc")), steps=2
    )
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    shifts = state.net["stages.0.norm.beta"]
    assert [bool(row.any()) for row in shifts] == [
        True,
        True,
        False,
        False,
    ]  # third style, photograph: not moved yet


def test_objective_in_other_units_teaches_the_same_network(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=4)
    weights = {
        name: 8 * getattr(config, name) for name in config.to_dict() if name.endswith("_weight")
    }
    usual = train(config, tmp_path / "a", loss_network=random_loss_network())
    loud = train(replace(config, **weights), tmp_path / "b", loss_network=random_loss_network())
    assert loud.losses["objective"] == pytest.approx(8 * usual.losses["objective"])
    assert all(torch.allclose(usual.net[name], loud.net[name], atol=1e-5) for name in usual.net)


def test_each_painting_can_have_a_weight_of_its_own(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    two = small_config(
        tmp_path,
        paintings=paintings,
        styles=(StyleInfo("a"), StyleInfo("b")),
        steps=2,
        partial_every=0,
    )
    plain, louder = (
        train(
            replace(two, style_weights=weights),
            tmp_path / str(len(weights)),
            loss_network=random_loss_network(),
        )
        for weights in ((), (1.0, 900.0))
    )
    assert objectives(tmp_path / "0")[0] == objectives(tmp_path / "2")[0]
    assert objectives(tmp_path / "2")[1] > 2 * objectives(tmp_path / "0")[1]
    assert plain.step == louder.step == 2
    with pytest.raises(TrainingError, match="one factor above 0 for each painting"):
        replace(two, style_weights=(1.0,))


def test_flicker_weight_steadies_a_still_scene(tmp_path: Path) -> None:
    def flicker(weight: float) -> float:
        config = small_config(
            tmp_path,
            steps=90,
            flicker_weight=weight,
            temporal_weight=0.0,
            grid_weight=0.0,
            border_weight=0.0,
        )
        net = train(
            config, tmp_path / f"run_{weight}", loss_network=random_loss_network()
        ).network()
        image = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(1)) * 2 / 255
        with torch.no_grad():
            painted, painted_noisy = (
                net(seen, net.style_weights()) for seen in (image, image + noise)
            )
            return float(
                (painted_noisy - painted).abs().mean() / painted.std()
            )  # a paler picture is no steadier

    assert flicker(1_000_000.0) < 0.7 * flicker(0.0)


def test_what_is_judged_can_be_halved_four_times_and_is_never_larger_than_the_crop(
    tmp_path: Path,
) -> None:
    for crop, judged, side in (
        (256, 0.8, 208),
        (256, 0.75, 192),
        (88, 1.0, 80),
        (88, 0.75, 64),
        (64, 1.0, 64),
    ):
        config = replace(small_config(tmp_path), crop=crop, judged=judged)
        _, rows, columns = part_to_judge(config, torch.Generator().manual_seed(0))
        assert rows.stop - rows.start == columns.stop - columns.start == side


def test_each_border_of_a_crop_is_judged_every_third_time(tmp_path: Path) -> None:
    config = replace(small_config(tmp_path), crop=128, judged=0.75)
    judged = np.zeros((128, 128))
    for step in range(200):
        picture = torch.zeros(1, 3, 128, 128)
        picture[part_to_judge(config, torch.Generator().manual_seed(step))] = 1
        assert picture.sum() == 3 * 96 * 96
        judged += picture[0, 0].numpy() / 200
    for border in (judged[0], judged[-1], judged[:, 0], judged[:, -1]):
        assert 0.2 < border.max() < 0.5


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 5, 15), (1.0, 20, 20)])
def test_plain_scenes_are_painted_in_as_many_steps_as_asked(
    tmp_path: Path, share: float, least: int, most: int
) -> None:
    config = small_config(tmp_path, steps=20, partial_every=0, faults_share=share)
    losses = train(config, tmp_path / "run", loss_network=random_loss_network()).losses
    with (tmp_path / "run" / "losses.csv").open(newline="", encoding="utf-8") as log:
        borders = [float(row["border"]) for row in csv.DictReader(log)]
    painted = [border for border in borders if border > 0]
    assert least <= len(painted) <= most
    assert losses["border"] == pytest.approx(np.mean(painted) if painted else 0, rel=1e-4)


def test_grid_and_border_of_plain_pictures_are_learned_away(tmp_path: Path) -> None:
    def faults(grid_weight: float, border_weight: float) -> tuple[float, float]:
        config = small_config(
            tmp_path,
            network="c5s2-8,d8,g,R8,s8!,s3",
            steps=60,
            grid_weight=grid_weight,
            border_weight=border_weight,
            faults_share=1.0,
            lattice_weight=0.0,
            temporal_weight=0.0,
            style_weight=50.0,
        )
        net = train(
            config,
            tmp_path / f"run_{grid_weight}_{border_weight}",
            loss_network=random_loss_network(),
        ).network()
        with torch.no_grad():
            plain = net(torch.full((1, 3, 480, 640), 0.5), net.style_weights())
        return lattice_loss(plain, 4).item(), border_loss(plain).item()

    grid, border = faults(0.0, 0.0)
    assert faults(1e6, 0.0)[0] < 0.4 * grid
    assert faults(0.0, 1e5)[1] < 0.4 * border
