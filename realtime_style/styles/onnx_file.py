"""Style files read and changed as ONNX models, without an engine and without the package onnx."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from realtime_style.errors import BadStyleFile
from realtime_style.styles.format import (
    METADATA_KEY,
    STYLE,
    Signature,
    StyleMetadata,
    check_signature,
)
from realtime_style.styles.wire_format import (
    Field,
    bytes_field,
    bytes_header,
    content,
    descend,
    fields_by_number,
    varint_field,
)

if TYPE_CHECKING:  # listing styles does not need it
    import numpy as np
    import numpy.typing as npt

# Field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, by message.
_GRAPH, _METADATA = 7, 14  # ModelProto
_KEY, _VALUE = 1, 2  # StringStringEntryProto
_INITIALIZER, _INPUT, _OUTPUT = 5, 11, 12  # GraphProto
_DIMS, _DATA_TYPE, _TENSOR_NAME, _RAW_DATA = 1, 2, 8, 9  # TensorProto
_NAME = 1  # ValueInfoProto
_TENSOR = 2, 1  # its type, TypeProto, and in that the TypeProto.Tensor
_ELEMENT = (*_TENSOR, 1)
_DIMENSIONS = (*_TENSOR, 2, 1)  # of its TensorShapeProto
_SIZE, _SIZE_NAME = 1, 2  # TensorShapeProto.Dimension

_FLOAT, _UINT8 = 1, 2  # TensorProto.DataType
_ELEMENTS = {_FLOAT: "tensor(float)", _UINT8: "tensor(uint8)"}


def read_style_metadata(path: Path) -> StyleMetadata:
    """Metadata of the style file at `path`, after checking its tensors against the contract.

    Skips the weights. Raises BadStyleFile, OSError.
    """
    try:
        with path.open("rb") as file:
            text, inputs, outputs = _parse(file, file.seek(0, io.SEEK_END))
    except ValueError as error:  # UnicodeDecodeError included
        raise BadStyleFile(
            f"{path} is not a style file: not a readable ONNX model; train or download it again"
        ) from error
    if text is None:
        raise BadStyleFile(
            f"{path} is an ONNX model, but not a style file of realtime_style; give one that "
            "realtime-style train has written"
        )
    try:
        metadata = StyleMetadata.from_json(text)
        check_signature(inputs, outputs, len(metadata.styles))
    except BadStyleFile as error:
        raise BadStyleFile(
            f"{path} is not a usable style file: {error}; train it again or take another copy"
        ) from error
    return metadata


def with_constant_style(model: bytes, weights: npt.NDArray[np.float32]) -> bytes:
    """The style file `model` with its style input replaced by a constant, `weights` (N,) float32.

    An engine can then fold all that depends on the style. The input itself is removed, as ONNX
    Runtime folds nothing that depends on an input, even one with a default value.
    """
    file, whole = io.BytesIO(model), memoryview(model)
    (graph,) = descend(file, Field(0, 0, len(model)), _GRAPH)
    inputs = descend(file, graph, _INPUT)
    style = next(value for value in inputs if _text(file, value, _NAME) == STYLE)
    tensor = (
        varint_field(_DIMS, weights.size)
        + varint_field(_DATA_TYPE, _FLOAT)
        + bytes_field(_TENSOR_NAME, STYLE.encode())
        + bytes_field(_RAW_DATA, weights.astype("<f4").tobytes())
    )
    changed: list[bytes | memoryview] = [
        whole[graph.start : style.begin],
        whole[style.end : graph.end],
        bytes_field(_INITIALIZER, tensor),
    ]
    header = bytes_header(_GRAPH, sum(len(part) for part in changed))
    return b"".join([whole[: graph.begin], header, *changed, whole[graph.end :]])


def _parse(file: BinaryIO, size: int) -> tuple[str | None, Signature, Signature]:
    """The metadata entry, inputs and outputs. Raises ValueError for anything but one model."""
    model = fields_by_number(file, Field(0, 0, size))
    (whole_graph,) = model[_GRAPH]
    graph = fields_by_number(file, whole_graph)
    constants = {_text(file, tensor, _TENSOR_NAME) for tensor in graph[_INITIALIZER]}
    inputs = _signature(file, graph[_INPUT])
    outputs = _signature(file, graph[_OUTPUT])
    if not outputs:  # a few bytes of anything are a message without fields
        raise ValueError("a graph without an output")
    entries = {_text(file, each, _KEY): _text(file, each, _VALUE) for each in model[_METADATA]}
    given = {name: tensor for name, tensor in inputs.items() if name not in constants}
    return entries.get(METADATA_KEY), given, outputs


def _signature(file: BinaryIO, values: list[Field]) -> Signature:
    return {_text(file, value, _NAME): _tensor(file, value) for value in values}


def _tensor(file: BinaryIO, value: Field) -> tuple[str, list[Any]]:
    """Type text and shape of an input or output, as in Signature."""
    element = sum(field.value for field in descend(file, value, *_ELEMENT))
    shape = [_side(file, each) for each in descend(file, value, *_DIMENSIONS)]
    return _ELEMENTS.get(element, f"tensor of type {element}"), shape


def _side(file: BinaryIO, dimension: Field) -> int | str:
    sizes = descend(file, dimension, _SIZE)
    return sizes[0].value if sizes else _text(file, dimension, _SIZE_NAME)


def _text(file: BinaryIO, message: Field, number: int) -> str:
    """The text field of this number; empty where the message has none."""
    return b"".join(content(file, field) for field in descend(file, message, number)).decode()
