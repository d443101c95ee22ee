"""The style file format: the contract between training and playing.

A style file is an ONNX model that maps frames to frames:

======== ======= ============= =====================================================
tensor   dtype   shape         meaning
======== ======= ============= =====================================================
frame    uint8   (1, H, W, 3)  BGR picture, H and W free
style    float32 (N,)          weights over the N styles of the file; they sum to 1,
                               or to a strength below 1
stylized uint8   (1, H, W, 3)  BGR picture of the same H and W
======== ======= ============= =====================================================

Everything else (channel order, scaling, normalisation, rounding) is inside the graph. One metadata
entry, :data:`METADATA_KEY`, holds a JSON object with the fields of :class:`StyleMetadata`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from realtime_style.errors import BadStyleFile

if TYPE_CHECKING:
    from realtime_style.frames import Frame

FORMAT = 1
OPSET = 18
METADATA_KEY = "realtime_style"
FRAME, STYLE, STYLIZED = "frame", "style", "stylized"
NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class StyleInfo:
    """Name and origin of one style of a file."""

    name: str
    """Lower case letters, digits, ``-`` and ``_``; the name that ``--style`` takes."""
    title: str = ""
    artist: str = ""
    year: str = ""
    source: str = ""
    """Origin of the picture of the painting."""
    licence: str = ""
    swatch: str = ""
    """A small square JPEG painted in this style, base64; empty in files without one."""

    def __post_init__(self) -> None:
        for entry in fields(self):
            if not isinstance(getattr(self, entry.name), str):
                raise ValueError(f"style {entry.name} {getattr(self, entry.name)!r} is no text")
        if not NAME_PATTERN.fullmatch(self.name):
            raise ValueError(
                f"style name {self.name!r} may have lower case letters, digits, '-' and '_' only"
            )

    def swatch_frame(self) -> Frame | None:
        """The swatch as a frame; None if there is none, or none that can be read."""
        import cv2  # not at the top: importing the package stays cheap
        import numpy as np

        try:
            packed = np.frombuffer(base64.b64decode(self.swatch, validate=True), np.uint8)
            frame = cv2.imdecode(packed, cv2.IMREAD_COLOR) if packed.size else None
        except (ValueError, cv2.error):
            return None
        return None if frame is None else np.asarray(frame, np.uint8)


@dataclass(frozen=True)
class StyleMetadata:
    """The metadata entry of a style file."""

    styles: tuple[StyleInfo, ...]
    network: str = ""
    """Architecture, as :mod:`realtime_style.training.networks.transform_net` writes it."""
    stride: int = 1
    """Width of the frame over that of the network's body. Every frame size works all the same."""
    strength: bool = False
    """True if weights that sum to less than 1 paint a weaker style.

    For other files the player mixes the painting with the photograph.
    """
    opset: int = OPSET
    parity_grey_levels: int = -1
    """Largest difference from the trained network, in grey levels; -1: not compared."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Figures of the training: steps, last losses, loss network, seed."""
    format: int = FORMAT

    def to_json(self) -> str:
        """The text of the metadata entry."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> StyleMetadata:
        """Parse a metadata entry; raises BadStyleFile with the reason if it is not valid."""
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise BadStyleFile(f"its metadata is not JSON ({error})") from error
        if not isinstance(values, dict) or not isinstance(values.get("format"), int):
            raise BadStyleFile("its metadata has no format number")
        if values["format"] != FORMAT:
            raise BadStyleFile(
                f"it has format {values['format']}, this program reads format {FORMAT}: "
                "update realtime_style"
            )
        try:
            styles = tuple(StyleInfo(**_known(StyleInfo, entry)) for entry in values.pop("styles"))
            metadata = cls(styles=styles, **_known(cls, values))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadStyleFile(f"its metadata is incomplete ({error})") from error
        if not styles:
            raise BadStyleFile("its metadata names no style")
        names = [style.name for style in styles]
        if len(set(names)) != len(names):
            raise BadStyleFile(f"two of its styles have the same name ({', '.join(names)})")
        return metadata


def _known(kind: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values this version knows: later and earlier ones may have others in the same format."""
    return {field.name: values[field.name] for field in fields(kind) if field.name in values}


Signature = Mapping[str, tuple[str, Sequence[Any]]]
"""By tensor name, type text (``tensor(uint8)``) and shape, with strings or None for free sides."""


def check_signature(inputs: Signature, outputs: Signature, styles: int) -> None:
    """Raise BadStyleFile unless the tensors are those of the contract for this many styles."""
    picture = "tensor(uint8)", (1, None, None, 3)
    _check_tensors("input", inputs, {FRAME: picture, STYLE: ("tensor(float)", (styles,))})
    _check_tensors("output", outputs, {STYLIZED: picture})


def _check_tensors(kind: str, tensors: Signature, contract: Signature) -> None:
    if set(tensors) != set(contract):
        raise BadStyleFile(
            f"its {kind}s are {', '.join(sorted(tensors)) or 'none'}, not {', '.join(contract)}"
        )
    for name, (dtype, shape) in contract.items():
        seen_dtype, seen_shape = tensors[name]
        if seen_dtype != dtype:
            raise BadStyleFile(f"its {kind} {name!r} is {seen_dtype}, not {dtype}")
        if len(seen_shape) != len(shape):
            raise BadStyleFile(
                f"its {kind} {name!r} has {len(seen_shape)} dimensions, not {len(shape)}"
            )
        # A size the file leaves free is fine; a fixed one must be that of the contract.
        if any(
            isinstance(seen, int) and seen != want
            for seen, want in zip(seen_shape, shape, strict=True)
        ):
            raise BadStyleFile(f"its {kind} {name!r} has shape {seen_shape}, not {list(shape)}")
