"""Mixes of styles, as ``--style`` takes them."""

from __future__ import annotations

from collections.abc import Iterator

from realtime_style.errors import StyleError
from realtime_style.styles.catalog import StyleRef, file_and_style, find_style

Mix = tuple[tuple[StyleRef, float], ...]
"""Styles and their shares; the shares sum to 1."""


def parse_mix(spec: str) -> Mix:
    """Parse ``NAME``, ``FILE.onnx``, ``FILE.onnx#NAME``, or several with weights, ``a:1,b:3``.

    Weights are scaled to sum to 1; styles without a weight have weight 1. A file of several styles
    without ``#NAME`` stands for its first. Raises StyleNotFound, BadStyleFile, or StyleError for
    weights that are negative, not numbers or all zero.
    """
    shares: dict[StyleRef, float] = {}
    for part in _parts(spec):
        name, weight = _split_weight(part, spec)
        style = find_style(name)
        shares[style] = shares.get(style, 0.0) + weight
    total = sum(shares.values())
    if total <= 0:
        raise StyleError(
            f"the weights in --style {spec!r} sum to zero; give at least one style a weight above 0"
        )
    return tuple((style, share / total) for style, share in shares.items() if share > 0)


def mix_label(mix: Mix) -> str:
    """Label of a mix: ``The Starry Night``, or ``The Starry Night 50 % + The Scream 50 %``."""
    titles = [(style.info.title or style.info.name, share) for style, share in mix]
    if len(titles) == 1:
        return titles[0][0]
    return " + ".join(f"{title} {share:.0%}".replace("%", " %") for title, share in titles)


def _parts(spec: str) -> Iterator[str]:
    """The parts between commas; commas in the path of an existing file do not separate."""
    words = spec.split(",")
    while words:
        taken = next((n for n in range(1, len(words) + 1) if _is_file(",".join(words[:n]))), 1)
        yield ",".join(words[:taken]).strip()
        words = words[taken:]


def _is_file(part: str) -> bool:
    """True for an existing style file, with or without a weight behind it."""
    named = (file_and_style(name.strip()) for name in (part, part.rpartition(":")[0]))
    try:
        return any(each is not None and each[0].is_file() for each in named)
    except OSError:  # longer than a file name may be
        return False


def _split_weight(part: str, spec: str) -> tuple[str, float]:
    """``name:0.5`` as name and weight.

    The colon of a path, ``C:\\a.onnx``, is no weight's: see what follows it.
    """
    if not part:
        raise StyleError(f"--style {spec!r} has an empty part; write it like a:0.5,b:0.5")
    name, colon, text = part.rpartition(":")
    if (
        not colon
        or text.startswith("\\")
        or text.lower().endswith(".onnx")
        or ".onnx#" in text.lower()
    ):
        return part, 1.0
    try:
        weight = float(text)
    except ValueError as error:
        raise StyleError(
            f"{text!r} in --style {spec!r} is no number; write it like a:0.5,b:0.5"
        ) from error
    if not 0 <= weight < float("inf"):
        raise StyleError(f"weight {text} in --style {spec!r} must be a number from 0 up")
    return name, weight
