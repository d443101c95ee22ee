"""Report on a style file: a page of figures and sheets of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.curves import complete_curves, kept_picture
from export.measure import (
    Report,
    blend_ratios,
    held_out_frames,
    measure,
    one_style,
    paint_with,
    published_judge,
    slow_tasks,
    smoothed,
    training_judge,
)
from export.page import UNITS, Comparison, page
from export.quality import Paint
from export.sheets import contact_sheet, time_slice, write_sheet
from realtime_style.diagnostics.bench import BenchEntry, EntryResult, run_bench
from realtime_style.engines.table import DEVICES, open_engine
from realtime_style.errors import DeviceUnavailable, TrainingError
from realtime_style.frames import Frame
from realtime_style.frames.ops import cover_crop
from realtime_style.media.images import read_image
from realtime_style.sources.files import VideoSource
from realtime_style.stylize.style_model import StyleModel
from realtime_style.system.atomic import atomic_write
from realtime_style.training.config import TrainConfig
from realtime_style.training.objective.vgg import LossNetwork, load_loss_network

_TILE = (224, 168)
"""Pictures on the sheets, (width, height) px."""
_SHOWN = 6
"""Photographs on the sheet of all styles."""
_SLOW_SHOWN = 2
"""Photographs on the sheet of the slow baseline."""
_BLENDS_SHOWN = 4
_FADE = 7
"""Pictures from one style to the next."""


@dataclass(frozen=True)
class Rival:
    """Somebody else's picture of a photograph in one of the styles."""

    style: str
    picture: Path
    photograph: Path


def write_report(
    file: Path,
    recipe: TrainConfig,
    output: Path,
    *,
    slow: Path | None,
    clip: Path | None,
    rivals: Sequence[Rival] = (),
    show_originals: bool = False,
    bench_seconds: float = 20.0,
    report: Report = lambda words: None,
) -> Path:
    """Measure a style file made from `recipe`; write page and pictures into the folder `output`.

    Returns the page. `slow` is the folder of the slow baseline's curves and pictures, None to leave
    them out; the warp error is measured on `clip`. The sheets show only paintings of the style
    file, unless `show_originals` adds the photographs and the rivals' pictures, which one may have
    no right to publish.
    """
    if clip is not None:
        VideoSource(clip).close()  # refuse a missing clip now, not in an hour
    vgg = load_loss_network(recipe.loss_network)
    for folder in (output, *filter(None, [slow])):
        folder.mkdir(parents=True, exist_ok=True)
    with StyleModel(file, device="cpu") as model:
        names = [style.name for style in model.metadata.styles]
        if names != [style.name for style in recipe.styles]:
            raise TrainingError(
                f"{file} holds {', '.join(names)}, which are not the styles of the recipe; "
                "give its own recipe"
            )
        if not recipe.held_out:
            raise TrainingError(
                "the recipe holds out no photographs to judge by; name some under held_out"
            )
        comparisons = _compare(model, vgg, recipe, rivals)
        curves = {}
        if slow is not None:
            tasks = slow_tasks(recipe)
            curves = complete_curves(
                vgg,
                tasks,
                slow,
                lambda done, name: report(f"slow baseline {done} of {len(tasks)}: {name}"),
            )
        judge = training_judge(vgg, recipe)
        figures = measure(model, judge, recipe, curves, clip, report)
        blends = blend_ratios(
            model, judge, recipe, [each.mean.objective for each in figures], report
        )
        report("drawing")
        sheets = _sheets(model, vgg, recipe, slow, rivals, show_originals=show_originals)
    for name, sheet in sheets.items():
        write_sheet(output / name, sheet)
    speeds = _speeds(file, bench_seconds, report)
    text = page(model.metadata, recipe, figures, blends, comparisons, speeds, list(sheets))
    with atomic_write(output / "README.md") as part:
        part.write_text(text, encoding="utf-8")
    return output / "README.md"


def _compare(
    model: StyleModel, vgg: LossNetwork, recipe: TrainConfig, rivals: Sequence[Rival]
) -> list[Comparison]:
    if not rivals:
        return []
    judges = (
        training_judge(vgg, recipe),
        published_judge(load_loss_network(recipe.loss_network, continue_edges=False), recipe),
    )
    names = [style.name for style in recipe.styles]
    found = []
    for rival in rivals:
        if rival.style not in names:
            raise TrainingError(
                f"there is no style {rival.style!r} in the recipe; it has {', '.join(names)}"
            )
        weights = one_style(len(names), names.index(rival.style))
        photograph, theirs = read_image(rival.photograph).bgr, read_image(rival.picture).bgr
        if theirs.shape != photograph.shape:
            raise TrainingError(
                f"{rival.picture} and {rival.photograph} differ in size; scale one to the other's"
            )
        ours = paint_with(model, weights)(photograph)
        found += [
            Comparison(
                rival.photograph.stem,
                rival.style,
                units,
                judge.score(ours, photograph, weights),
                judge.score(theirs, photograph, weights),
            )
            for units, judge in zip(UNITS, judges, strict=True)
        ]
    return found


def _speeds(file: Path, seconds: float, report: Report) -> list[EntryResult]:
    """The file on each device that works here, interleaved in one run."""
    usable = []
    for device in DEVICES[1:]:
        try:
            open_engine(file, device=device)[0].close()
        except DeviceUnavailable:
            continue
        usable.append(BenchEntry(str(file), device))
    return list(run_bench(usable, seconds=seconds, report=report).entries)


def _sheets(
    model: StyleModel,
    vgg: LossNetwork,
    recipe: TrainConfig,
    slow: Path | None,
    rivals: Sequence[Rival],
    *,
    show_originals: bool,
) -> dict[str, Frame]:
    """Sheets of the report, by file name."""
    names = [style.name for style in recipe.styles]
    paints = [paint_with(model, one_style(len(names), index)) for index in range(len(names))]
    photographs = held_out_frames(recipe)
    rows = [
        [
            cover_crop(picture, _TILE)
            for picture in ([photo] if show_originals else []) + [paint(photo) for paint in paints]
        ]
        for photo in photographs[:_SHOWN]
    ]
    slices = [
        [cover_crop(time_slice(paint, photographs[0], frames=_TILE[1]), _TILE) for paint in paints],
        [
            cover_crop(time_slice(smoothed(paint), photographs[0], frames=_TILE[1]), _TILE)
            for paint in paints
        ],
    ]
    sheets = {
        "painters.jpg": contact_sheet(rows, (["photograph"] if show_originals else []) + names),
        "flicker.jpg": contact_sheet(slices, names, ["plain", "smoothed"]),
    }
    if slow is not None:
        sheets["slow.jpg"] = _slow_sheet(paints, vgg, recipe, slow)
    if len(names) > 1:
        sheets["blends.jpg"] = _blend_sheet(model, names, photographs[0])
    if show_originals and rivals:
        sheets["rivals.jpg"] = _rival_sheet(dict(zip(names, paints, strict=True)), rivals)
    return sheets


def _slow_sheet(
    paints: Sequence[Paint], vgg: LossNetwork, recipe: TrainConfig, slow: Path
) -> Frame:
    """The network's painting of a photograph, and the slow baseline's below it."""
    tasks = slow_tasks(recipe)
    rows = []
    for shown, photo in enumerate(held_out_frames(recipe)[:_SLOW_SHOWN]):
        rows.append([cover_crop(paint(photo), _TILE) for paint in paints])
        rows.append(
            [
                cover_crop(kept_picture(vgg, task, slow), _TILE)
                for task in tasks[shown :: len(recipe.held_out)]
            ]
        )
    return contact_sheet(
        rows,
        [style.name for style in recipe.styles],
        ["network", "slow baseline"] * (len(rows) // 2),
    )


def _rival_sheet(paints: Mapping[str, Paint], rivals: Sequence[Rival]) -> Frame:
    """A row for each rival: photograph, ours and theirs."""
    rows = []
    for rival in rivals:
        photo = read_image(rival.photograph).bgr
        rows.append([photo, paints[rival.style](photo), read_image(rival.picture).bgr])
    size = (480, round(480 * rows[0][0].shape[0] / rows[0][0].shape[1]))
    tiles = [[cover_crop(picture, size) for picture in row] for row in rows]
    return contact_sheet(tiles, ["photograph", "ours", "theirs"], [rival.style for rival in rivals])


def _blend_sheet(model: StyleModel, names: Sequence[str], photo: Frame) -> Frame:
    """Fades between neighbouring styles, from the first on."""
    rows, labels = [], []
    count = len(names)
    for first in range(min(count, _BLENDS_SHOWN)):
        second = (first + 1) % count
        row = []
        for share in np.linspace(0, 1, _FADE):
            weights = np.zeros(count)
            weights[first], weights[second] = 1 - share, share
            row.append(cover_crop(paint_with(model, tuple(weights))(photo), _TILE))
        rows.append(row)
        labels.append(f"{names[first]} to {names[second]}")
    return contact_sheet(rows, [f"{share:.0%}" for share in np.linspace(0, 1, _FADE)], labels)
