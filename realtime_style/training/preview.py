"""Preview sheets of the same photographs, so that the folder shows the training like a film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from realtime_style.errors import ImageUnreadable, TrainingError
from realtime_style.frames.ops import cover_crop
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.training.data.photographs import to_frame, to_image
from realtime_style.training.networks.transform_net import TransformNet

_COUNT = 4
_TILE_WH = (320, 240)
_FEW = 20


def split_photographs(
    paths: Sequence[Path], *, held_out: Sequence[str] = (), seed: int
) -> tuple[list[Path], list[Path]]:
    """Photographs for previews, and photographs to train on.

    File names in `held_out` are not trained on, and the first four are for previews; TrainingError
    if one does not exist. Without any, the seed draws four, which are trained on as well where
    there are fewer than 20 photographs.
    """
    if held_out:
        shown = held_out_photographs(paths, held_out)[:_COUNT]
        learned = [path for path in paths if path.name not in held_out]
        if not learned:
            raise TrainingError("all photographs are held out; add some to train on")
        return shown, learned
    order = np.random.default_rng([seed, 2]).permutation(len(paths))
    chosen = {paths[index] for index in order[:_COUNT]}
    shown = [path for path in paths if path in chosen]
    if len(paths) < _FEW:
        return shown, list(paths)
    return shown, [path for path in paths if path not in chosen]


def held_out_photographs(paths: Sequence[Path], held_out: Sequence[str]) -> list[Path]:
    """Photographs with these file names, in their order; TrainingError if one does not exist."""
    by_name = {path.name: path for path in paths}
    missing = sorted(set(held_out) - set(by_name))
    if missing:
        raise TrainingError(
            f"held-out photograph {missing[0]} is not in the folder of photographs; "
            "correct held_out"
        )
    return [by_name[name] for name in held_out]


def write_preview(
    path: Path, net: TransformNet, photographs: Sequence[Path], styles: Sequence[StyleInfo]
) -> None:
    """Write a sheet: one row per photograph, the original and then each style.

    Photographs that cannot be read are left out.
    """
    rows = []
    net.eval()  # fixed noise, so that sheets can be compared
    for photograph in photographs:
        try:
            frame = cover_crop(read_image(photograph).bgr, _TILE_WH)
        except ImageUnreadable:
            continue
        painted = [_paint(net, frame, index, len(styles)) for index in range(len(styles))]
        rows.append(np.hstack([frame, *painted]))
    net.train()
    if rows:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, Picture(np.vstack(rows)))


def _paint(
    net: TransformNet, frame: npt.NDArray[np.uint8], index: int, styles: int
) -> npt.NDArray[np.uint8]:
    weights = [float(index == other) for other in range(styles)]
    device = next(net.parameters()).device
    with torch.no_grad():
        return to_frame(net(to_image(frame).unsqueeze(0).to(device), net.style_weights(weights))[0])
