"""A training run: what it learns, what it keeps, what it refuses."""

from __future__ import annotations

import csv
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from realtime_style import frames
from realtime_style.errors import TrainingError
from realtime_style.images import Picture, read_image, write_image
from realtime_style.style_format import StyleInfo
from realtime_style.training.checkpoint import load_checkpoint, save_checkpoint
from realtime_style.training.config import TrainConfig, load_recipe
from realtime_style.training.data import (
    RandomCrops,
    as_a_webcam_sees,
    find_photographs,
    load_painting,
    plain_scene,
    to_frame,
    to_image,
)
from realtime_style.training.loss_log import TERMS
from realtime_style.training.preview import preview_photographs
from realtime_style.training.step import Target, blended, lesson, part_to_judge, toned
from realtime_style.training.train import CHECKPOINT, LOSSES, PREVIEWS, Progress, one_cycle, train
from tests.training_helpers import random_loss_network, small_config, write_painting, write_photographs


def objectives(run: Path) -> list[float]:
    with (run / LOSSES).open(newline="") as file:
        return [float(row["objective"]) for row in csv.DictReader(file)]


def test_training_lowers_the_objective_and_shows_it(tmp_path: Path) -> None:
    seen: list[Progress] = []
    train(small_config(tmp_path, steps=40), tmp_path / "run", report=seen.append, loss_network=random_loss_network())
    values = objectives(tmp_path / "run")
    assert len(values) == 40
    assert sum(values[-5:]) < 0.5 * sum(values[:5])
    assert seen[-1].step == 40
    assert seen[-1].fraction == 1
    assert set(seen[-1].losses) == set(TERMS)
    assert seen[-1].losses["strength"] == 1
    assert (tmp_path / "run" / PREVIEWS / "last.jpg").is_file()


def test_training_changes_the_transformation_network_and_nothing_else(tmp_path: Path) -> None:
    teacher = random_loss_network()
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    started = train(small_config(tmp_path, steps=1), tmp_path / "a", loss_network=teacher)
    ended = train(small_config(tmp_path, steps=4), tmp_path / "b", loss_network=teacher)
    assert all(torch.equal(before[name], value) for name, value in teacher.state_dict().items())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    changed = [name for name in ended.net if not torch.equal(started.net[name], ended.net[name])]
    assert len(changed) > 0.9 * len(ended.net)


def test_same_seed_gives_the_same_network(tmp_path: Path) -> None:
    runs = [train(small_config(tmp_path, steps=4), tmp_path / name, loss_network=random_loss_network()) for name in "ab"]
    other = train(small_config(tmp_path, steps=4, seed=1), tmp_path / "c", loss_network=random_loss_network())
    assert objectives(tmp_path / "a") == objectives(tmp_path / "b")
    assert objectives(tmp_path / "a") != objectives(tmp_path / "c")
    assert all(torch.equal(runs[0].net[name], runs[1].net[name]) for name in runs[0].net)
    assert other.step == 4


def test_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=8)
    whole = train(config, tmp_path / "whole", loss_network=random_loss_network())

    def stop_at_five(progress: Progress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "cut", report=stop_at_five, loss_network=random_loss_network())
    assert load_checkpoint(tmp_path / "cut" / CHECKPOINT).step == 5
    resumed = train(config, tmp_path / "cut", resume=True, loss_network=random_loss_network())
    assert objectives(tmp_path / "cut") == pytest.approx(objectives(tmp_path / "whole"), rel=1e-5)
    for name, value in whole.net.items():
        assert torch.allclose(resumed.net[name], value, atol=1e-5)


def test_ctrl_c_within_a_step_waits_for_its_end(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=8)
    whole = train(config, tmp_path / "whole", loss_network=random_loss_network())
    teacher, looks = random_loss_network(), 0

    def ctrl_c_at_the_ninth_look(*_: object) -> None:
        nonlocal looks
        looks += 1
        if looks == 9:
            signal.raise_signal(signal.SIGINT)

    teacher.register_forward_hook(ctrl_c_at_the_ninth_look)
    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "cut", loss_network=teacher)
    assert 3 <= load_checkpoint(tmp_path / "cut" / CHECKPOINT).step <= 5
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    resumed = train(config, tmp_path / "cut", resume=True, loss_network=random_loss_network())
    for name, value in whole.net.items():
        assert torch.allclose(resumed.net[name], value, atol=1e-5)


def test_resuming_a_finished_run_keeps_its_losses(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=3)
    done = train(config, tmp_path / "run", loss_network=random_loss_network())
    again = train(config, tmp_path / "run", resume=True, loss_network=random_loss_network())
    assert again.losses == done.losses
    assert again.losses["objective"] > 0


def test_kill_between_checkpoints_drops_the_rows_that_are_done_again(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=6)
    train(config, tmp_path / "run", loss_network=random_loss_network())
    before = objectives(tmp_path / "run")
    state = load_checkpoint(tmp_path / "run" / CHECKPOINT)
    save_checkpoint(tmp_path / "run" / CHECKPOINT, replace(state, step=3))  # as if killed before the next one
    train(config, tmp_path / "run", resume=True, loss_network=random_loss_network())
    assert len(objectives(tmp_path / "run")) == 6
    assert objectives(tmp_path / "run")[:3] == before[:3]


def test_checkpoint_rebuilds_the_network_with_no_other_argument(tmp_path: Path) -> None:
    state = train(small_config(tmp_path, steps=2), tmp_path / "run", loss_network=random_loss_network())
    loaded = load_checkpoint(tmp_path / "run" / CHECKPOINT)
    assert loaded.config == state.config
    image = torch.rand(1, 3, 32, 32)
    nets = state.network(), loaded.network()
    with torch.no_grad():
        first, second = (net(image, net.style_weights()) for net in nets)
    assert torch.equal(first, second)


def test_failed_save_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = train(small_config(tmp_path, steps=2), tmp_path / "run", loss_network=random_loss_network())
    path = tmp_path / "run" / CHECKPOINT

    def half_written(part: Path, content: bytes) -> int:
        with part.open("wb") as file:
            file.write(content[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, replace(state, step=99))
    monkeypatch.undo()
    assert load_checkpoint(path).step == 2
    assert [entry.name for entry in path.parent.iterdir() if "part" in entry.name] == []


@pytest.mark.parametrize("content", [b"", b"rubbish"])
def test_broken_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(TrainingError, match="damaged"):
        load_checkpoint(tmp_path / "checkpoint.pt")


def test_resume_with_another_network_is_refused(tmp_path: Path) -> None:
    train(small_config(tmp_path, steps=1), tmp_path / "run", loss_network=random_loss_network())
    with pytest.raises(TrainingError, match="trained with network"):
        train(small_config(tmp_path, network="fast"), tmp_path / "run", resume=True, loss_network=random_loss_network())


def test_objective_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=3)
    train(config, tmp_path / "run", loss_network=random_loss_network())
    broken = random_loss_network()
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="no longer a number at step 4"):
        train(replace(config, steps=6), tmp_path / "run", resume=True, loss_network=broken)
    assert load_checkpoint(tmp_path / "run" / CHECKPOINT).step == 3


def test_minutes_end_the_run(tmp_path: Path) -> None:
    state = train(small_config(tmp_path, minutes=0.02), tmp_path / "run", loss_network=random_loss_network())
    assert 1 <= state.step < 1000
    assert state.elapsed_s >= 1.2


def test_several_paintings_become_styles_of_one_network(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    config = small_config(tmp_path, paintings=paintings, styles=(StyleInfo("a"), StyleInfo("b")), steps=6)
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    norm = state.net["stages.0.norm.gamma"]
    assert norm.shape[0] == 2 + 1  # and the photograph
    assert not torch.equal(norm[0], norm[1])


def test_softening_takes_the_grain_and_leaves_the_strokes(tmp_path: Path) -> None:
    painting = write_painting(tmp_path / "waves.png")  # waves of about 20 to 30 px
    grain = np.random.default_rng(0).normal(0, 12, read_image(painting).bgr.shape)
    rough = np.clip(read_image(painting).bgr + grain, 0, 255).astype(np.uint8)
    write_image(tmp_path / "rough.png", Picture(rough))
    clean, sharp, soft = (
        load_painting(path, 90, soften)[0]
        for path, soften in ((painting, 0.0), (tmp_path / "rough.png", 0.0), (tmp_path / "rough.png", 0.7))
    )
    assert (soft - clean).std() < 0.6 * (sharp - clean).std()
    assert soft.std() > 0.9 * clean.std()


def test_paintings_take_turns_and_some_steps_teach_less_of_them_or_a_blend(tmp_path: Path) -> None:
    config = small_config(
        tmp_path, paintings=("a", "b", "c"), styles=tuple(map(StyleInfo, "abc")), partial_every=4, blend_every=3
    )
    lessons = [lesson(config, step, torch.Generator().manual_seed(step)) for step in range(400)]
    assert all(float(mix.sum()) == pytest.approx(1) for mix, _ in lessons)
    weak = [strength for _, strength in lessons if strength < 1]
    assert [step for step, (_, strength) in enumerate(lessons) if strength < 1] == list(range(3, 400, 4))
    assert 35 <= weak.count(0.0) <= 65
    assert {int(mix.argmax()) for mix, strength in lessons if strength < 1} == {0, 1, 2}
    full = [mix for mix, strength in lessons if strength == 1]
    assert [bool(mix.max() < 1) for mix in full] == [False, False, True] * 100
    assert {tuple(mix.nonzero().flatten().tolist()) for mix in full[2::3]} == {(0, 1), (0, 2), (1, 2)}
    assert [int(mix.argmax()) for mix in full if mix.max() == 1] == [number % 3 for number in range(200)]


def test_one_painting_is_never_blended_and_always_taught_whole_when_asked(tmp_path: Path) -> None:
    config = small_config(tmp_path, partial_every=0, blend_every=2)
    lessons = [lesson(config, step, torch.Generator()) for step in range(20)]
    assert all(mix.tolist() == [1.0] and strength == 1 for mix, strength in lessons)


def test_target_of_a_blend_lies_between_those_of_its_paintings() -> None:
    one, other = (Target({"layer": torch.full((1, 2, 2), value)}, torch.full((64, 33), value * 10)) for value in (1.0, 5.0))
    half = blended(
        [one, Target({"layer": torch.full((1, 2, 2), 99.0)}, torch.ones(64, 33)), other], torch.tensor([0.75, 0, 0.25])
    )
    assert torch.equal(half.grams["layer"], torch.full((1, 2, 2), 2.0))
    assert torch.equal(half.texture, torch.full((64, 33), 20.0))


def test_photograph_is_learned_beside_the_style(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=160, partial_every=2, style_weight=50.0)
    net = train(config, tmp_path / "run", loss_network=random_loss_network()).network()
    photograph = to_image(read_image(find_photographs(Path(config.content))[0]).bgr).unsqueeze(0)
    with torch.no_grad():
        unpainted, painted = (
            toned(net(photograph, torch.tensor([strength])), photograph, 1 - strength) for strength in (0.0, 1.0)
        )
    errors = [float((picture - photograph).square().mean()) for picture in (unpainted, painted)]
    assert errors[0] < 0.5 * errors[1]


def test_training_and_playing_bring_back_light_alike() -> None:
    rng = np.random.default_rng(0)
    photo = np.clip(rng.normal((60, 90, 140), (30, 20, 10), (48, 64, 3)), 0, 255).astype(np.uint8)
    painted = np.clip(rng.normal(128, 25, (48, 64, 3)), 0, 255).astype(np.uint8)
    for share in (0.0, 0.3, 1.0):
        learned = to_frame(toned(to_image(painted)[None], to_image(photo)[None], share)[0]).astype(int)
        assert abs(learned - frames.toned(painted, photo, share)).max() <= 1
    assert abs(learned.mean((0, 1)) - photo.mean((0, 1))).max() < 1
    assert abs(learned.std((0, 1)) - photo.std((0, 1))).max() < 1


def test_each_painting_has_its_turn(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "abc")
    config = small_config(tmp_path, paintings=paintings, styles=tuple(map(StyleInfo, "abc")), steps=2)
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    shifts = state.net["stages.0.norm.beta"]
    assert [bool(row.any()) for row in shifts] == [True, True, False, False]  # third style, photograph: not moved yet


def test_objective_in_other_units_teaches_the_same_network(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=4)
    weights = {name: 8 * getattr(config, name) for name in config.to_dict() if name.endswith("_weight")}
    usual = train(config, tmp_path / "a", loss_network=random_loss_network())
    loud = train(replace(config, **weights), tmp_path / "b", loss_network=random_loss_network())
    assert loud.losses["objective"] == pytest.approx(8 * usual.losses["objective"])
    assert all(torch.allclose(usual.net[name], loud.net[name], atol=1e-5) for name in usual.net)


def test_each_painting_can_have_a_weight_of_its_own(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    two = small_config(tmp_path, paintings=paintings, styles=(StyleInfo("a"), StyleInfo("b")), steps=2, partial_every=0)
    plain, louder = (
        train(replace(two, style_weights=weights), tmp_path / str(len(weights)), loss_network=random_loss_network())
        for weights in ((), (1.0, 900.0))
    )
    assert objectives(tmp_path / "0")[0] == objectives(tmp_path / "2")[0]
    assert objectives(tmp_path / "2")[1] > 2 * objectives(tmp_path / "0")[1]
    assert plain.step == louder.step == 2
    with pytest.raises(TrainingError, match="one factor above 0 for each painting"):
        replace(two, style_weights=(1.0,))


def test_run_starts_from_another_ones_weights(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    first = small_config(tmp_path, paintings=paintings, styles=(StyleInfo("a"), StyleInfo("b")), steps=6)
    before = train(first, tmp_path / "first", loss_network=random_loss_network()).net
    second = replace(first, styles=(StyleInfo("b"), StyleInfo("new")), start_from=str(tmp_path / "first" / CHECKPOINT))
    after = train(replace(second, steps=1, learning_rate=1e-9), tmp_path / "second", loss_network=random_loss_network()).net
    assert torch.allclose(after["stages.1.conv.conv.weight"], before["stages.1.conv.conv.weight"], atol=1e-6)
    gamma = before["stages.1.norm.gamma"]
    assert torch.allclose(after["stages.1.norm.gamma"], torch.stack([gamma[1], gamma[:2].mean(0), gamma[2]]), atol=1e-6)


def test_run_is_not_resumed_from_weights_alone(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=2)
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    save_checkpoint(tmp_path / "run" / CHECKPOINT, replace(state, optimizers={}))
    with pytest.raises(TrainingError, match="--start-from"):
        train(config, tmp_path / "run", resume=True, loss_network=random_loss_network())


def test_run_cannot_start_from_another_network(tmp_path: Path) -> None:
    train(small_config(tmp_path, steps=1), tmp_path / "first", loss_network=random_loss_network())
    other = small_config(tmp_path, network="fast", start_from=str(tmp_path / "first" / CHECKPOINT))
    with pytest.raises(TrainingError, match="start from one with the same network"):
        train(other, tmp_path / "second", loss_network=random_loss_network())


def test_damaged_photograph_is_skipped_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = find_photographs(write_photographs(folder, count=5))
    for number, path in enumerate(paths):
        shutil.copy(paths[0], path.with_name(f"copy_{number}.png"))
    crops = RandomCrops(paths, crop=64, batch=5, seed=0)
    first, second = crops.batch_of(0), crops.batch_of(1)
    assert len({sample.mean().item() for sample in first}) == 5
    assert not torch.equal(first, second)
    assert torch.equal(first, crops.batch_of(0))


def test_learning_rate_rises_then_falls() -> None:
    rates = [one_cycle(fraction / 100) for fraction in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert rates.index(max(rates)) == 10
    assert rates[-1] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"steps": 0}, "steps"), ({"crop": 8}, "crop"), ({"style_weight": -1.0}, "negative"), ({"minutes": 0.0}, "minutes")],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, change: dict[str, float], complaint: str) -> None:
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
    recipe.write_text(text.format("") + 'style_weight = 2.5\n[[styles]]\nname = "b"\npainting = "b.jpg"\n')
    assert load_recipe(recipe, tmp_path).style_weights == (2.5, 1.0)
    recipe.write_text(text.format("stepz = 3"))
    with pytest.raises(TrainingError, match="stepz"):
        load_recipe(recipe, tmp_path)
    recipe.write_text("this is no TOML")
    with pytest.raises(TrainingError, match="TOML"):
        load_recipe(recipe, tmp_path)


def test_held_out_photographs_are_shown_and_never_learned_on(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path, count=6))
    names = [path.name for path in paths]
    shown, learned = preview_photographs(paths, held_out=(names[4], names[1]), seed=0)
    assert [path.name for path in shown] == [names[4], names[1]]
    assert [path.name for path in learned] == [names[0], names[2], names[3], names[5]]


@pytest.mark.parametrize(("held_out", "complaint"), [(("gone.png",), "gone.png is not in"), (None, "all photographs")])
def test_held_out_photographs_that_cannot_be_are_refused(
    tmp_path: Path, held_out: tuple[str, ...] | None, complaint: str
) -> None:
    paths = find_photographs(write_photographs(tmp_path, count=3))
    with pytest.raises(TrainingError, match=complaint):
        preview_photographs(paths, held_out=held_out or tuple(path.name for path in paths), seed=0)


def test_plain_scenes_stand_among_the_photographs(tmp_path: Path) -> None:
    paths = find_photographs(write_photographs(tmp_path / "photos"))
    some, none = (RandomCrops(paths, crop=64, batch=200, seed=0, plain_share=share).batch_of(0) for share in (0.25, 0.0))
    replaced = [number for number in range(200) if not torch.equal(some[number], none[number])]
    assert 30 <= len(replaced) <= 70
    assert max(float(some[number].std((1, 2)).max()) for number in replaced) < 12 / 255
    plain = [plain_scene(64, np.random.default_rng(seed)) for seed in range(60)]
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


def test_flicker_weight_steadies_a_still_scene(tmp_path: Path) -> None:
    def flicker(weight: float) -> float:
        config = small_config(tmp_path, steps=60, flicker_weight=weight, temporal_weight=0.0)
        net = train(config, tmp_path / f"run_{weight}", loss_network=random_loss_network()).network()
        image = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
        noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(1)) * 2 / 255
        with torch.no_grad():
            painted, painted_noisy = (net(seen, net.style_weights()) for seen in (image, image + noise))
            return float((painted_noisy - painted).abs().mean() / painted.std())  # a paler picture is no steadier

    assert flicker(1_000_000.0) < 0.7 * flicker(0.0)


def test_each_border_of_a_crop_is_judged_every_third_time(tmp_path: Path) -> None:
    config = replace(small_config(tmp_path), crop=96, judged=0.75)
    judged = np.zeros((96, 96))
    for step in range(200):
        picture = torch.zeros(1, 3, 96, 96)
        picture[part_to_judge(config, torch.Generator().manual_seed(step))] = 1
        assert picture.sum() == 3 * 72 * 72
        judged += picture[0, 0].numpy() / 200
    for border in (judged[0], judged[-1], judged[:, 0], judged[:, -1]):
        assert 0.2 < border.max() < 0.5


def test_share_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="judged must be"):
        replace(small_config(tmp_path), judged=1.5)
