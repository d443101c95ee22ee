"""A style file with a known result, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from realtime_style.styles.format import (
    FRAME,
    METADATA_KEY,
    OPSET,
    STYLE,
    STYLIZED,
    StyleInfo,
    StyleMetadata,
)


def write_tiny_style(
    path: Path,
    *,
    names: Sequence[str] = ("tiny",),
    behaviour: str = "invert",
    strength: bool = False,
) -> Path:
    """Write a real style file with an exactly known result; needs the package onnx.

    With `behaviour` ``invert`` the result is ``255 - frame``, with ``identity`` the frame. With
    several names the first style has the behaviour and all others the opposite, blended by their
    weights: half and half is 127.5 everywhere, rounded to even, 128. With `strength` weights may
    sum to less than 1; the rest is the frame.
    """
    from onnx import TensorProto, checker, helper, numpy_helper, save

    sign = {"invert": -1.0, "identity": 1.0}[behaviour]
    signs = np.array([sign] + [-sign] * (len(names) - 1), np.float32)
    start = np.float32(strength)  # s * a + (1 - s) * 1 = 1 + s * (a - 1)
    constants = {
        "signs": signs - start,
        "start": start,
        "middle": np.float32(127.5),
        "low": np.float32(0),
        "high": np.float32(255),
    }
    nodes = [
        helper.make_node("Mul", [STYLE, "signs"], ["signed"]),
        helper.make_node("ReduceSum", ["signed"], ["summed"], keepdims=0),
        helper.make_node("Add", ["summed", "start"], ["slope"]),
        helper.make_node("Cast", [FRAME], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["pixels", "middle"], ["centred"]),
        helper.make_node("Mul", ["centred", "slope"], ["sloped"]),
        helper.make_node("Add", ["sloped", "middle"], ["shifted"]),
        helper.make_node("Round", ["shifted"], ["rounded"]),
        helper.make_node("Clip", ["rounded", "low", "high"], ["clipped"]),
        helper.make_node("Cast", ["clipped"], [STYLIZED], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info(FRAME, TensorProto.UINT8, [1, "height", "width", 3]),
            helper.make_tensor_value_info(STYLE, TensorProto.FLOAT, [len(names)]),
        ],
        [helper.make_tensor_value_info(STYLIZED, TensorProto.UINT8, [1, "height", "width", 3])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    styles = tuple(
        StyleInfo(name, title=name.title(), artist="nobody", year="2026", licence="CC0")
        for name in names
    )
    helper.set_model_props(
        model, {METADATA_KEY: StyleMetadata(styles, network="tiny", strength=strength).to_json()}
    )
    checker.check_model(model, full_check=True)
    save(model, path)
    return path


class FakeClock:
    """Clock in seconds that moves only by `sleep` or by assigning `now`."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now += seconds
