"""The training loop, top to bottom."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_style.errors import TrainingError
from realtime_style.training.checkpoint import Checkpoint, load_checkpoint, new_network, save_checkpoint
from realtime_style.training.config import TrainConfig
from realtime_style.training.data import RandomCrops, find_photographs, load_painting
from realtime_style.training.loss_log import TERMS, LossLog
from realtime_style.training.loss_network import CONTENT_LAYER, STYLE_LAYERS, LossNetwork, load_loss_network
from realtime_style.training.losses import (
    content_loss,
    gram_matrix,
    lattice_loss,
    mean_texture,
    style_loss,
    temporal_loss,
    total_variation_loss,
    weave_loss,
)
from realtime_style.training.motion import inside, move, random_motion, sensor_noise
from realtime_style.training.muon import Muon
from realtime_style.training.preview import preview_photographs, write_preview
from realtime_style.training.transform_net import TransformNet

log = logging.getLogger(__name__)

CHECKPOINT, LOSSES, PREVIEWS = "checkpoint.pt", "losses.csv", "previews"
_CHECKPOINT_EVERY_S = 60.0  # at most a minute of work is lost
_PREVIEW_AT = (50, 200, 500)  # steps; then every 500
_SMOOTHED = 20  # steps over which reported losses are averaged
_WARM_UP = 0.1  # part of the run in which the learning rate rises


@dataclass(frozen=True)
class Progress:
    """Where a run stands, after each step."""

    step: int
    fraction: float
    """0 to 1 of the steps or minutes asked for."""
    left_s: float
    """Estimated seconds left."""
    losses: dict[str, float]
    """objective and its terms (loss_log.TERMS): means of the last 20 steps at full strength."""


@dataclass(frozen=True)
class Target:
    """What is learned of a painting."""

    grams: dict[str, Tensor]
    """By layer, (1, C, C)."""
    texture: Tensor
    """See losses.mean_texture."""


def train(
    config: TrainConfig,
    run: Path,
    *,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
    loss_network: LossNetwork | None = None,
) -> Checkpoint:
    """Train the network of `config`, keeping checkpoint, losses and previews in the folder `run`; return the last state.

    With `resume` it goes on from the checkpoint in `run`, to the steps or minutes of `config`. Ctrl-C saves a checkpoint
    before it passes on. Raises TrainingError for pictures that cannot be read, settings that do not fit the checkpoint,
    and an objective that is no longer a number; the last good checkpoint is left in place.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    vgg = (loss_network or load_loss_network(config.loss_network)).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    targets = [_target(vgg, Path(path), config.style_size, device) for path in config.paintings]
    photographs = find_photographs(Path(config.content))
    previewed, learned = preview_photographs(photographs, held_out=config.held_out, seed=config.seed)
    crops = RandomCrops(learned, crop=config.crop, batch=config.batch, seed=config.seed)

    torch.manual_seed(config.seed)
    try:
        net = new_network(config)
    except ValueError as error:
        raise TrainingError(str(error)) from error
    if config.start_from is not None and not resume:
        _start_from(load_checkpoint(Path(config.start_from)), net, config)
    net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizers = make_optimizers(net, config.learning_rate)
    step, elapsed_before = 0, 0.0
    if resume:
        state = load_checkpoint(run / CHECKPOINT)
        _check_same_network(config, state.config)
        net.load_state_dict(state.net)
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(state.optimizers[name])
        step, elapsed_before = state.step, state.elapsed_s

    began = saved = time.monotonic()
    first_step = step
    recent: deque[dict[str, float]] = deque(maxlen=_SMOOTHED)

    def state_now() -> Checkpoint:
        states = {name: optimizer.state_dict() for name, optimizer in optimizers.items()}
        return Checkpoint(config, step, elapsed_before + time.monotonic() - began, net.state_dict(), states, _mean(recent))

    run.mkdir(parents=True, exist_ok=True)
    batches = crops.batches(step)
    with LossLog(run / LOSSES, step) as loss_log:
        try:
            while (fraction := _fraction(config, step, elapsed_before + time.monotonic() - began)) < 1:
                for optimizer in optimizers.values():
                    for group in optimizer.param_groups:
                        group["lr"] = config.learning_rate * one_cycle(fraction)
                content = next(batches).to(device, memory_format=torch.channels_last)
                losses = _step(net, vgg, optimizers, content, targets, config, step)
                if not math.isfinite(losses["objective"]):
                    raise TrainingError(
                        f"the objective is no longer a number at step {step + 1}; the state before is in {run / CHECKPOINT}; "
                        f"start again with a --learning-rate below {config.learning_rate:g}"
                    )
                step += 1
                if losses["strength"] == 1 or not recent:
                    recent.append(losses)
                loss_log.write(step, losses)
                spent = time.monotonic() - began
                fraction = _fraction(config, step, elapsed_before + spent)
                report(
                    Progress(step, min(fraction, 1.0), _left(config, step, first_step, spent, elapsed_before), _mean(recent))
                )
                if time.monotonic() - saved > _CHECKPOINT_EVERY_S:
                    save_checkpoint(run / CHECKPOINT, state_now())
                    saved = time.monotonic()
                if step in _PREVIEW_AT or step % 500 == 0:
                    write_preview(run / PREVIEWS / f"step_{step:06d}.jpg", net, previewed, config.styles)
        except KeyboardInterrupt:
            save_checkpoint(run / CHECKPOINT, state_now())
            raise
        finally:
            batches.close()  # type: ignore[attr-defined]
    save_checkpoint(run / CHECKPOINT, state_now())
    write_preview(run / PREVIEWS / "last.jpg", net, previewed, config.styles)
    return state_now()


def make_optimizers(net: TransformNet, learning_rate: float) -> dict[str, torch.optim.Optimizer]:
    """Muon for the kernels inside the network; Adam for the rest, whose rows are not directions of one space.

    The rest: the last kernel, whose few rows are colours, and the scales, shifts and biases.
    """
    inner = [parameter for parameter in net.parameters() if parameter.ndim == 4 and parameter.shape[0] > 3]
    chosen = {id(kernel) for kernel in inner}
    rest = [parameter for parameter in net.parameters() if id(parameter) not in chosen]
    return {"muon": Muon(inner, lr=learning_rate), "adam": torch.optim.Adam(rest, lr=learning_rate)}


def one_cycle(fraction: float) -> float:
    """Learning rate, 0..1 of its peak, at this fraction of the run: up from a tenth by a cosine, then down to a hundredth."""
    if fraction < _WARM_UP:
        return 0.1 + 0.9 * (1 - math.cos(math.pi * fraction / _WARM_UP)) / 2
    return 0.01 + 0.99 * (1 + math.cos(math.pi * min(1.0, (fraction - _WARM_UP) / (1 - _WARM_UP)))) / 2


def _step(
    net: TransformNet,
    vgg: LossNetwork,
    optimizers: Mapping[str, torch.optim.Optimizer],
    content: Tensor,
    targets: Sequence[Target],
    config: TrainConfig,
    step: int,
) -> dict[str, float]:
    """One optimiser step on a batch (N, 3, S, S); returns the terms of the objective. Weights stay as they are if it is NaN."""
    random = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
    index, strength = lesson(config, step, random)
    style = torch.zeros(len(targets), device=content.device)
    style[index] = strength
    with torch.autocast(content.device.type, dtype=torch.bfloat16, enabled=_has_bf16(content.device)):
        painted = net(content, style)
        features = vgg(painted, STYLE_LAYERS)
        with torch.no_grad():
            target = vgg(content, (CONTENT_LAYER,))
        if config.flicker_weight > 0:
            painted_noisy = net(sensor_noise(content, random, sigma=config.noise), style)
        if config.temporal_weight > 0:
            grid = random_motion(len(content), content.shape[2], content.shape[3], random).to(content.device)
            moved = sensor_noise(move(content, grid), random, sigma=config.noise)
            painted_moved = net(moved, style)
    terms = {
        "content": content_loss(features, target, CONTENT_LAYER),
        "style": style_loss(features, targets[index].grams),
        "tv": total_variation_loss(painted),
        "lattice": lattice_loss(painted, net.stride),
        "weave": weave_loss(painted, targets[index].texture),
    }
    if config.flicker_weight > 0:
        terms["flicker"] = temporal_loss(painted_noisy, painted)
    if config.temporal_weight > 0:
        seen = inside(grid)
        terms["temporal"] = temporal_loss(painted_moved.float() * seen, move(painted.float(), grid) * seen)
    if strength < 1:
        terms["pixel"] = F.mse_loss(painted.float() * 255, content.float() * 255)
    weights = {
        "content": config.content_weight,
        "style": config.style_weight * strength**3,
        "tv": config.tv_weight,
        "lattice": config.lattice_weight,
        "weave": config.weave_weight * strength,
        "flicker": config.flicker_weight * strength,
        "temporal": config.temporal_weight * strength,
        "pixel": config.pixel_weight * (1 - strength) ** 3,
    }
    objective = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
    net.zero_grad(set_to_none=True)
    # Paintings differ tenfold in what their textures cost: of a sum, the loudest would take all. In logarithms a per cent
    # counts the same for each of them.
    objective.log().backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), config.clip_norm)
    if torch.isfinite(objective) and torch.isfinite(norm):
        for optimizer in optimizers.values():
            optimizer.step()
    else:
        return {"objective": math.nan, "strength": strength}
    values = {name: term.item() for name, term in terms.items()}
    return {"objective": objective.item(), "strength": strength, **{name: values.get(name, 0.0) for name in TERMS[2:]}}


def lesson(config: TrainConfig, step: int, random: torch.Generator) -> tuple[int, float]:
    """Index of the style that this step teaches, and at which strength, 0..1.

    Paintings take turns. Every `partial_every`-th step takes any of them at a lower strength: half of these at 0, the
    photograph itself, the others anywhere between. A painting pulls harder than a photograph; with the third power of the
    strength as weight of its style term, half the strength looks like half.
    """
    count = len(config.paintings)
    if config.partial_every and step % config.partial_every == config.partial_every - 1:
        strength = max(0.0, float(torch.rand((), generator=random)) * 2 - 1)
        return int(torch.randint(count, (), generator=random)), strength
    full = step - step // config.partial_every if config.partial_every else step
    return full % count, 1.0


def _target(vgg: LossNetwork, path: Path, short_side: int, device: torch.device) -> Target:
    painting = load_painting(path, short_side).to(device)
    with torch.no_grad():
        features = vgg(painting, STYLE_LAYERS)
    return Target({layer: gram_matrix(values) for layer, values in features.items()}, mean_texture(painting))


def _has_bf16(device: torch.device) -> bool:
    """Whether bf16 arithmetic is native: it halves the time of a step there and is slower than fp32 elsewhere."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())


def _fraction(config: TrainConfig, step: int, elapsed_s: float) -> float:
    if config.minutes is not None:
        return elapsed_s / (60 * config.minutes)
    return step / config.steps


def _left(config: TrainConfig, step: int, first_step: int, spent_s: float, elapsed_before_s: float) -> float:
    if config.minutes is not None:
        return max(0.0, 60 * config.minutes - elapsed_before_s - spent_s)
    return max(0, config.steps - step) * spent_s / max(1, step - first_step)


def _mean(recent: deque[dict[str, float]]) -> dict[str, float]:
    return {name: sum(losses[name] for losses in recent) / len(recent) for name in TERMS} if recent else {}


def _start_from(before: Checkpoint, net: TransformNet, config: TrainConfig) -> None:
    """Copy the weights of another run; styles that it did not have start from the mean of those it had."""
    if before.config.network != config.network:
        raise TrainingError(
            f"{config.start_from} was trained with network = {before.config.network!r}, not {config.network!r}; "
            "start from one with the same network"
        )
    names = [style.name for style in before.config.styles]
    rows = [[names.index(style.name)] if style.name in names else range(len(names)) for style in config.styles]
    if net.photograph:
        rows.append([len(names)] if before.config.partial_every else range(len(names)))
    weights = {
        name: torch.stack([value[list(row)].mean(0) for row in rows]) if name.endswith((".gamma", ".beta")) else value
        for name, value in before.net.items()
    }
    net.load_state_dict(weights)


def _check_same_network(config: TrainConfig, before: TrainConfig) -> None:
    for name in ("network", "styles", "partial_every"):
        if getattr(config, name) != getattr(before, name):
            raise TrainingError(
                f"the checkpoint was trained with {name} = {getattr(before, name)!r}, not {getattr(config, name)!r}; "
                "resume with the same settings or start without --resume"
            )
