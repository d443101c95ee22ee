"""A training run: what it learns, what it keeps, what it refuses."""

from __future__ import annotations

import csv
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch

from realtime_style.errors import TrainingError
from realtime_style.styles.format import StyleInfo
from realtime_style.system.signals import sigterm_as_interrupt
from realtime_style.training import train as train_module
from realtime_style.training.checkpoint import load_checkpoint, save_checkpoint
from realtime_style.training.loss_log import TERMS, LossLog
from realtime_style.training.preview import preview_photographs
from realtime_style.training.train import CHECKPOINT, PREVIEWS, Progress, one_cycle, train
from tests.helpers.training import (
    OWN,
    objectives,
    random_loss_network,
    small_config,
    write_painting,
)


def test_training_lowers_the_objective_and_shows_it(tmp_path: Path) -> None:
    seen: list[Progress] = []
    train(
        small_config(tmp_path, steps=40),
        tmp_path / "run",
        report=seen.append,
        loss_network=random_loss_network(),
    )
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
    runs = [
        train(small_config(tmp_path, steps=4), tmp_path / name, loss_network=random_loss_network())
        for name in "ab"
    ]
    other = train(
        small_config(tmp_path, steps=4, seed=1), tmp_path / "c", loss_network=random_loss_network()
    )
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


@pytest.mark.parametrize(
    "ctrl_c", [signal.default_int_handler, signal.SIG_IGN], ids=["by hand", "in the background"]
)
def test_who_is_told_to_end_within_a_step_ends_it(
    tmp_path: Path, ctrl_c: Callable[[int, FrameType | None], object] | signal.Handlers
) -> None:
    """By Ctrl-C, or by SIGTERM, which scripts have instead: what they start in the background ignores Ctrl-C."""
    config = small_config(tmp_path, steps=8)
    whole = train(config, tmp_path / "whole", loss_network=random_loss_network())
    teacher, looks = random_loss_network(), 0

    def end_at_the_ninth_look(*_: object) -> None:
        nonlocal looks
        looks += 1
        if looks == 5 and ctrl_c is signal.SIG_IGN:
            signal.raise_signal(signal.SIGINT)
        if looks == 9:
            signal.raise_signal(signal.SIGTERM if ctrl_c is signal.SIG_IGN else signal.SIGINT)

    teacher.register_forward_hook(end_at_the_ninth_look)
    before = signal.signal(signal.SIGINT, ctrl_c)
    try:
        with sigterm_as_interrupt(), pytest.raises(KeyboardInterrupt):
            train(config, tmp_path / "cut", loss_network=teacher)
        assert signal.getsignal(signal.SIGINT) is ctrl_c
    finally:
        signal.signal(signal.SIGINT, before)
    assert (
        load_checkpoint(tmp_path / "cut" / CHECKPOINT).step == 4
    )  # one look at the painting, then two in each step
    resumed = train(config, tmp_path / "cut", resume=True, loss_network=random_loss_network())
    for name, value in whole.net.items():
        assert torch.allclose(resumed.net[name], value, atol=1e-5)


def test_resuming_a_finished_run_keeps_its_losses(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=3)
    done = train(config, tmp_path / "run", loss_network=random_loss_network())
    again = train(config, tmp_path / "run", resume=True, loss_network=random_loss_network())
    assert again.losses == pytest.approx(done.losses)
    assert again.losses["objective"] > 0


def test_losses_of_a_run_do_not_leap_when_it_is_resumed(tmp_path: Path) -> None:
    """The last step, number 8, is one of lower strength, and tells nothing of the painting."""
    config = small_config(tmp_path, steps=7, partial_every=8)
    before = train(config, tmp_path / "run", loss_network=random_loss_network())
    after = train(
        replace(config, steps=8), tmp_path / "run", resume=True, loss_network=random_loss_network()
    )
    assert after.step == 8
    assert after.losses == pytest.approx(before.losses)
    assert after.losses["strength"] == 1


def test_kill_between_checkpoints_drops_the_rows_that_are_done_again(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=6)
    train(config, tmp_path / "run", loss_network=random_loss_network())
    before = objectives(tmp_path / "run")
    state = load_checkpoint(tmp_path / "run" / CHECKPOINT)
    save_checkpoint(
        tmp_path / "run" / CHECKPOINT, replace(state, step=3)
    )  # as if killed before the next one
    train(config, tmp_path / "run", resume=True, loss_network=random_loss_network())
    assert len(objectives(tmp_path / "run")) == 6
    assert objectives(tmp_path / "run")[:3] == before[:3]


def test_checkpoint_rebuilds_the_network_with_no_other_argument(tmp_path: Path) -> None:
    state = train(
        small_config(tmp_path, steps=2), tmp_path / "run", loss_network=random_loss_network()
    )
    loaded = load_checkpoint(tmp_path / "run" / CHECKPOINT)
    assert loaded.config == state.config
    image = torch.rand(1, 3, 32, 32)
    nets = state.network(), loaded.network()
    with torch.no_grad():
        first, second = (net(image, net.style_weights()) for net in nets)
    assert torch.equal(first, second)


def test_failed_save_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = train(
        small_config(tmp_path, steps=2), tmp_path / "run", loss_network=random_loss_network()
    )
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


def test_checkpoint_that_may_not_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").mkdir()  # which nobody may read as a file, not even root
    with pytest.raises(TrainingError, match=r"cannot be read: .*directory"):
        load_checkpoint(tmp_path / "checkpoint.pt")


@pytest.mark.parametrize("content", [b"", b"rubbish"])
def test_broken_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(TrainingError, match="damaged"):
        load_checkpoint(tmp_path / "checkpoint.pt")


def test_resume_with_another_network_is_refused(tmp_path: Path) -> None:
    train(small_config(tmp_path, steps=1), tmp_path / "run", loss_network=random_loss_network())
    with pytest.raises(TrainingError, match="trained with network"):
        train(
            small_config(tmp_path, network="fast"),
            tmp_path / "run",
            resume=True,
            loss_network=random_loss_network(),
        )


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
    state = train(
        small_config(tmp_path, minutes=0.02), tmp_path / "run", loss_network=random_loss_network()
    )
    assert 1 <= state.step < 1000
    assert state.elapsed_s >= 1.2


def test_several_paintings_become_styles_of_one_network(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    config = small_config(
        tmp_path, paintings=paintings, styles=(StyleInfo("a"), StyleInfo("b")), steps=6
    )
    state = train(config, tmp_path / "run", loss_network=random_loss_network())
    norm = state.net["stages.0.norm.gamma"]
    assert norm.shape[0] == 2 + 1  # and the photograph
    assert not torch.equal(norm[0], norm[1])


def test_run_starts_from_another_ones_weights(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    first = small_config(
        tmp_path, paintings=paintings, styles=(StyleInfo("a"), StyleInfo("b")), steps=6
    )
    before = train(first, tmp_path / "first", loss_network=random_loss_network()).net
    second = replace(
        first,
        styles=(StyleInfo("b"), StyleInfo("new")),
        start_from=str(tmp_path / "first" / CHECKPOINT),
    )
    after = train(
        replace(second, steps=1, learning_rate=1e-9),
        tmp_path / "second",
        loss_network=random_loss_network(),
    ).net
    assert torch.allclose(
        after["stages.1.conv.conv.weight"], before["stages.1.conv.conv.weight"], atol=1e-6
    )
    gamma = before["stages.1.norm.gamma"]
    assert torch.allclose(
        after["stages.1.norm.gamma"],
        torch.stack([gamma[1], gamma[:2].mean(0), gamma[2]]),
        atol=1e-6,
    )


def test_styles_learn_kernels_of_their_own_from_shared_ones(tmp_path: Path) -> None:
    paintings = tuple(str(write_painting(tmp_path / f"{name}.png")) for name in "ab")
    both = (StyleInfo("a"), StyleInfo("b"))
    shared = small_config(
        tmp_path, network=OWN.replace("*", ""), paintings=paintings, styles=both, steps=2
    )
    train(shared, tmp_path / "first", loss_network=random_loss_network())
    config = replace(shared, network=OWN, steps=6, start_from=str(tmp_path / "first" / CHECKPOINT))
    after = train(config, tmp_path / "second", loss_network=random_loss_network()).net
    own = after["stages.3.first.conv.conv.own"]
    assert own.shape == (3, 8 * 8 * 9)
    assert own.norm(dim=1)[:2].min() > 0
    assert torch.cosine_similarity(own[0], own[1], dim=0) < 0.9
    onward = replace(
        config,
        start_from=str(tmp_path / "second" / CHECKPOINT),
        steps=1,
        learning_rate=1e-9,
        styles=both[::-1],
    )
    swapped = train(onward, tmp_path / "third", loss_network=random_loss_network()).net[
        "stages.3.first.conv.conv.own"
    ]
    assert torch.allclose(swapped[:2], own[[1, 0]], atol=1e-6)


def test_run_starts_from_one_with_fewer_kernels_of_the_styles_own_and_from_no_more(
    tmp_path: Path,
) -> None:
    fewer = small_config(tmp_path, network=OWN.replace("R8*!", "R8!"), steps=3)
    before = train(fewer, tmp_path / "first", loss_network=random_loss_network()).net
    more = replace(
        fewer,
        network=OWN,
        steps=1,
        learning_rate=1e-9,
        start_from=str(tmp_path / "first" / CHECKPOINT),
    )
    after = train(more, tmp_path / "second", loss_network=random_loss_network()).net
    assert torch.allclose(
        after["stages.1.conv.conv.own"], before["stages.1.conv.conv.own"], atol=1e-6
    )
    assert before["stages.1.conv.conv.own"].norm() > 1e-3
    assert after["stages.3.first.conv.conv.own"].norm() < 1e-3
    again = replace(fewer, start_from=str(tmp_path / "second" / CHECKPOINT))
    with pytest.raises(TrainingError, match="start from one with the same network"):
        train(again, tmp_path / "third", loss_network=random_loss_network())


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


def test_learning_rate_rises_then_falls() -> None:
    rates = [one_cycle(fraction / 100) for fraction in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1, abs=1e-3)
    assert rates.index(max(rates)) == 10
    assert rates[-1] == pytest.approx(0.01)


def test_rows_from_before_a_term_was_thought_of_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "losses.csv"
    known = [name for name in TERMS if name not in ("structure", "border")]
    numbers = [str(10 + number) for number, _ in enumerate(known)]
    before = [
        ",".join(["step", *known]),
        *(",".join([str(step), *numbers]) for step in (1, 2, 3)),
        "4,10,1",
    ]
    path.write_text("\n".join(before))  # the last row half written
    with LossLog(path, 2) as log:
        log.write(3, dict.fromkeys(TERMS, 7.0))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = dict(zip(known, numbers, strict=True)) | {"structure": "0", "border": "0"}
    assert rows[:2] == [
        {"step": step, **{name: expected[name] for name in TERMS}} for step in ("1", "2")
    ]
    assert rows[2] == {"step": "3", **dict.fromkeys(TERMS, "7")}
    assert len(rows) == 3


def test_previews_of_runs_among_the_photographs_are_not_learned_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(tmp_path, steps=2)
    run = Path(config.content) / "waves.run"
    train(config, run, loss_network=random_loss_network())
    assert (run / PREVIEWS / "last.jpg").is_file()
    given: list[Path] = []

    def noted(photographs: list[Path], **rest: Any) -> Any:
        given.extend(photographs)
        return preview_photographs(photographs, **rest)

    monkeypatch.setattr(train_module, "preview_photographs", noted)
    train(config.with_changes(steps=4), run, resume=True, loss_network=random_loss_network())
    assert len(given) == 6
    assert not [path for path in given if path.is_relative_to(run)]


def test_previews_alone_are_no_photographs(tmp_path: Path) -> None:
    config = small_config(tmp_path, steps=2)
    train(config, tmp_path / "run", loss_network=random_loss_network())
    with pytest.raises(TrainingError, match="nothing but previews"):
        train(
            config.with_changes(content=str(tmp_path / "run")),
            tmp_path / "other",
            loss_network=random_loss_network(),
        )
