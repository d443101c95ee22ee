"""The page of a report, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from export.baseline import ITERATIONS, LONG_SIDE
from export.measure import PLAIN, PUBLISHED_STYLE_SIZE, Likeness, StyleFigures
from export.quality import STILL_SIGMA
from realtime_style.diagnostics.bench import EntryResult
from realtime_style.styles.format import StyleMetadata
from realtime_style.stylize.temporal import DEFAULT_STEADINESS
from realtime_style.system.machine import describe_machine
from realtime_style.training.config import TrainConfig
from realtime_style.training.networks.transform_net import TransformNet, multiply_accumulates

PICTURES = {
    "painters.jpg": "Photographs that the network never learned on, in every style.",
    "slow.jpg": f"The network beside {ITERATIONS} iterations of the slow method, for the same photograph and painting.",
    "blends.jpg": "From one style to the next, as a cross-fade does it.",
    "flicker.jpg": f"One line of pixels of a still scene with sensor noise of sigma {STILL_SIGMA:g}, over time from top to "
    f"bottom: what stands still is a vertical line. Above alone, below with steadiness {DEFAULT_STEADINESS:g}.",
    "rivals.jpg": "The photograph, ours, theirs.",
}

UNITS = "ours", "published"
"""Names of the two units that rivals are compared in."""


@dataclass(frozen=True)
class Rivalry:
    """Our figures and somebody else's for the same photograph and painting."""

    photograph: str
    style: str
    units: str
    """One of UNITS."""
    ours: Likeness
    theirs: Likeness


def page(
    metadata: StyleMetadata,
    recipe: TrainConfig,
    figures: Sequence[StyleFigures],
    blends: Mapping[tuple[str, str], float],
    rivalries: Sequence[Rivalry],
    speeds: Sequence[EntryResult],
    pictures: Sequence[str],
) -> str:
    """The whole text."""
    gmac = multiply_accumulates(TransformNet(metadata.network, styles=len(metadata.styles))) / 1e9
    parts = [
        "# Gallery\n",
        "Made by `python -m export report`, all of it: pictures and figures are those of the shipped style file.\n",
        *(
            f"![{PICTURES[name]}]({name})\n\n{PICTURES[name]}\n"
            for name in pictures
            if name != "rivals.jpg"
        ),
        "## Figures\n",
        _style_table(figures),
        _legend(recipe, figures),
        _slow_table(recipe, figures),
        _blend_words(blends),
        _rival_table(rivalries),
        f"## Speed\n\n`{metadata.network}`: {gmac:.2f} GMAC for a frame of 640x480.\n",
        _speed_table(speeds),
        *(
            f"![{PICTURES[name]}]({name})\n\n{PICTURES[name]}\n"
            for name in pictures
            if name == "rivals.jpg"
        ),
    ]
    return "\n".join(part for part in parts if part)


def _style_table(figures: Sequence[StyleFigures]) -> str:
    slow = any(each.slow for each in figures)
    head = [
        "style",
        "content",
        "style term",
        "objective",
        *(["slow method", "times"] if slow else []),
    ]
    head += ["flicker", "helped", "warp error", "helped", "grid", "border"]
    rows = [
        [
            each.info.name,
            _k(each.mean.content),
            _k(each.mean.style),
            _k(each.mean.objective),
            *([_k(float(np.mean(each.slow))), f"{each.over_slow:.2f}"] if slow else []),
            f"{each.flicker.alone:.2f}",
            f"{each.flicker.helped:.2f}",
            f"{each.warp.alone:.3f}" if each.warp else "",
            f"{each.warp.helped:.3f}" if each.warp else "",
            f"{each.grid.over_neighbours:.1f} ({each.grid.grey_levels:.3f})",
            f"{each.border:.1f} ({each.border_by_chance:.1f})",
        ]
        for each in figures
    ]
    means = ["mean", *[""] * (5 if slow else 3)]
    means += [
        f"{np.mean([each.flicker.alone for each in figures]):.2f}",
        f"{np.mean([each.flicker.helped for each in figures]):.2f}",
    ]
    warps = [each.warp for each in figures if each.warp]
    means += (
        [
            f"{np.mean([warp.alone for warp in warps]):.3f}",
            f"{np.mean([warp.helped for warp in warps]):.3f}",
        ]
        if warps
        else ["", ""]
    )
    return _table(head, [*rows, [*means, "", ""]])


def _legend(recipe: TrainConfig, figures: Sequence[StyleFigures]) -> str:
    return (
        f"Content, style term and objective ({_objective(recipe)}) in thousands, as the networks learn by "
        "them ([research notes](../research.md#objective)): "
        f"means of {len(figures[0].likeness)} photographs that were not learned on, {LONG_SIDE} px on the long side, paintings "
        f"{recipe.style_size} px on the short side, softened by {recipe.soften:g} px. "
        + (
            f"Slow method: {ITERATIONS} iterations of L-BFGS on the pixels, from the photograph. "
            if figures[0].slow
            else ""
        )
        + "Flicker: mean change of luma between two paintings of "
        f"a still scene with sensor noise of sigma {STILL_SIGMA:g}, in grey levels (1.5 for the photograph itself). "
        "Warp error: 0 to 1, along the scene's own optical flow. "
        f"Helped: with the player's steadiness at {DEFAULT_STEADINESS:g}. Grid: on plain grey "
        f"({', '.join(map(str, PLAIN))}), the spectral peak at period 2, 4 or 8 that stands out most, over its neighbours, and "
        "its amplitude in grey levels. Border: how far the edge of the same pictures differs from the centre, in grey levels; "
        "and how far it does, in one of twenty, in pieces cut from the middle of a larger one.\n"
    )


def _objective(recipe: TrainConfig) -> str:
    """The formula, with the styles that are weighed in their own way."""
    names = [style.name for style in recipe.styles]
    others = [
        f"{weight:g} x for {name}"
        for name, weight in zip(names, recipe.painting_weights, strict=True)
        if weight != recipe.style_weight
    ]
    return "; ".join([f"content + {recipe.style_weight:g} x style", *others])


def _slow_table(recipe: TrainConfig, figures: Sequence[StyleFigures]) -> str:
    if not any(each.equivalent for each in figures):
        return ""
    photographs = [name.rsplit(".", 1)[0].removeprefix("bsds_") for name in recipe.held_out]
    rows = [
        [
            each.info.name,
            *(f"> {ITERATIONS}" if done is None else str(done) for done in each.equivalent),
        ]
        for each in figures
    ]
    words = "To how many iterations of the slow method the network's one pass is equal, for each photograph:\n"
    return f"### Against the slow method\n\n{words}\n{_table(['style', *photographs], rows)}"


def _blend_words(blends: Mapping[tuple[str, str], float]) -> str:
    if not blends:
        return ""
    worst = max(blends, key=lambda pair: blends[pair])
    mean = float(np.mean(list(blends.values())))
    return (
        "### Blends\n\nObjective of an even blend of two styles, its target the blend of the paintings' Gram matrices, over "
        f"the mean of the two ends: {mean:.2f} on average of {len(blends)} pairs, at most {blends[worst]:.2f} "
        f"({worst[0]} and {worst[1]}).\n"
    )


def _rival_table(rivalries: Sequence[Rivalry]) -> str:
    if not rivalries:
        return ""
    rows = [
        [
            each.photograph,
            each.style,
            each.units,
            *(
                _k(value)
                for side in (each.ours, each.theirs)
                for value in (side.content, side.style, side.objective)
            ),
        ]
        for each in rivalries
    ]
    head = [
        "photograph",
        "style",
        "units",
        "content",
        "style term",
        "objective",
        "theirs: content",
        "style term",
        "objective",
    ]
    words = (
        "Pictures that others made of the same photograph, in our units as above, and in published ones: content + 5 x style, "
        f"Gram matrices not scaled to their size, paintings at {PUBLISHED_STYLE_SIZE} px and not softened, zeros around each "
        "picture.\n"
    )
    return f"### Against others\n\n{words}\n{_table(head, rows)}"


def _speed_table(speeds: Sequence[EntryResult]) -> str:
    machine = describe_machine()
    rows = [[entry.provider, f"{entry.p50_ms:.1f}", f"{entry.p95_ms:.1f}"] for entry in speeds]
    words = f"640x480, all in turn in one run, on {machine.cores} cores of {machine.cpu}:\n"
    return f"{words}\n{_table(['runs on', 'p50, ms', 'p95, ms'], rows)}"


def _k(value: float) -> str:
    return f"{value / 1000:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
