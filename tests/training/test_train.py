"""The training loop: learning, checkpoints, interruption."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.system.signals import sigterm_as_interrupt
from realtime_style.training import train as train_module
from realtime_style.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.loss_log import COLUMNS
from realtime_style.training.preview import split_photographs
from realtime_style.training.train import CHECKPOINT, PREVIEWS, TrainProgress, train
from tests.helpers.training import (
    PER_STYLE,
    TrainedRun,
    objectives,
    random_loss_network,
    small_config,
)


def run_on(config: TrainConfig, folder: Path, **rest: Any) -> Checkpoint:
    """Resume a run."""
    return train(config, folder, resume=True, loss_network=random_loss_network(), **rest)


def assert_same_network(seen: Checkpoint, wanted: Checkpoint) -> None:
    for name, value in wanted.net.items():
        assert torch.allclose(seen.net[name], value, atol=1e-5)


def test_training_lowers_the_objective_and_reports_it(tmp_path: Path) -> None:
    seen: list[TrainProgress] = []
    config = small_config(tmp_path, steps=40)
    train(config, tmp_path / "run", report=seen.append, loss_network=random_loss_network())
    values = objectives(tmp_path / "run")
    assert len(values) == 40
    assert sum(values[-5:]) < 0.5 * sum(values[:5])
    assert (seen[-1].step, seen[-1].fraction) == (40, 1)
    assert set(seen[-1].losses) == set(COLUMNS)
    assert seen[-1].losses["strength"] == 1
    assert (tmp_path / "run" / PREVIEWS / "last.jpg").is_file()


def test_training_changes_only_the_transformation_network(tmp_path: Path) -> None:
    vgg = random_loss_network()
    before = {name: value.clone() for name, value in vgg.state_dict().items()}
    started = train(small_config(tmp_path, steps=1), tmp_path / "a", loss_network=vgg)
    ended = train(small_config(tmp_path, steps=4), tmp_path / "b", loss_network=vgg)
    assert all(torch.equal(before[name], value) for name, value in vgg.state_dict().items())
    assert not any(parameter.requires_grad for parameter in vgg.parameters())
    changed = [name for name in ended.net if not torch.equal(started.net[name], ended.net[name])]
    assert len(changed) > 0.9 * len(ended.net)


def test_same_seed_gives_the_same_network(finished: TrainedRun, tmp_path: Path) -> None:
    again = train(finished.config, tmp_path / "again", loss_network=random_loss_network())
    assert objectives(tmp_path / "again") == objectives(finished.folder)
    assert all(torch.equal(again.net[name], value) for name, value in finished.state.net.items())
    other = replace(finished.config, seed=1, steps=2)
    train(other, tmp_path / "other", loss_network=random_loss_network())
    assert objectives(tmp_path / "other") != objectives(finished.folder)[:2]


def test_resumed_run_ends_like_an_uninterrupted_one(finished: TrainedRun, tmp_path: Path) -> None:
    def stop_at_five(progress: TrainProgress) -> None:
        if progress.step == 5:
            raise KeyboardInterrupt

    run = tmp_path / "cut"
    with pytest.raises(KeyboardInterrupt):
        train(finished.config, run, report=stop_at_five, loss_network=random_loss_network())
    assert load_checkpoint(run / CHECKPOINT).step == 5
    assert_same_network(run_on(finished.config, run), finished.state)
    assert objectives(run) == pytest.approx(objectives(finished.folder), rel=1e-5)


@pytest.mark.parametrize(
    "ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["foreground", "background"]
)
def test_interrupted_step_is_finished_first(
    finished: TrainedRun,
    tmp_path: Path,
    ctrl_c: Callable[[int, FrameType | None], object] | signal.Handlers,
) -> None:
    """In the foreground by Ctrl-C; background jobs of a script ignore it, and get SIGTERM."""
    in_background = ctrl_c is signal.SIG_IGN
    vgg, calls = random_loss_network(), 0

    def interrupt(*_: object) -> None:
        nonlocal calls
        calls += 1  # one for each of two paintings, then two in each step
        if calls == 6 and in_background:
            signal.raise_signal(signal.SIGINT)
        if calls == 10:
            signal.raise_signal(signal.SIGTERM if in_background else signal.SIGINT)

    vgg.register_forward_hook(interrupt)
    run = tmp_path / "cut"
    before = signal.signal(signal.SIGINT, ctrl_c)
    try:
        with sigterm_as_interrupt(), pytest.raises(KeyboardInterrupt):
            train(finished.config, run, loss_network=vgg)
        assert signal.getsignal(signal.SIGINT) is ctrl_c
    finally:
        signal.signal(signal.SIGINT, before)
    assert load_checkpoint(run / CHECKPOINT).step == 4
    assert_same_network(run_on(finished.config, run), finished.state)


def test_resuming_a_finished_run_keeps_its_losses(own_run: TrainedRun) -> None:
    again = run_on(own_run.config, own_run.folder)
    assert again.losses == pytest.approx(own_run.state.losses)
    assert again.losses["objective"] > 0


def test_reported_losses_do_not_jump_on_resuming(tmp_path: Path) -> None:
    """The last step, number 8, has a lower strength, so its losses are not those of a style."""
    config = small_config(tmp_path, steps=7, strength_every=8)
    before = train(config, tmp_path / "run", loss_network=random_loss_network())
    after = run_on(replace(config, steps=8), tmp_path / "run")
    assert after.step == 8
    assert after.losses == pytest.approx(before.losses)
    assert after.losses["strength"] == 1


def test_repeated_steps_replace_their_rows(own_run: TrainedRun) -> None:
    before = objectives(own_run.folder)
    # As after a kill between two checkpoints.
    save_checkpoint(own_run.folder / CHECKPOINT, replace(own_run.state, step=3))
    run_on(own_run.config, own_run.folder)
    assert len(objectives(own_run.folder)) == 8
    assert objectives(own_run.folder)[:3] == before[:3]


def test_checkpoint_alone_rebuilds_the_network(finished: TrainedRun) -> None:
    loaded = load_checkpoint(finished.folder / CHECKPOINT)
    assert loaded.config == finished.config
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        first, second = (
            net(image, net.style_weights()) for net in (finished.state.network(), loaded.network())
        )
    assert torch.equal(first, second)


def test_failed_save_leaves_the_old_checkpoint(
    own_run: TrainedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own_run.folder / CHECKPOINT

    def half_written(part: Path, content: bytes) -> int:
        with part.open("wb") as file:
            file.write(content[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half_written)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, replace(own_run.state, step=99))
    monkeypatch.undo()
    assert load_checkpoint(path).step == 8
    assert [entry.name for entry in path.parent.iterdir() if "part" in entry.name] == []


def test_unreadable_checkpoint_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).mkdir()  # which not even root can read as a file
    with pytest.raises(TrainingError, match=r"cannot be read: .*directory"):
        load_checkpoint(tmp_path / CHECKPOINT)


@pytest.mark.parametrize("content", [b"", b"rubbish"])
def test_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(TrainingError, match="damaged"):
        load_checkpoint(tmp_path / CHECKPOINT)


def test_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    torch.save({"format": 3}, tmp_path / CHECKPOINT)
    with pytest.raises(TrainingError, match="not a checkpoint of this version"):
        load_checkpoint(tmp_path / CHECKPOINT)


def test_infinite_objective_stops_the_run_and_keeps_the_checkpoint(own_run: TrainedRun) -> None:
    broken = random_loss_network()
    calls: list[None] = []

    def break_features(
        vgg: torch.nn.Module, given: object, features: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        calls.append(None)  # the first two are for the paintings
        factor = torch.nan if len(calls) > 2 else 1
        return {layer: value * factor for layer, value in features.items()}

    broken.register_forward_hook(break_features)
    longer = replace(own_run.config, steps=12)
    with pytest.raises(TrainingError, match="no longer a number at step 9"):
        train(longer, own_run.folder, resume=True, loss_network=broken)
    assert load_checkpoint(own_run.folder / CHECKPOINT).step == 8


def test_minutes_end_the_run(tmp_path: Path) -> None:
    config = small_config(tmp_path, minutes=0.005)
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    assert state.step >= 1
    assert state.elapsed_s >= 0.3


def test_each_painting_has_rows_of_its_own(finished: TrainedRun) -> None:
    gamma = finished.state.net["stages.0.norm.gamma"]
    assert gamma.shape[0] == 2 + 1  # and the photograph
    assert not torch.equal(gamma[0], gamma[1])


def test_per_style_kernels_learn_in_different_directions(tmp_path: Path) -> None:
    config = small_config(tmp_path, names="ab", network=PER_STYLE, steps=6)
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    kernels = state.net["stages.3.first.conv.conv.per_style"]
    assert kernels.shape == (3, 8 * 8 * 9)
    assert kernels.norm(dim=1)[:2].min() > 0
    assert torch.cosine_similarity(kernels[0], kernels[1], dim=0) < 0.9


def test_previews_among_the_photographs_are_not_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(tmp_path, steps=2)
    run = Path(config.content) / "waves.run"
    train(config, run, loss_network=random_loss_network())
    assert (run / PREVIEWS / "last.jpg").is_file()
    given: list[Path] = []

    def noted(photographs: list[Path], **rest: Any) -> Any:
        given.extend(photographs)
        return split_photographs(photographs, **rest)

    monkeypatch.setattr(train_module, "split_photographs", noted)
    run_on(config.with_changes(steps=4), run)
    assert len(given) == 6
    assert not [path for path in given if path.is_relative_to(run)]


def test_folder_of_previews_is_refused(own_run: TrainedRun, tmp_path: Path) -> None:
    config = own_run.config.with_changes(content=str(own_run.folder))
    with pytest.raises(TrainingError, match="nothing but previews"):
        train(config, tmp_path / "other", loss_network=random_loss_network())
