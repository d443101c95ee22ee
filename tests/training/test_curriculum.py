"""Tasks of the steps, and their targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from realtime_style.media.images import Picture, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.training.objective.curriculum import sample_task
from realtime_style.training.objective.target import (
    StyleTarget,
    blend_targets,
    make_targets,
    pair_odds,
)
from tests.helpers.training import random_loss_network, small_config


def test_paintings_take_turns_with_weaker_and_blended_steps(tmp_path: Path) -> None:
    config = small_config(tmp_path, names="abc", strength_every=4, blend_every=3)
    pairs = torch.tensor([[0.0, 1, 4], [0, 0, 1], [0, 0, 0]])
    tasks = [
        sample_task(config, pairs, step, torch.Generator().manual_seed(step)) for step in range(400)
    ]
    assert all(float(task.mix.sum()) == pytest.approx(1) for task in tasks)

    weaker = [task for task in tasks if task.strength < 1]
    assert weaker == tasks[3::4]
    assert 35 <= sum(task.strength == 0 for task in weaker) <= 65
    assert {int(task.mix.argmax()) for task in weaker} == {0, 1, 2}

    full = [task.mix for task in tasks if task.strength == 1]
    assert [bool(mix.max() < 1) for mix in full] == [False, False, True] * 100
    blends = [tuple(mix.nonzero().flatten().tolist()) for mix in full[2::3]]
    assert set(blends) == {(0, 1), (0, 2), (1, 2)}
    assert 55 <= blends.count((0, 2)) <= 80  # two thirds of 100
    alone = [int(mix.argmax()) for mix in full if mix.max() == 1]
    assert alone == [number % 3 for number in range(200)]


def test_single_painting_is_never_blended(tmp_path: Path) -> None:
    config = small_config(tmp_path, strength_every=0, blend_every=2)
    for step in range(20):
        task = sample_task(config, torch.zeros(1, 1), step, torch.Generator())
        assert (task.mix.tolist(), task.strength) == ([1.0], 1)


def test_unlike_paintings_are_blended_more_often() -> None:
    red, orange, blue = (
        {"layer": torch.diag(torch.tensor(colour))[None]}
        for colour in ((1.0, 0, 0), (1.0, 0.4, 0), (0, 0, 1.0))
    )
    pairs = pair_odds([red, orange, blue])
    assert torch.equal(pairs, pairs.triu(1))
    assert 0 < 20 * pairs[0, 1] < pairs[1, 2] <= pairs[0, 2] == 1
    assert pair_odds([red, red])[0, 1] > 0
    louder = [{"layer": 7 * each["layer"]} for each in (red, orange, blue)]
    assert torch.allclose(pair_odds(louder), pairs)


def test_boosted_blend_is_as_frequent_as_that_of_the_least_alike(tmp_path: Path) -> None:
    colours = {"red": (0, 0, 200), "orange": (0, 60, 200), "blue": (200, 0, 0)}
    for name, colour in colours.items():
        write_image(tmp_path / f"{name}.png", Picture(np.full((64, 64, 3), colour, np.uint8)))
    config = small_config(
        tmp_path,
        paintings=tuple(str(tmp_path / f"{name}.png") for name in colours),
        styles=tuple(map(StyleInfo, colours)),
    )
    boosted = config.with_changes(boost_blends=(("orange", "red"),))
    vgg, cpu = random_loss_network(), torch.device("cpu")
    usual = make_targets(vgg, config, cpu).pairs
    changed = make_targets(vgg, boosted, cpu).pairs
    assert usual[0, 1] < usual.max() / 2
    assert changed[0, 1] == usual.max()
    others = torch.tensor([[False, False, True], [False, False, True], [False] * 3])
    assert torch.equal(changed[others], usual[others])


def test_target_of_a_blend_is_the_weighted_mean() -> None:
    one, other, unused = (
        StyleTarget({"layer": torch.full((1, 2, 2), value)}, torch.full((64, 33), value * 10))
        for value in (1.0, 5.0, 99.0)
    )
    blend = blend_targets([one, unused, other], torch.tensor([0.75, 0, 0.25]))
    assert torch.equal(blend.grams["layer"], torch.full((1, 2, 2), 2.0))
    assert torch.equal(blend.texture, torch.full((64, 33), 20.0))
