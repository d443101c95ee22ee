"""A style file whose style weights are a constant instead of an input, so that an engine can fold what depends on them."""

from __future__ import annotations

from realtime_style.engines.base import Weights
from realtime_style.styles.format import STYLE
from realtime_style.styles.onnx_file import FLOAT, parse_model


def with_constant_style(content: bytes, weights: Weights) -> bytes:
    """The style file `content` (an ONNX model) with the constant `weights`, (N,) float32, as its style.

    Only the frame is left as an input. ONNX Runtime must find no input of that name: an input with a default value could still
    be given another, and nothing that depends on it would be folded.
    """
    model = parse_model(content)
    kept = [value for value in model.graph.input if value.name != STYLE]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    model.graph.initializer.add(
        name=STYLE, dims=weights.shape, data_type=FLOAT, raw_data=weights.astype("<f4").tobytes()
    )
    fixed: bytes = model.SerializeToString()
    return fixed
