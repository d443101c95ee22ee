"""ONNX files read and changed as protobuf messages, without an engine and without the package onnx (31 MB)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from realtime_style.errors import BadStyleFile
from realtime_style.styles.format import METADATA_KEY, Signature, StyleMetadata, check_signature

# The part of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that is needed here. Protobuf keeps the fields that it is
# not told of as they are.
_ONNX_PROTO = """
name: "style_file.proto"
package: "realtime_style"
syntax: "proto2"
message_type {
  name: "Model"
  field { name: "graph" number: 7 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: "Graph" }
  field { name: "metadata_props" number: 14 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Entry" }
}
message_type {
  name: "Entry"
  field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
  field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING }
}
message_type {
  name: "Graph"
  field { name: "initializer" number: 5 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Tensor" }
  field { name: "input" number: 11 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Value" }
  field { name: "output" number: 12 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Value" }
}
message_type {
  name: "Tensor"
  field { name: "dims" number: 1 label: LABEL_REPEATED type: TYPE_INT64 }
  field { name: "data_type" number: 2 label: LABEL_OPTIONAL type: TYPE_INT32 }
  field { name: "name" number: 8 label: LABEL_OPTIONAL type: TYPE_STRING }
  field { name: "raw_data" number: 9 label: LABEL_OPTIONAL type: TYPE_BYTES }
}
message_type {
  name: "Value"
  field { name: "name" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
  field { name: "type" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: "Type" }
}
message_type {
  name: "Type"
  field { name: "tensor" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: "TensorType" }
}
message_type {
  name: "TensorType"
  field { name: "element" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
  field { name: "shape" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: "Shape" }
}
message_type {
  name: "Shape"
  field { name: "dim" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Dim" }
}
message_type {
  name: "Dim"
  field { name: "size" number: 1 label: LABEL_OPTIONAL type: TYPE_INT64 }
  field { name: "name" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING }
}
"""
FLOAT = 1
"""Number of 32-bit floats in TensorProto.DataType."""
_ELEMENTS = {FLOAT: "tensor(float)", 2: "tensor(uint8)"}


def parse_model(content: bytes) -> Any:
    """The ONNX model in `content` as a message: graph.input, .output, .initializer, metadata_props; all else is kept.

    Raises ValueError if `content` is no protobuf message of this kind.
    """
    from google.protobuf.message import DecodeError

    try:
        return _model_class().FromString(content)
    except DecodeError as error:
        raise ValueError(f"not an ONNX model: {error}") from error


def read_style_metadata(path: Path) -> StyleMetadata:
    """Metadata of the style file at `path`, after checking its tensors against the contract. Raises BadStyleFile, OSError."""
    try:
        model = parse_model(path.read_bytes())
    except ValueError as error:
        raise BadStyleFile(
            f"{path} is not a style file: not a readable ONNX model; train or download it again"
        ) from error
    if not model.graph.output:  # a few bytes of anything are a message without fields
        raise BadStyleFile(
            f"{path} is not a style file: not a readable ONNX model; train or download it again"
        )
    text = next((entry.value for entry in model.metadata_props if entry.key == METADATA_KEY), None)
    if text is None:
        raise BadStyleFile(
            f"{path} is an ONNX model, but not a style file of realtime_style; give one that realtime-style train has written"
        )
    try:
        metadata = StyleMetadata.from_json(text)
        given = {tensor.name for tensor in model.graph.initializer}
        inputs = [value for value in model.graph.input if value.name not in given]
        check_signature(_signature(inputs), _signature(model.graph.output), len(metadata.styles))
    except BadStyleFile as error:
        raise BadStyleFile(
            f"{path} is not a usable style file: {error}; train it again or take another copy"
        ) from error
    return metadata


def _signature(values: Any) -> Signature:
    return {
        value.name: (
            _ELEMENTS.get(value.type.tensor.element, f"tensor of type {value.type.tensor.element}"),
            [dim.size if dim.HasField("size") else dim.name for dim in value.type.tensor.shape.dim],
        )
        for value in values
    }


@cache
def _model_class() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(
        text_format.Parse(_ONNX_PROTO, descriptor_pb2.FileDescriptorProto()).SerializeToString()
    )
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("realtime_style.Model"))
