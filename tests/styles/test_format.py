"""The style file format: metadata and tensors."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from realtime_style.errors import BadStyleFile
from realtime_style.styles.format import StyleInfo, StyleMetadata, check_signature

TWO = StyleMetadata(
    (StyleInfo("a", title="Größe"), StyleInfo("b-2_x")),
    network="fast",
    stride=4,
    training={"steps": 9},
)
GOOD_INPUTS: dict[str, tuple[str, list[Any]]] = {
    "frame": ("tensor(uint8)", [1, "h", "w", 3]),
    "style": ("tensor(float)", [2]),
}
GOOD_OUTPUTS: dict[str, tuple[str, list[Any]]] = {"stylized": ("tensor(uint8)", [1, "h", None, 3])}


def changed(**values: Any) -> str:
    return json.dumps(json.loads(TWO.to_json()) | values)


def test_metadata_survives_writing_and_reading():
    assert StyleMetadata.from_json(TWO.to_json()) == TWO


@pytest.mark.parametrize("swatch", ["", "no base64!", "bm8gcGljdHVyZQ=="])
def test_unreadable_swatch_is_none(swatch: str):
    assert StyleInfo("a", swatch=swatch).swatch_frame() is None


def test_fields_of_other_versions_are_ignored():
    """A later one may add some; `precision` was in files of an earlier one."""
    text = changed(
        mood="blue",
        precision="fp32",
        styles=[{"name": "a", "title": "Größe", "museum": "MoMA"}, {"name": "b-2_x"}],
    )
    assert StyleMetadata.from_json(text) == TWO


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "no format number"),
        ("{}", "no format number"),
        (changed(format="1"), "no format number"),
        (changed(format=2), "format 2, this program reads format 1: update"),
        (changed(styles=[]), "names no style"),
        (changed(styles=None), "incomplete"),
        (changed(styles=["a"]), "incomplete"),
        (changed(styles=[{"title": "no name"}]), "incomplete"),
        (changed(styles=[{"name": "Not A Name"}]), "may have lower case letters"),
        (changed(styles=[{"name": "a", "year": 1889}]), "style year 1889 is no text"),
        (changed(styles=[{"name": "a"}, {"name": "a"}]), "same name"),
        (json.dumps({"format": 1}), "incomplete"),
    ],
)
def test_invalid_metadata_is_refused_with_the_reason(text: str, reason: str):
    with pytest.raises(BadStyleFile, match=re.escape(reason)):
        StyleMetadata.from_json(text)


@pytest.mark.parametrize("name", ["", "-a", "a b", "Ä", "a\n", "../a", "a:b", "a,b", "a#b"])
def test_names_unfit_for_the_command_line_are_refused(name: str):
    with pytest.raises(ValueError, match="style name"):
        StyleInfo(name)


def test_tensors_of_the_contract_pass():
    check_signature(GOOD_INPUTS, GOOD_OUTPUTS, 2)
    check_signature(GOOD_INPUTS | {"style": ("tensor(float)", ["styles"])}, GOOD_OUTPUTS, 2)


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        (
            {"image": ("tensor(uint8)", [1, "h", "w", 3])},
            {},
            "its inputs are image, not frame, style",
        ),
        (
            GOOD_INPUTS | {"frame": ("tensor(float)", [1, "h", "w", 3])},
            {},
            "its input 'frame' is tensor(float), not tensor(uint8)",
        ),
        (
            GOOD_INPUTS | {"frame": ("tensor(uint8)", [1, 3, "h", "w"])},
            {},
            "its input 'frame' has shape",
        ),
        (
            GOOD_INPUTS | {"frame": ("tensor(uint8)", [1, 480, 640, 3])},
            {},
            "its input 'frame' has shape",
        ),
        (GOOD_INPUTS | {"frame": ("tensor(uint8)", ["h", "w", 3])}, {}, "has 3 dimensions, not 4"),
        (
            GOOD_INPUTS | {"style": ("tensor(float)", [3])},
            {},
            "its input 'style' has shape [3], not [2]",
        ),
        (GOOD_INPUTS, {}, "its outputs are none, not stylized"),
        (
            GOOD_INPUTS,
            {"stylized": ("tensor(uint8)", [1, 480, 640, 3])},
            "its output 'stylized' has shape",
        ),
        (
            GOOD_INPUTS,
            {"stylized": ("tensor(float)", [1, "h", "w", 3])},
            "its output 'stylized' is tensor(float)",
        ),
    ],
)
def test_other_tensors_are_refused_with_the_difference(inputs: Any, outputs: Any, reason: str):
    with pytest.raises(BadStyleFile, match=re.escape(reason)):
        check_signature(inputs, outputs, 2)
