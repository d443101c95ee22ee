"""Style files read and changed as ONNX models."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from realtime_style.errors import BadStyleFile
from realtime_style.styles.catalog import PACK
from realtime_style.styles.onnx_file import read_style_metadata, with_constant_style
from realtime_style.styles.wire_format import Field, fields_by_number
from realtime_style.testing.style_files import write_tiny_style

GALLERY = PACK / "gallery.onnx"
WEIGHTS = np.array([0.25, 0.75], np.float32)


@pytest.fixture
def two_styles(tmp_path: Path) -> bytes:
    return write_tiny_style(tmp_path / "two.onnx", names=["a", "b"]).read_bytes()


def test_style_becomes_a_constant_and_frame_stays_an_input(two_styles: bytes):
    changed = onnx.load_from_string(with_constant_style(two_styles, WEIGHTS))
    onnx.checker.check_model(changed, full_check=True)
    assert [value.name for value in changed.graph.input] == ["frame"]
    (style,) = (value for value in changed.graph.initializer if value.name == "style")
    assert np.array_equal(numpy_helper.to_array(style), WEIGHTS)
    assert numpy_helper.to_array(style).dtype == np.float32


@pytest.mark.parametrize("path", [None, GALLERY])
def test_rest_of_the_model_is_unchanged(two_styles: bytes, path: Path | None):
    model = two_styles if path is None else path.read_bytes()
    before = onnx.load_from_string(model)
    changed = onnx.load_from_string(with_constant_style(model, WEIGHTS))
    (style,) = (value for value in before.graph.input if value.name == "style")
    before.graph.input.remove(style)
    changed.graph.initializer.pop()
    assert changed == before


def test_metadata_of_a_shipped_file_is_that_which_onnx_reads():
    model = onnx.load(GALLERY)
    metadata = read_style_metadata(GALLERY)
    (entry,) = (each for each in model.metadata_props if each.key == "realtime_style")
    assert metadata == type(metadata).from_json(entry.value)


def test_weights_are_skipped(monkeypatch: pytest.MonkeyPatch):
    """Of the shipped 12.6 MB less than one is read."""
    read: list[int] = []

    class Counting(io.FileIO):
        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            read.append(super().readinto(buffer) or 0)
            return read[-1]

    def open_counted(path: Path, mode: str) -> io.BufferedReader:
        raw: Any = Counting(path)
        return io.BufferedReader(raw)

    monkeypatch.setattr(Path, "open", open_counted)
    read_style_metadata(GALLERY)
    assert 0 < sum(read) < 1e6 < GALLERY.stat().st_size


def test_reading_metadata_needs_no_other_package(tiny_style: Path, monkeypatch: pytest.MonkeyPatch):
    for module in ("onnx", "google.protobuf", "onnxruntime", "openvino"):
        monkeypatch.setitem(sys.modules, module, None)  # importing it fails
    assert [style.name for style in read_style_metadata(tiny_style).styles] == ["tiny"]


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_file_cut_off_anywhere_is_refused(tmp_path: Path, tiny_style: Path, share: float):
    content, path = tiny_style.read_bytes(), tmp_path / "cut.onnx"
    path.write_bytes(content[: round(share * len(content))])
    with pytest.raises(BadStyleFile, match=r"cut\.onnx is not a style file: not a readable ONNX"):
        read_style_metadata(path)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\x0b", "kind 3"),  # a group, which ONNX does not have
        (b"\x0a\x05ab", "cut off"),
        (b"\x09\x00\x00", "cut off"),
        (b"\x08", "without an end"),
        (b"\xff" * 20, "without an end"),
    ],
)
def test_bytes_that_are_no_message_are_refused(message: bytes, reason: str):
    with pytest.raises(ValueError, match=reason):
        fields_by_number(io.BytesIO(message), Field(0, 0, len(message)))


def test_fields_of_all_kinds_are_found_in_their_places():
    # Number 1: the varint 300, then the varint 1; 2: two bytes; 3: eight; 4: four.
    message = b"\x08\xac\x02\x08\x01\x12\x02ab\x19" + bytes(8) + b"\x25" + bytes(4)
    found = fields_by_number(io.BytesIO(b"??" + message), Field(0, 2, 2 + len(message)))
    assert [field.value for field in found[1]] == [300, 1]
    assert found[2] == [Field(7, 9, 11)]
    assert [(field.start, field.end) for field in (*found[3], *found[4])] == [(12, 20), (21, 25)]
