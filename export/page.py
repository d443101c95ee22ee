"""The page of a report, in Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from export.curves import ITERATIONS, LONG_SIDE
from export.measure import PLAIN, PUBLISHED_STYLE_SIZE, Score, StyleFigures
from export.quality import STILL_SIGMA
from realtime_style.diagnostics.bench import EntryResult
from realtime_style.styles.format import StyleMetadata
from realtime_style.stylize.temporal import DEFAULT_STEADINESS
from realtime_style.system.machine import describe_machine
from realtime_style.training.config import TrainConfig
from realtime_style.training.networks.transform_net import TransformNet, multiply_accumulates

PICTURES = {
    "painters.jpg": "Photographs that the network was not trained on, in every style.",
    "slow.jpg": f"The network beside {ITERATIONS} iterations of the slow baseline, for the same "
    "photograph and painting.",
    "blends.jpg": "Cross-fades from one style to the next.",
    "flicker.jpg": "One line of pixels of a still scene with sensor noise of sigma "
    f"{STILL_SIGMA:g}, over time from top to bottom: steady pixels are vertical lines. Above "
    f"without smoothing, below with steadiness {DEFAULT_STEADINESS:g}.",
    "rivals.jpg": "The photograph, ours, theirs.",
}

UNITS = "ours", "published"
"""Names of the two units in which rivals are compared."""


@dataclass(frozen=True)
class Comparison:
    """Our scores and somebody else's for the same photograph and painting."""

    photograph: str
    style: str
    units: str
    """One of UNITS."""
    ours: Score
    theirs: Score


def page(
    metadata: StyleMetadata,
    recipe: TrainConfig,
    figures: Sequence[StyleFigures],
    blends: Mapping[tuple[str, str], float],
    comparisons: Sequence[Comparison],
    speeds: Sequence[EntryResult],
    pictures: Sequence[str],
) -> str:
    """The whole text of the page."""
    gmac = multiply_accumulates(TransformNet(metadata.network, styles=len(metadata.styles))) / 1e9
    parts = [
        "# Gallery\n",
        "Made by `python -m export report`: pictures and figures of the bundled style file.\n",
        *(_picture(name) for name in pictures if name != "rivals.jpg"),
        "## Figures\n",
        _style_table(figures),
        _legend(recipe, figures),
        _slow_table(recipe, figures),
        _blend_text(blends),
        _rival_table(comparisons),
        f"## Speed\n\n`{metadata.network}`: {gmac:.2f} GMAC for a frame of 640x480.\n",
        _speed_table(speeds),
        *(_picture(name) for name in pictures if name == "rivals.jpg"),
    ]
    lines = "\n".join(part for part in parts if part).split("\n")
    return "\n".join(line if line.startswith("|") else _wrapped(line) for line in lines)


def _picture(name: str) -> str:
    return f"![{name.partition('.')[0]}]({name})\n\n{PICTURES[name]}\n"


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 100, break_long_words=False, break_on_hyphens=False)


def _style_table(figures: Sequence[StyleFigures]) -> str:
    slow = any(each.slow for each in figures)
    head = [
        "style",
        "content",
        "style term",
        "objective",
        *(["slow baseline", "ratio"] if slow else []),
    ]
    head += ["flicker", "smoothed", "warp error", "smoothed", "grid", "border"]
    rows = [
        [
            each.info.name,
            _k(each.mean.content),
            _k(each.mean.style),
            _k(each.mean.objective),
            *([_k(float(np.mean(each.slow))), f"{each.over_slow:.2f}"] if slow else []),
            f"{each.flicker.alone:.2f}",
            f"{each.flicker.smoothed:.2f}",
            f"{each.warp.alone:.3f}" if each.warp else "",
            f"{each.warp.smoothed:.3f}" if each.warp else "",
            f"{each.grid.over_neighbours:.1f} ({each.grid.grey_levels:.3f})",
            f"{each.border:.1f} ({each.border_by_chance:.1f})",
        ]
        for each in figures
    ]
    means = ["mean", *[""] * (5 if slow else 3)]
    means += [
        f"{np.mean([each.flicker.alone for each in figures]):.2f}",
        f"{np.mean([each.flicker.smoothed for each in figures]):.2f}",
    ]
    warps = [each.warp for each in figures if each.warp]
    means += (
        [
            f"{np.mean([warp.alone for warp in warps]):.3f}",
            f"{np.mean([warp.smoothed for warp in warps]):.3f}",
        ]
        if warps
        else ["", ""]
    )
    return _table(head, [*rows, [*means, "", ""]])


def _legend(recipe: TrainConfig, figures: Sequence[StyleFigures]) -> str:
    slow = (
        f"Slow baseline: {ITERATIONS} iterations of L-BFGS on the pixels, from the photograph. "
        if figures[0].slow
        else ""
    )
    return (
        f"Content, style term and objective ({_objective(recipe)}) in thousands, in the units of "
        f"[training](../training.md): means of {len(figures[0].scores)} photographs that were not "
        f"trained on, {LONG_SIDE} px on the long side, paintings {recipe.style_size} px on the "
        f"short side, blurred by {recipe.style_blur:g} px. {slow}Flicker: mean change of luma "
        "between two paintings of a still scene with sensor noise of sigma "
        f"{STILL_SIGMA:g}, in grey levels (1.5 for the photograph itself). Warp error: 0 to 1, "
        "along the scene's own optical flow. Smoothed: with steadiness "
        f"{DEFAULT_STEADINESS:g}. Grid: on plain grey ({', '.join(map(str, PLAIN))}), the most "
        "prominent spectral peak at period 2, 4 or 8, over its neighbours, and its amplitude in "
        "grey levels. Border: difference between the border of the same pictures and their "
        "centre, in grey levels; in brackets the same for pieces from the middle of a larger "
        "picture, exceeded by one in twenty.\n"
    )


def _objective(recipe: TrainConfig) -> str:
    """The formula, with the styles that have a weight of their own."""
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
    text = (
        "Number of iterations of the slow baseline that reach the objective of the network's one "
        "pass, for each photograph:\n"
    )
    return f"### Against the slow baseline\n\n{text}\n{_table(['style', *photographs], rows)}"


def _blend_text(blends: Mapping[tuple[str, str], float]) -> str:
    if not blends:
        return ""
    worst = max(blends, key=lambda pair: blends[pair])
    mean = float(np.mean(list(blends.values())))
    return (
        "### Blends\n\nObjective of an even blend of two styles (its target is the blend of the "
        f"paintings' Gram matrices) over the mean of the two ends: {mean:.2f} on average of "
        f"{len(blends)} pairs, at most {blends[worst]:.2f} ({worst[0]} and {worst[1]}).\n"
    )


def _rival_table(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
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
        for each in comparisons
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
    text = (
        "Pictures by others of the same photograph, in our units as above, and in published ones: "
        "content + 5 x style, Gram matrices not scaled to their size, paintings at "
        f"{PUBLISHED_STYLE_SIZE} px and not blurred, zero padding.\n"
    )
    return f"### Against others\n\n{text}\n{_table(head, rows)}"


def _speed_table(speeds: Sequence[EntryResult]) -> str:
    machine = describe_machine()
    rows = [[entry.provider, f"{entry.p50_ms:.1f}", f"{entry.p95_ms:.1f}"] for entry in speeds]
    text = f"640x480, interleaved in one run, on {machine.cores} cores of {machine.cpu}:\n"
    return f"{text}\n{_table(['runs on', 'p50, ms', 'p95, ms'], rows)}"


def _k(value: float) -> str:
    return f"{value / 1000:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
