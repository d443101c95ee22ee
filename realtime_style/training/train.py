"""The training loop, top to bottom."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

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
from realtime_style.training.device import explained_memory_errors, training_device
from realtime_style.training.interrupt import ctrl_c_held_back
from realtime_style.training.loss_log import COLUMNS, LossLog
from realtime_style.training.objective.target import make_targets
from realtime_style.training.objective.vgg import LossNetwork, load_loss_network
from realtime_style.training.optimizers import make_optimizers, one_cycle, set_learning_rate
from realtime_style.training.preview import split_photographs, write_preview
from realtime_style.training.step import take_step
from realtime_style.training.transfer import check_resumable, copy_weights

log = logging.getLogger(__name__)

CHECKPOINT, LOSSES, PREVIEWS = "checkpoint.pt", "losses.csv", "previews"
_CHECKPOINT_EVERY_S = 60.0
"""At most a minute of work is lost."""
_PREVIEW_AT = (50, 200, 500)
"""Steps; then every 500."""
_SMOOTHED = 20
"""Steps over which reported losses are averaged."""


@dataclass(frozen=True)
class TrainProgress:
    """Progress of a run, after each step."""

    step: int
    fraction: float
    """0 to 1 of the requested steps or minutes."""
    losses: Mapping[str, float]
    """By loss_log.COLUMNS: means of the last 20 steps at full strength."""


Report = Callable[[TrainProgress], None]


@explained_memory_errors()
def train(
    config: TrainConfig,
    run: Path,
    *,
    device: str = "auto",
    resume: bool = False,
    report: Report = lambda progress: None,
    loss_network: LossNetwork | None = None,
) -> Checkpoint:
    """Train the network of `config`; returns the last state.

    The folder `run` gets checkpoint, losses and previews. `device` is ``auto``, ``cuda`` or
    ``cpu``. With `resume` the run continues from its checkpoint, to the steps or minutes of
    `config`. Ctrl-C saves a checkpoint before it passes on. Raises TrainingError for a device that
    cannot be had, pictures that cannot be read, settings that do not fit the checkpoint, too little
    memory, and an objective that is no longer finite; the last good checkpoint is left in place.
    """
    on = training_device(device)
    previewed, crops = _photographs(config)
    vgg = (loss_network or load_loss_network(config.loss_network)).to(
        on, memory_format=torch.channels_last
    )  # type: ignore[call-overload]
    targets = make_targets(vgg, config, on)
    session = _Session(config, run, on, resume=resume)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(run, error) from error

    def step_on(content: Tensor) -> dict[str, float]:
        set_learning_rate(session.optimizers, config.learning_rate * one_cycle(session.fraction()))
        content = content.to(on, memory_format=torch.channels_last)
        return take_step(
            session.net, vgg, session.optimizers, content, targets, config, session.step
        )

    batches = crops.batches(session.step)
    with LossLog(run / LOSSES, session.step) as loss_log, ctrl_c_held_back() as raise_if_due:
        try:
            while session.fraction() < 1:
                losses = step_on(next(batches))
                session.record(losses)
                loss_log.write(session.step, losses)
                report(session.progress())
                session.save_now_and_then()
                if session.step in _PREVIEW_AT or session.step % 500 == 0:
                    sheet = run / PREVIEWS / f"step_{session.step:06d}.jpg"
                    write_preview(sheet, session.net, previewed, config.styles)
                raise_if_due()
        except KeyboardInterrupt:
            session.save()
            raise
        finally:
            batches.close()  # type: ignore[attr-defined]
    state = session.save()
    write_preview(run / PREVIEWS / "last.jpg", session.net, previewed, config.styles)
    return state


class _Session:
    """One sitting of a run: network, optimisers, steps and time so far, recent losses."""

    def __init__(
        self, config: TrainConfig, run: Path, device: torch.device, *, resume: bool
    ) -> None:
        self.config, self.run = config, run
        torch.manual_seed(config.seed)
        self.net = new_network(config)
        if config.start_from is not None and not resume:
            copy_weights(load_checkpoint(Path(config.start_from)), self.net, config)
        self.net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizers = make_optimizers(self.net, config.learning_rate)
        self.step, self._elapsed_before = 0, 0.0
        self._recent = deque[dict[str, float]](maxlen=_SMOOTHED)
        self._began = self._saved = time.perf_counter()
        if resume:
            self._resume(load_checkpoint(run / CHECKPOINT))

    def _resume(self, before: Checkpoint) -> None:
        check_resumable(before, self.config)
        self.net.load_state_dict(before.net)
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(before.optimizers[name])
        self.step, self._elapsed_before = before.step, before.elapsed_s
        # The means stand for the steps they were taken from; terms in none of these are 0.
        had = {name: value for name, value in before.losses.items() if value}
        self._recent.extend([had] * _SMOOTHED if had else [])
        self._began = self._saved = time.perf_counter()
        if self.fraction() >= 1:
            log.warning(
                "nothing is left to train: %s is at step %d after %.0f minutes; to continue, give "
                "more --steps or --minutes in all",
                self.run,
                self.step,
                self._elapsed_before / 60,
            )

    @property
    def elapsed_s(self) -> float:
        """Training time, all sittings together."""
        return self._elapsed_before + time.perf_counter() - self._began

    def fraction(self) -> float:
        """Done part of the steps or minutes; 1 and more: all."""
        if self.config.minutes is not None:
            return self.elapsed_s / (60 * self.config.minutes)
        return self.step / self.config.steps

    def record(self, losses: dict[str, float]) -> None:
        """Count a step; raises TrainingError if its objective is not finite."""
        if not math.isfinite(losses["objective"]):
            kept = (self.run / CHECKPOINT).exists()
            how = "continue with --resume and" if kept else "start again with"
            raise TrainingError(
                f"the objective is no longer a number at step {self.step + 1}; {how} a "
                f"learning_rate below {self.config.learning_rate:g} in a recipe"
            )
        self.step += 1
        if losses["strength"] == 1 or not self._recent:
            self._recent.append(losses)

    def progress(self) -> TrainProgress:
        """Progress after the last step."""
        return TrainProgress(self.step, min(self.fraction(), 1.0), self._mean_losses())

    def save_now_and_then(self) -> None:
        """Save a checkpoint if the last one is a minute old."""
        if time.perf_counter() - self._saved > _CHECKPOINT_EVERY_S:
            self.save()
            self._saved = time.perf_counter()

    def save(self) -> Checkpoint:
        """Save a checkpoint, and return it."""
        states = {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()}
        state = Checkpoint(
            self.config,
            self.step,
            self.elapsed_s,
            self.net.state_dict(),
            states,
            self._mean_losses(),
        )
        save_checkpoint(self.run / CHECKPOINT, state)
        return state

    def _mean_losses(self) -> dict[str, float]:
        """Mean of each column over the recent steps that had it; empty before the first step."""
        if not self._recent:
            return {}
        found = {
            name: [losses[name] for losses in self._recent if name in losses] for name in COLUMNS
        }
        return {name: sum(values) / max(len(values), 1) for name, values in found.items()}


def _photographs(config: TrainConfig) -> tuple[list[Path], RandomCrops]:
    """Photographs for previews, and crops of those to train on."""
    found = find_photographs(Path(config.content))
    photographs = [path for path in found if not _is_preview(path)]
    if not photographs:
        raise TrainingError(
            f"{config.content} holds nothing but previews of runs; give a folder of photographs"
        )
    previewed, learned = split_photographs(photographs, held_out=config.held_out, seed=config.seed)
    return previewed, RandomCrops(
        learned,
        crop=config.crop,
        batch=config.batch,
        seed=config.seed,
        smallest_crop=config.smallest_crop,
        webcam_share=config.webcam_share,
        plain_share=config.plain_share,
    )


def _is_preview(path: Path) -> bool:
    """True for pictures painted by a run whose folder lies among the photographs."""
    return path.parent.name == PREVIEWS and (path.parents[1] / LOSSES).exists()
