"""The training loop, top to bottom."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from realtime_style.errors import TrainingError
from realtime_style.system.atomic import unwritable
from realtime_style.training.checkpoint import (
    Checkpoint,
    load_checkpoint,
    new_network,
    save_checkpoint,
)
from realtime_style.training.config import TrainConfig
from realtime_style.training.data.photographs import RandomCrops, find_photographs
from realtime_style.training.device import memory_errors_in_words, training_device
from realtime_style.training.interrupt import ctrl_c_held_back
from realtime_style.training.loss_log import TERMS, LossLog
from realtime_style.training.muon import Muon
from realtime_style.training.networks.layers import Kernel
from realtime_style.training.networks.transform_net import TransformNet
from realtime_style.training.objective.curriculum import make_paintings
from realtime_style.training.objective.vgg import LossNetwork, load_loss_network
from realtime_style.training.preview import preview_photographs, write_preview
from realtime_style.training.step import take_step

log = logging.getLogger(__name__)

CHECKPOINT, LOSSES, PREVIEWS = "checkpoint.pt", "losses.csv", "previews"
_CHECKPOINT_EVERY_S = 60.0  # at most a minute of work is lost
_PREVIEW_AT = (50, 200, 500)  # steps; then every 500
_SMOOTHED = 20  # steps over which reported losses are averaged
_PER_STYLE = (".gamma", ".beta", ".gain", ".own")  # parameters with one row per style
_WARM_UP = 0.1  # part of the run in which the learning rate rises


@dataclass(frozen=True)
class Progress:
    """Where a run stands, after each step."""

    step: int
    fraction: float
    """0 to 1 of the steps or minutes asked for."""
    losses: dict[str, float]
    """objective and its terms (loss_log.TERMS): means of the last 20 steps at full strength."""


@memory_errors_in_words()
def train(
    config: TrainConfig,
    run: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
    loss_network: LossNetwork | None = None,
) -> Checkpoint:
    """Train the network of `config`, keeping checkpoint, losses and previews in the folder `run`; return the last state.

    `device` is ``auto``, ``cuda`` or ``cpu``. With `resume` it goes on from the checkpoint in `run`, to the steps or minutes
    of `config`. Ctrl-C saves a checkpoint before it passes on. Raises TrainingError for a device that cannot be had, pictures
    that cannot be read, settings that do not fit the checkpoint, too little memory, and an objective that is no longer a
    number; the last good checkpoint is left in place.
    """
    on = training_device(device)
    vgg = (loss_network or load_loss_network(config.loss_network)).to(
        on, memory_format=torch.channels_last
    )  # type: ignore[call-overload]
    paintings = make_paintings(vgg, config, on)
    photographs = [path for path in find_photographs(Path(config.content)) if not _is_preview(path)]
    if not photographs:
        raise TrainingError(
            f"{config.content} holds nothing but previews of runs; give a folder of photographs"
        )
    previewed, learned = preview_photographs(
        photographs, held_out=config.held_out, seed=config.seed
    )
    crops = RandomCrops(
        learned,
        crop=config.crop,
        batch=config.batch,
        seed=config.seed,
        smallest_crop=config.smallest_crop,
        webcam_share=config.webcam_share,
        plain_share=config.plain_share,
    )

    torch.manual_seed(config.seed)
    try:
        net = new_network(config)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    if config.start_from is not None and not resume:
        _start_from(load_checkpoint(Path(config.start_from)), net, config)
    net.to(on, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = make_optimizers(net, config.learning_rate)
    step, elapsed_before, losses_before = 0, 0.0, dict[str, float]()
    if resume:
        state = load_checkpoint(run / CHECKPOINT)
        _check_same_network(config, state.config)
        if not state.optimizers:
            raise TrainingError(
                f"{run / CHECKPOINT} holds the weights alone; start a new run from it with --start-from"
            )
        net.load_state_dict(state.net)
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(state.optimizers[name])
        step, elapsed_before, losses_before = state.step, state.elapsed_s, state.losses

    began = saved = time.perf_counter()
    # What a resumed run had last stands for the steps that it was the mean of; terms that were in none of them are 0.
    so_far = {name: value for name, value in losses_before.items() if value}
    recent = deque([so_far] * _SMOOTHED if so_far else [], maxlen=_SMOOTHED)

    def state_now() -> Checkpoint:
        states = {name: optimizer.state_dict() for name, optimizer in optimizers.items()}
        elapsed = elapsed_before + time.perf_counter() - began
        return Checkpoint(config, step, elapsed, net.state_dict(), states, _mean(recent))

    if resume and _fraction(config, step, elapsed_before) >= 1:
        log.warning(
            "nothing is left to train: %s is at step %d after %.0f minutes; to go on, give more --steps or --minutes in all",
            run,
            step,
            elapsed_before / 60,
        )
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(run, error) from error
    batches = crops.batches(step)
    with LossLog(run / LOSSES, step) as loss_log, ctrl_c_held_back() as raise_held_back:
        try:
            while (
                fraction := _fraction(config, step, elapsed_before + time.perf_counter() - began)
            ) < 1:
                for optimizer in optimizers.values():
                    for group in optimizer.param_groups:
                        group["lr"] = config.learning_rate * one_cycle(fraction)
                content = next(batches).to(on, memory_format=torch.channels_last)
                losses = take_step(net, vgg, optimizers, content, paintings, config, step)
                if not math.isfinite(losses["objective"]):
                    how = (
                        "go on with --resume and"
                        if (run / CHECKPOINT).exists()
                        else "start again with"
                    )
                    raise TrainingError(
                        f"the objective is no longer a number at step {step + 1}; "
                        f"{how} a learning rate below {config.learning_rate:g}"
                    )
                step += 1
                if losses["strength"] == 1 or not recent:
                    recent.append(losses)
                loss_log.write(step, losses)
                fraction = _fraction(config, step, elapsed_before + time.perf_counter() - began)
                report(Progress(step, min(fraction, 1.0), _mean(recent)))
                if time.perf_counter() - saved > _CHECKPOINT_EVERY_S:
                    save_checkpoint(run / CHECKPOINT, state_now())
                    saved = time.perf_counter()
                if step in _PREVIEW_AT or step % 500 == 0:
                    write_preview(
                        run / PREVIEWS / f"step_{step:06d}.jpg", net, previewed, config.styles
                    )
                raise_held_back()
        except KeyboardInterrupt:
            save_checkpoint(run / CHECKPOINT, state_now())
            raise
        finally:
            batches.close()  # type: ignore[attr-defined]
    save_checkpoint(run / CHECKPOINT, state_now())
    write_preview(run / PREVIEWS / "last.jpg", net, previewed, config.styles)
    return state_now()


def make_optimizers(net: TransformNet, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
    """Muon for the kernels inside the network, all of which have a scale behind them; Adam for the rest.

    The rest: the last kernel, whose few rows are colours and whose length counts, and the scales, shifts and biases.
    """
    inner = [
        module for module in net.modules() if isinstance(module, Kernel) and module.out_channels > 3
    ]
    kernels = [kernel.weight for kernel in inner]
    own = [(kernel.own, kernel.weight) for kernel in inner if kernel.own is not None]
    chosen = {id(kernel) for kernel in [*kernels, *(added for added, _ in own)]}
    rest = [parameter for parameter in net.parameters() if id(parameter) not in chosen]
    return {
        "muon": Muon(kernels, learning_rate, own=own),
        "adam": torch.optim.Adam(rest, lr=learning_rate),
    }


def one_cycle(fraction: float) -> float:
    """Learning rate, 0..1 of its peak, at this fraction of the run: up from a tenth by a cosine, then down to a hundredth."""
    if fraction < _WARM_UP:
        return 0.1 + 0.9 * (1 - math.cos(math.pi * fraction / _WARM_UP)) / 2
    return (
        0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, (fraction - _WARM_UP) / (1 - _WARM_UP)))) / 2
    )


def _is_preview(path: Path) -> bool:
    """Whether this was painted by a run whose folder lies among the photographs."""
    return path.parent.name == PREVIEWS and (path.parents[1] / LOSSES).exists()


def _fraction(config: TrainConfig, step: int, elapsed_s: float) -> float:
    if config.minutes is not None:
        return elapsed_s / (60 * config.minutes)
    return step / config.steps


def _mean(recent: deque[dict[str, float]]) -> dict[str, float]:
    """Of each term, over those steps that had it; empty before the first."""
    found = {name: [losses[name] for losses in recent if name in losses] for name in TERMS}
    return (
        {name: sum(values) / max(len(values), 1) for name, values in found.items()}
        if recent
        else {}
    )


def _start_from(before: Checkpoint, net: TransformNet, config: TrainConfig) -> None:
    """Copy the weights of another run; styles that it did not have start from the mean of those it had.

    Its network has to be the same, or the same with fewer kernels of the styles' own: those that are new start at zero.
    """
    shared, ours = (network.architecture.replace("*", "") for network in (before.network(), net))
    if shared != ours or not before.net.keys() <= net.state_dict().keys():
        raise TrainingError(
            f"{config.start_from} was trained with network = {before.config.network!r}, not {config.network!r}; "
            "start from one with the same network"
        )
    names = [style.name for style in before.config.styles]
    rows = [
        [names.index(style.name)] if style.name in names else range(len(names))
        for style in config.styles
    ]
    if net.photograph:
        rows.append([len(names)] if before.config.partial_every else range(len(names)))
    weights = {
        name: torch.stack([value[list(row)].mean(0) for row in rows])
        if name.endswith(_PER_STYLE)
        else value
        for name, value in before.net.items()
    }
    net.load_state_dict(net.state_dict() | weights)


def _check_same_network(config: TrainConfig, before: TrainConfig) -> None:
    for name in ("network", "styles", "partial_every"):
        if getattr(config, name) != getattr(before, name):
            raise TrainingError(
                f"the checkpoint was trained with {name} = {getattr(before, name)!r}, not {getattr(config, name)!r}; "
                "resume with the same settings or start without --resume"
            )
