"""Settings of a training run. Light, because ``--help`` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from realtime_style.errors import TrainingError
from realtime_style.styles.format import StyleInfo
from realtime_style.system.declare import (
    Options,
    Positive,
    Rule,
    Seconds,
    Share,
    Weight,
    above,
    at_least,
    between,
    option,
)

DEVICES = ("auto", "cuda", "cpu")
NETWORK_NAMES = ("fast", "fine", "johnson")

Network = Annotated[
    str,
    Rule(
        f"{', '.join(NETWORK_NAMES)} or an architecture string such as d8,R8,s3",
        lambda value: value in NETWORK_NAMES or "," in value,
        choices=NETWORK_NAMES,
    ),
]
"""On the command line one of the names, in recipes also an architecture string."""
Pixels = Annotated[int, at_least(64)]
AboveZero = Annotated[float, above(0)]
Every = Annotated[int, Rule("0 (never) or from 2 up", lambda value: value == 0 or value >= 2)]
"""Period in steps."""
Pair = Annotated[tuple[str, str], Rule('pairs of style names, such as [["a", "b"]]')]
ShareAboveZero = Annotated[float, Rule("above 0 and at most 1", lambda value: 0 < value <= 1)]

_HOW = "how to train"


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Options):
    """Settings of a training run but for its paintings; each with the reason for its default.

    These are the keys at the top of a recipe. Options of the command line have a help text. The
    objective is the sum of the terms of :mod:`realtime_style.training.objective.losses`, each times
    its ``..._weight``.
    """

    content: str
    """Folder of photographs, searched with its sub-folders. A few hundred varied ones are enough:
    the network learns strokes, not scenes."""
    held_out: tuple[str, ...] = ()
    """File names of photographs in `content` that are not trained on; previews and quality figures
    use them. Without any, the seed chooses four for the previews."""
    network: Network = option(
        "fast", "fast plays live without a GPU; fine is four times the work", group=_HOW
    )
    """`fast`, `fine`, `johnson` or an architecture string."""
    start_from: str | None = option(
        None,
        "take over the weights of a run with the same network: a new style needs fewer steps",
        metavar="CHECKPOINT",
        group=_HOW,
    )
    """Checkpoint of a run with the same `network`, or one with fewer stars, whose weights this run
    takes over: a new style needs fewer steps when the network can paint already, as Dumoulin et al.
    (ICLR 2017) found. Styles of the same name keep their own rows."""
    loss_network: str = "vgg19"
    """`vgg19`, `vgg16` or a file of weights. vgg19 needs no download."""
    steps: Positive = option(
        4000, "optimiser steps, earlier ones of the run included", group=_HOW, exclusive="length"
    )
    """Optimiser steps. A painting is recognisable after 200; 4,000 take 30 to 60 minutes on two CPU
    cores with bf16."""
    minutes: Seconds | None = option(
        None,
        "train for this long, earlier sittings of the run included, instead of a number of steps",
        group=_HOW,
        exclusive="length",
    )
    """Training time, all sittings of a run together, in place of `steps`; the learning rate then
    follows the clock."""
    batch: Positive = option(2, "photographs per step", group=_HOW)
    """Photographs per step. Twice as many steps in the same time train more than steps of four."""
    crop: Positive = option(256, "side of the crops of photographs, px", group=_HOW)
    """Side of the random crops, px: small enough for a step in half a second on two cores, large
    enough for whole strokes."""
    smallest_crop: ShareAboveZero = 0.5
    """Least share of a photograph's short side that a crop covers. The pack's last training had
    0.8: sharper crops, as much of a scene as will be painted, and an objective 1 % lower; from
    scratch they gained nothing in 300 steps."""
    webcam_share: Share = 1.0
    """Share of the crops that may get a webcam's defects: half of these are made dark, bright, hazy
    or out of focus. The pack's last training had 0.5."""
    loss_crop: Annotated[float, between(0.5, 1)] = 0.75
    """Share of a painted crop's side that the losses see, to the nearest multiple of 16 px; each
    step chooses the part anew. A network knows how far it is from the border of a picture: with
    losses on the whole, it learned to paint the sky of The Scream along the upper border and the
    railing along the lower one, whatever was in the photograph."""
    plain_share: Share = 0.06
    """Share of plain or nearly plain scenes among the photographs: walls and skies that fill the
    picture, where lattices and marked borders show."""
    artifact_step_share: Share = 0.25
    """Share of the steps at full strength that also paint a plain scene of 640x480 for the grid and
    border terms. As large as a frame: in crops of 320 px, borders that stood out by 8 grey levels
    at 640x480 could not be seen."""
    style_size: Pixels = option(
        384, "short side of the painting, px: larger makes larger strokes", group=_HOW
    )
    """Short side of the painting, px. It sets the size of the strokes: at 384 they are as large, on
    a 640x480 picture, as on the painting shown beside it; at 256 they are smaller."""
    style_blur: Weight = option(
        0.5, "blur of the painting at that size, px, against the grain of its canvas", group=_HOW
    )
    """Standard deviation of a blur of the painting at `style_size`, px. It removes the grain of the
    canvas and keeps the strokes. A small network that learns grain weaves."""
    content_weight: Weight = 1.0
    """The unit of the objective."""
    style_weight: Weight = option(
        6.0,
        "weight of the style term: more is wilder, less is closer to the photograph",
        group=_HOW,
    )
    """At the end of a long training the weighted style term is then two to three times the content
    term. Lower is closer to the photograph."""
    quarter_weight: Share = 0.2
    """Weight of the style of each quarter of a picture against that of the whole. At 0 a network
    paints busy areas and leaves the sky bare; at 0.5 pictures lost an eighth to a quarter of their
    contrast."""
    tv_weight: Weight = 1.0
    """Total variation, a guard against pixel noise: 0.03 % of the objective. 25 instead of 1, for
    the last steps, made no visible difference."""
    lattice_weight: Weight = 10_000.0
    """Pattern of the upsampling's period on photographs. A lattice of 2 grey levels would cost a
    twentieth of the objective; 0.2 grey levels remain."""
    grid_weight: Weight = 20_000.0
    """The same pattern on a plain scene, where nothing hides it; twice its period counts a tenth,
    as strokes have power there. 200 k removed the lattice of a trained pack, where 0.1 grey levels
    squared cost a twentieth of the objective; from scratch, that and a `border_weight` of 200 made
    the first 300 steps 7 % worse."""
    border_weight: Weight = 20.0
    """Difference between border and centre of a plain scene. A border that is 10 grey levels darker
    costs a 250th of the objective; in the last trainings of the pack, with 3,000, more than half
    of it. Without this term borders were up to 17 darker."""
    weave_weight: Weight = 500.0
    """Fine waves that repeat like canvas. The weave of an earlier starry-night, 440 to 720 grey
    levels squared, would cost as much as the content; its painting has 210."""
    structure_weight: Weight = option(
        500_000.0,
        "weight of light and dark where the photograph has them: eyes in a face",
        group=_HOW,
    )
    """Light and dark where the photograph has them, at the size of eyes. Without this term bold
    styles left the eyes out of faces. A starry-night of 300 steps from scratch had faces with it,
    and an objective 6 % higher."""
    flicker_weight: Weight = 1_000.0
    """Steadiness of a still scene. Without this term, sensor noise of sigma 2 moved a starry-night
    by 5.6 grey levels, mean of ten photographs, and by 13 on an even sky: beside motion, noise
    hardly counts in the temporal term."""
    temporal_weight: Weight = 150.0
    """Steadiness under motion. With 300, a prototype's warp error on a moving clip fell from 0.126
    to 0.063; texture of plain areas comes from noise that is fixed to the frame, so more weight
    removes it."""
    pixel_weight: Weight = 1_000.0
    """Likeness to the photograph pixel by pixel, at strength 0. An error of 10 grey levels then
    weighs half as much as the content term of a painting."""
    strength_every: Every = 8
    """Every so many steps train a lower strength, so that the network itself can weaken a style,
    stroke by stroke; 0: never, and the player mixes painting and photograph instead."""
    blend_every: Every = 8
    """With several paintings, every so many of the other steps train a blend of two, so that a
    cross-fade paints all the way; 0: never."""
    boost_blends: tuple[Pair, ...] = ()
    """Pairs of styles, by name, blended as often as the two that are least alike: those whose blend
    came out worst. Other pairs are blended the more often the less they are alike
    (:func:`realtime_style.training.objective.target.pair_odds`)."""
    noise: Weight = 4.0
    """Strongest sensor noise of the flicker and temporal terms, standard deviation in grey levels;
    the weakest is half of it."""
    learning_rate: AboveZero = 6e-3
    """Peak of the one-cycle schedule. Objective on held-out photographs after 400 steps of two:
    652 k with 2e-3, 581 k with 6e-3 (729 k with Adam alone); 1.5e-2 was still at 4,730 k after 120
    steps, where 6e-3 had 1,700 k."""
    clip_norm: AboveZero = 30.0
    """Norm to which gradients of the objective's logarithm are clipped, so that one odd photograph
    cannot undo what was learned."""
    seed: Annotated[int, between(0, 2**32 - 1)] = 0
    """Same seed, same CPU, same `steps`: same network. On a GPU some gradients are summed in any
    order."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig(TrainSettings):
    """All settings of a training run, saved in every checkpoint.

    Raises TrainingError for settings out of range or in contradiction to each other.
    """

    paintings: tuple[str, ...]
    """Files of the style pictures, one for each style."""
    styles: tuple[StyleInfo, ...]
    """Names and credits of the styles, in the order of `paintings`."""
    style_weights: tuple[AboveZero, ...] = ()
    """For each painting, a factor on `style_weight`; none: 1 for all."""

    def __post_init__(self) -> None:
        try:
            super().__post_init__()
        except ValueError as error:
            raise TrainingError(f"{error}; change it and start again") from error
        names = [style.name for style in self.styles]
        checks = {
            "at least one painting is needed": len(self.paintings) > 0,
            "each painting needs a style name": len(self.paintings) == len(names),
            "two styles have the same name": len(set(names)) == len(names),
            "style_weights must have one factor for each painting": (
                len(self.style_weights) in (0, len(self.paintings))
            ),
            "crop times loss_crop must be at least 64 px": round(self.crop * self.loss_crop) >= 64,
            "boost_blends must be pairs of two of the styles": all(
                len(set(pair) & set(names)) == len(pair) == 2 for pair in self.boost_blends
            ),
        }
        for complaint, fine in checks.items():
            if not fine:
                raise TrainingError(f"{complaint}; change it and start again")

    @property
    def painting_weights(self) -> tuple[float, ...]:
        """Weight of the style term for each painting: `style_weight` times its factor."""
        factors = self.style_weights or (1.0,) * len(self.paintings)
        return tuple(self.style_weight * factor for factor in factors)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainConfig:
        """The config that `to_dict` gave; raises TrainingError for other values."""
        try:
            styles = tuple(StyleInfo(**style) for style in values["styles"])
            return cls(**{**values, "styles": styles})
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"the settings are incomplete or wrong: {error}") from error

    def with_changes(self, **changes: Any) -> TrainConfig:
        """A copy with other settings. New `steps` end the rule of `minutes`."""
        if "steps" in changes:
            changes = {"minutes": None, **changes}
        return replace(self, **changes)
