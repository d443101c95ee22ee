"""Help, figures, messages and signs over the live picture, as sprites at the screen's resolution.

Nothing lies over the middle of the picture: help and figures stand at the left edge, messages and
labels at the top, the sign of a recording in the top right corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from realtime_style.display.geometry import Box
from realtime_style.display.panel import Panel
from realtime_style.display.sprites import Colour, Image, Sprite
from realtime_style.display.text import BOLD, LINE, FittedText, shorten, text_width, wrap

_YELLOW: Colour = (120, 220, 255)
_FAINT: Colour = (190, 184, 178)
_RED: Colour = (60, 60, 235)

_LETTER = 45  # letters over the height of a screen
_SMALLEST = 12  # px of letters in a window
_FIGURES = 0.85  # size of figures over that of other letters
_LEADING = 1.5  # height of a row of a table over its letters
_LINES = 4  # of a message at most


@dataclass(frozen=True)
class Overlay:
    """What to write over the picture."""

    help: Sequence[tuple[str, str]] = ()
    """Keys and what they do."""
    figures: Sequence[tuple[str, str]] = ()
    """Names and values."""
    recorded_s: float | None = None
    """Length of the recording that runs, s; None: none."""
    message: str | None = None
    labels: tuple[str, str] | None = None
    """Names of the left and the right half of a split picture."""


@dataclass(frozen=True)
class _Screen:
    """Sizes on a screen, px."""

    width: int
    height: int

    @property
    def letter(self) -> int:
        return max(_SMALLEST, min(self.height, self.width * 3 // 4) // _LETTER)

    @property
    def margin(self) -> int:
        return self.letter

    @property
    def third(self) -> int:
        """Room for a column at the left edge."""
        return self.width // 3 - self.margin

    @property
    def widest(self) -> int:
        return max(1, self.width - 2 * self.margin)


def lay_out(size_wh: tuple[int, int], shown: Overlay) -> list[Sprite]:
    """The sprites for a screen of this size. Words that have not changed are the same images."""
    screen = _Screen(*size_wh)
    sprites = []
    bottom = screen.height - screen.margin
    if shown.figures:
        figures = _figures(screen, tuple(shown.figures))
        sprites.append(_placed(figures, screen.margin, bottom - figures.bgra.shape[0]))
        bottom -= figures.bgra.shape[0] + screen.margin
    left, top = screen.margin, screen.margin
    if shown.help:
        help_text = _help(screen, tuple(shown.help), bottom - screen.margin)
        sprites.append(_placed(help_text, screen.margin, screen.margin))
        left += help_text.bgra.shape[1] + screen.margin
    right = screen.width - screen.margin
    if shown.recorded_s is not None:
        sign = _recording(int(shown.recorded_s), screen.letter)
        right -= sign.bgra.shape[1]
        sprites.append(_placed(sign, right, screen.margin))
        right -= screen.margin
    if shown.labels is not None:
        labels = _labels(screen, shown.labels, left, right)
        sprites += labels
        top += max((sprite.box.height for sprite in labels), default=0) + screen.margin // 2
    if shown.message:
        sprites.append(_message(screen, shown.message, left, right, top))
    return sprites


def _placed(image: Image, x: int, y: int) -> Sprite:
    return Sprite(image, Box(x, y, image.bgra.shape[1], image.bgra.shape[0]))


@lru_cache(4)
def _help(screen: _Screen, keys: tuple[tuple[str, str], ...], height: int) -> Image:
    """All keys, in the left third as large as fits; in a narrow window wider than that."""
    letters = range(screen.letter, _SMALLEST // 2, -1)
    for widest in (screen.third, screen.widest):
        for letter in letters:
            if _table_width(keys, letter) <= widest and _table_height(keys, letter) <= height:
                return _table(keys, letter, widest, names=_YELLOW)
    return _table(keys, letters[-1], screen.widest, names=_YELLOW)


def _figures(screen: _Screen, figures: tuple[tuple[str, str], ...]) -> Image:
    letter = max(_SMALLEST - 1, round(screen.letter * _FIGURES))
    return _table(figures, letter, max(screen.third, min(screen.widest, 22 * letter)), names=_FAINT)


def _message(screen: _Screen, text: str, left: int, right: int, top: int) -> Sprite:
    """In the middle of the screen's width, or of what is left of it beside the help."""
    pad = screen.letter
    room = min(right - left, max(screen.width * 3 // 5, 30 * screen.letter)) - 2 * pad
    image = _pill(text, screen.letter, max(1, room))
    half = image.bgra.shape[1] // 2
    middle = min(max(screen.width // 2, left + half), max(right - half, left + half))
    return _placed(image, middle - half, top)


def _labels(screen: _Screen, names: tuple[str, str], left: int, right: int) -> list[Sprite]:
    """On both sides of the line in the middle; a label without room is left out."""
    middle, gap, pad = screen.width // 2, screen.margin // 2, screen.letter
    rooms = middle - gap - left, right - middle - gap
    images = [
        _pill(short, screen.letter, room)
        if room > 2 * pad and (short := shorten(name, room - 2 * pad, screen.letter))
        else None
        for name, room in zip(names, rooms, strict=True)
    ]
    sprites = []
    if images[0] is not None:
        sprites.append(_placed(images[0], middle - gap - images[0].bgra.shape[1], screen.margin))
    if images[1] is not None:
        sprites.append(_placed(images[1], middle + gap, screen.margin))
    return sprites


@lru_cache(32)
def _pill(text: str, letter: int, widest: int) -> Image:
    """A sentence, on at most four lines of at most `widest` px."""
    lines = wrap(text, widest, letter)
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], shorten(f"{lines[_LINES - 1]}…", widest, letter)]
    pad = letter
    width = max(text_width(line, letter) for line in lines) + 2 * pad
    height = round(letter * LINE * len(lines)) + pad
    panel = Panel(width, height, pad * 2 // 3)
    panel.write(FittedText(tuple(lines), letter), Box(pad, 0, width - 2 * pad, height))
    return panel.image()


@lru_cache(8)
def _recording(seconds: int, letter: int) -> Image:
    """A red dot and minutes and seconds, which do not move when digits change."""
    text = f"REC {seconds // 60}:{seconds % 60:02}"
    pad, dot = letter * 2 // 3, letter // 3
    wide = text_width("REC " + "0" * (len(text) - 7) + ":00", letter, BOLD)
    width, height = wide + 2 * pad + 4 * dot, round(letter * LINE) + pad
    panel = Panel(width, height, pad)
    panel.dot(pad + dot, height // 2, dot, _RED)
    room = Box(pad + 4 * dot, 0, width - pad - 4 * dot, height)
    panel.write(FittedText((text,), letter), room, weight=BOLD, align=0)
    return panel.image()


def _first_column(rows: tuple[tuple[str, str], ...], letter: int) -> int:
    return max(text_width(name, letter, BOLD) for name, _ in rows) + letter


def _table_width(rows: tuple[tuple[str, str], ...], letter: int) -> int:
    """Width of a table without broken values, px."""
    values = max(text_width(value, letter) for _, value in rows)
    return _first_column(rows, letter) + values + 2 * letter


def _table_height(lines: Sequence[object], letter: int) -> int:
    return round(letter * _LEADING) * len(lines) + letter


@lru_cache(32)
def _table(rows: tuple[tuple[str, str], ...], letter: int, widest: int, *, names: Colour) -> Image:
    """Names and values in two columns; values wider than `widest` allows are broken."""
    pad, row, first = letter, round(letter * _LEADING), _first_column(rows, letter)
    room = max(letter, widest - first - 2 * pad)
    values = [wrap(value, room, letter) for _, value in rows]
    lines = [line for value in values for line in value]
    width = first + max(text_width(line, letter) for line in lines) + 2 * pad
    panel = Panel(width, _table_height(lines, letter), pad * 2 // 3)
    top = pad // 2
    for (name, _), value in zip(rows, values, strict=True):
        place = Box(pad, top, first, row)
        panel.write(FittedText((name,), letter), place, names, weight=BOLD, align=0)
        for line in value:
            place = Box(pad + first, top, width - 2 * pad - first, row)
            panel.write(FittedText((line,), letter), place, align=0)
            top += row
    return panel.image()
