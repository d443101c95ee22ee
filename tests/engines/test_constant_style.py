"""A style file whose style is a constant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from realtime_style.engines.constant_style import with_constant_style
from realtime_style.styles.catalog import PACK
from realtime_style.testing.style_files import write_tiny_style

WEIGHTS = np.array([0.25, 0.75], np.float32)


@pytest.fixture
def two_styles(tmp_path: Path) -> bytes:
    return write_tiny_style(tmp_path / "two.onnx", names=["a", "b"]).read_bytes()


def test_the_style_becomes_a_constant_and_the_frame_stays_an_input(two_styles: bytes):
    fixed = onnx.load_from_string(with_constant_style(two_styles, WEIGHTS))
    onnx.checker.check_model(fixed, full_check=True)
    assert [value.name for value in fixed.graph.input] == ["frame"]
    (style,) = (value for value in fixed.graph.initializer if value.name == "style")
    assert np.array_equal(numpy_helper.to_array(style), WEIGHTS)
    assert numpy_helper.to_array(style).dtype == np.float32


@pytest.mark.parametrize("path", [None, PACK / "gallery.onnx"])
def test_all_else_is_as_it_was(two_styles: bytes, path: Path | None):
    model = two_styles if path is None else path.read_bytes()
    before, fixed = (
        onnx.load_from_string(model),
        onnx.load_from_string(with_constant_style(model, WEIGHTS)),
    )
    (style,) = (value for value in before.graph.input if value.name == "style")
    before.graph.input.remove(style)
    fixed.graph.initializer.pop()
    assert fixed == before
