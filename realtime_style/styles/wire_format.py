"""Protobuf's wire format: the fields of a message in a file, without reading their contents.

An ONNX model is one protobuf message, and a style file of 12.6 MB is nearly all weights. Skipping
them takes 3 ms; importing the package protobuf takes 40 to 100, and reading all of the file for it
5 to 20 (two cores of an Intel Xeon). The format:
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections import defaultdict
from typing import BinaryIO, NamedTuple

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5  # kinds of fields
_LONGEST_VARINT = 10  # bytes of 64 bits
_LONGEST_HEADER = 2 * _LONGEST_VARINT


class Field(NamedTuple):
    """One field of a message by its place in the file, in bytes."""

    begin: int
    """First byte of the field: its header."""
    start: int
    """First byte of its content."""
    end: int
    value: int = 0
    """The content of a field that holds a whole number, 0 in others."""


def fields_by_number(file: BinaryIO, message: Field) -> dict[int, list[Field]]:
    """The fields of a message, which is the content of a field itself, by their numbers.

    Raises ValueError for anything but a whole message.
    """
    found: dict[int, list[Field]] = defaultdict(list)
    at = message.start
    while at < message.end:
        file.seek(at)
        header = file.read(min(_LONGEST_HEADER, message.end - at))
        key, start = _varint(header, 0)
        kind, value, size = key & 7, 0, 0
        if kind == _VARINT:
            value, start = _varint(header, start)
        elif kind == _BYTES:
            size, start = _varint(header, start)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"no protobuf message: a field of kind {kind} at byte {at}")
        end = at + start + size
        if end > message.end:
            raise ValueError(f"no whole protobuf message: the field at byte {at} is cut off")
        found[key >> 3].append(Field(at, at + start, end, value))
        at = end
    return found


def descend(file: BinaryIO, message: Field, *numbers: int) -> list[Field]:
    """The fields reached from a message through fields of these numbers, the outermost first."""
    found = [message]
    for number in numbers:
        found = [field for each in found for field in fields_by_number(file, each)[number]]
    return found


def content(file: BinaryIO, field: Field) -> bytes:
    """The bytes of a field that holds a text, bytes or a message."""
    file.seek(field.start)
    return file.read(field.end - field.start)


def bytes_header(number: int, size: int) -> bytes:
    """Header of a field of so many bytes, which follow it."""
    return _encoded(number << 3 | _BYTES) + _encoded(size)


def bytes_field(number: int, content: bytes) -> bytes:
    """A field that holds a text, bytes or a message."""
    return bytes_header(number, len(content)) + content


def varint_field(number: int, value: int) -> bytes:
    """A field that holds a whole number from 0 up."""
    return _encoded(number << 3 | _VARINT) + _encoded(value)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that starts there, 7 bits a byte, lowest first, and the place behind it."""
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("no protobuf message: a number without an end")


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
