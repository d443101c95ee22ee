"""From a trained network to a style file that is proved to paint the same."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from realtime_style.errors import BadStyleFile, TrainingError
from realtime_style.frames import Frame
from realtime_style.styles.format import (
    FRAME,
    METADATA_KEY,
    OPSET,
    STYLE,
    STYLIZED,
    StyleInfo,
    StyleMetadata,
)
from realtime_style.stylize.style_model import StyleModel
from realtime_style.system.atomic import atomic_write
from realtime_style.training.checkpoint import Checkpoint
from realtime_style.training.data.photographs import to_frame, to_image
from realtime_style.training.export.deploy_model import DeployModel
from realtime_style.training.export.swatch import make_swatch
from realtime_style.training.networks.transform_net import TransformNet

PARITY_SIZES_WH = ((320, 240), (641, 479), (250, 130))
"""Frame sizes of the parity check: divisible by the stride, not divisible, small."""
PARITY_LIMIT = 1
"""Largest difference allowed between torch and ONNX Runtime, in grey levels: that of rounding."""


def export_network(
    net: TransformNet,
    styles: Sequence[StyleInfo],
    path: Path,
    *,
    training: Mapping[str, Any] | None = None,
) -> StyleMetadata:
    """Write a style file and prove it: at most 1 grey level from the network.

    At three frame sizes and for every style. Returns the metadata written. Raises BadStyleFile when
    the file breaks the contract or the parity; then nothing is left under `path`, and an older file
    there stays.
    """
    if len(styles) != net.styles:
        raise TrainingError(f"{len(styles)} style names for a network of {net.styles} styles")
    metadata = StyleMetadata(
        tuple(styles),
        network=net.architecture,
        stride=net.stride,
        strength=net.photograph,
        training=dict(training or {}),
    )
    proto = _to_proto(net)
    with atomic_write(path) as part:
        _save(proto, metadata, part)
        with StyleModel(part, device="cpu") as model:
            swatches = [
                replace(style, swatch=make_swatch(model, index))
                for index, style in enumerate(styles)
            ]
        metadata = replace(
            metadata, styles=tuple(swatches), parity_grey_levels=check_parity(net, part)
        )
        _save(proto, metadata, part)
    return metadata


def export_checkpoint(checkpoint: Checkpoint, path: Path) -> StyleMetadata:
    """Write the style file of a checkpoint, with the figures of its training."""
    config = checkpoint.config
    training = {
        "steps": checkpoint.step,
        "minutes": round(checkpoint.elapsed_s / 60, 1),
        "losses": {name: float(f"{value:.4g}") for name, value in checkpoint.losses.items()},
        "loss_network": Path(config.loss_network).name,
        "style_size": config.style_size,
        "style_blur": config.style_blur,
        "seed": config.seed,
    }
    return export_network(checkpoint.network(), config.styles, path, training=training)


def check_parity(net: TransformNet, path: Path) -> int:
    """Largest difference in grey levels between the network in torch and the file in ONNX Runtime.

    On the CPU, for every style, and for one at half its strength where the file supports that.
    Raises BadStyleFile beyond PARITY_LIMIT.
    """
    net = copy.deepcopy(net).float().cpu().eval()
    worst = 0
    with StyleModel(path, device="cpu") as model:
        for seed, (width, height) in enumerate(PARITY_SIZES_WH):
            frame = parity_frame(width, height, seed)
            mixes = [
                [float(style == other) for other in range(net.styles)]
                for style in range(net.styles)
            ]
            mixes += [[0.5 * share for share in mixes[0]]] if net.photograph else []
            for weights in mixes:
                wanted = paint_in_torch(net, frame, weights).astype(int)
                seen = model.run(frame, np.array(weights, np.float32)).astype(int)
                worst = max(worst, int(abs(wanted - seen).max()))
    if worst > PARITY_LIMIT:
        raise BadStyleFile(
            f"the style file paints up to {worst} grey levels away from the trained network, "
            f"{PARITY_LIMIT} is allowed; this is a fault of the export, please report it with the "
            "versions that realtime-style doctor prints"
        )
    return worst


def paint_in_torch(net: TransformNet, frame: Frame, weights: Sequence[float]) -> Frame:
    """The frame painted by the network itself, without the export's folding: the reference."""
    with torch.no_grad():
        return to_frame(net(to_image(frame).unsqueeze(0), net.style_weights(weights))[0])


def parity_frame(width: int, height: int, seed: int) -> Frame:
    """A frame with slopes, hard edges and noise, always the same for a seed."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    slopes = np.stack([columns * 255 / width, rows * 255 / height, (rows + columns) % 256], axis=-1)
    blocks = ((rows // 16 + columns // 16) % 2 * 60)[..., np.newaxis]
    noise = rng.normal(0, 8, (height, width, 3))
    frame: Frame = np.clip(slopes * 0.75 + blocks + noise, 0, 255).astype(np.uint8)
    return frame


def _to_proto(net: TransformNet) -> Any:
    """The network as an onnx.ModelProto with dynamic height and width."""
    from onnx_ir.passes.common import DeduplicateInitializersPass

    program = _export(net)
    program.optimize()
    # All noise injections of a network hold the same noise.
    DeduplicateInitializersPass(size_limit=2**20)(program.model)
    proto = program.model_proto
    opsets = {entry.domain: entry.version for entry in proto.opset_import}
    # The exporter may deliver another opset than requested, without an error.
    if opsets.get("") != OPSET:
        raise TrainingError(
            f"the exporter wrote opset {opsets.get('')}, not {OPSET}; install another torch or "
            "onnxscript"
        )
    _remove_paths(proto)
    return proto


def _export(net: TransformNet) -> Any:
    """torch's ONNXProgram of the network."""
    dynamic = torch.export.Dim.DYNAMIC
    example = (
        torch.zeros(1, 64, 96, 3, dtype=torch.uint8),
        torch.full((net.styles,), 1 / net.styles),
    )
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own deprecations
            program = torch.onnx.export(
                DeployModel(net).eval(),
                example,
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes=({1: dynamic, 2: dynamic}, {}),
                input_names=[FRAME, STYLE],
                output_names=[STYLIZED],
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    if program is None:
        raise TrainingError(
            "torch.onnx.export returned no model; check that torch and onnxscript fit together"
        )
    return program


def _remove_paths(proto: Any) -> None:
    """Delete metadata that holds source lines and paths of the exporting machine."""
    graph = proto.graph
    for node in graph.node:
        node.doc_string = ""
    values = (graph.input, graph.output, graph.value_info, graph.initializer)
    for part in [*graph.node, *(value for group in values for value in group), graph, proto]:
        del part.metadata_props[:]


def _save(proto: Any, metadata: StyleMetadata, path: Path) -> None:
    import onnx

    onnx.helper.set_model_props(proto, {METADATA_KEY: metadata.to_json()})
    onnx.checker.check_model(proto, full_check=True)
    onnx.save(proto, path)
