"""A style file whose style is no input any more but a constant, so that an engine can work out beforehand what hangs on it."""

from __future__ import annotations

from functools import cache
from typing import Any

from realtime_style.engine import Weights
from realtime_style.style_format import STYLE

# The part of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto that is changed here. All other fields go through as
# they are, which protobuf promises for fields that it does not know.
_ONNX_PROTO = """
name: "fixed_style.proto"
package: "realtime_style"
syntax: "proto2"
message_type {
  name: "Model"
  field { name: "graph" number: 7 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: "Graph" }
}
message_type {
  name: "Graph"
  field { name: "initializer" number: 5 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Tensor" }
  field { name: "input" number: 11 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: "Value" }
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
}
"""
_FLOAT = 1  # of TensorProto.DataType


def fix_style(model: bytes, weights: Weights) -> bytes:
    """The style file `model`, an ONNX model as bytes, with the constant `weights` (N,) float32 as its style.

    Of its inputs the frame is left. ONNX Runtime must find no input of that name: an input with a default value could still
    be given another, and nothing that hangs on it is worked out beforehand. Done with protobuf, which onnxruntime brings
    along, because the package onnx would be 31 MB more.
    """
    changed = _model_class().FromString(model)
    kept = [value for value in changed.graph.input if value.name != STYLE]
    del changed.graph.input[:]
    changed.graph.input.extend(kept)
    raw = weights.astype("<f4").tobytes()
    changed.graph.initializer.add(name=STYLE, dims=weights.shape, data_type=_FLOAT, raw_data=raw)
    fixed: bytes = changed.SerializeToString()
    return fixed


@cache
def _model_class() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(text_format.Parse(_ONNX_PROTO, descriptor_pb2.FileDescriptorProto()).SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("realtime_style.Model"))
