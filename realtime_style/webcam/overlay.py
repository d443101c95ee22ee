"""Text and marks drawn on frames, readable on any picture: white on a darkened box, sized by the frame's height."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from realtime_style.frames import Frame
from realtime_style.webcam.controls import Key

CANVAS_HEIGHT = 360
"""px that a frame has at least before text is drawn on it."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_WHITE, _YELLOW, _RED = (255, 255, 255), (120, 220, 255), (60, 60, 235)
_DARK = 0.3  # what a box leaves of the picture behind it
_LINES = 23  # lines of text that would fill the height of a frame
_GAP = "   "  # between figures on one line
_TITLE_SCALE = 1.15
_HAS_ACCENTS = (
    int(cv2.__version__.split(".")[0]) >= 5
)  # OpenCV 4 writes ? for anything beyond ASCII


def canvas(frame: Frame) -> Frame:
    """A copy to draw on. A small frame is enlarged by a whole factor first, since text needs pixels to be read."""
    factor = -(-CANVAS_HEIGHT // frame.shape[0])
    if factor == 1:
        return frame.copy()
    size = (frame.shape[1] * factor, frame.shape[0] * factor)
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def draw_labels(frame: Frame, left: str, right: str) -> None:
    """What the halves of a split picture show, on both sides of its line; labels that have no room are left out."""
    height, middle = frame.shape[0], frame.shape[1] // 2
    style = _Style(height)
    room = middle - 2 * (style.margin + style.pad)
    if left := _shorten(left, style, room):
        _box(
            frame, [left], style, x=middle - style.margin - style.box_width([left]), y=style.margin
        )
    if right := _shorten(right, style, room):
        _box(frame, [right], style, x=middle + _line(height) + style.margin, y=style.margin)


def draw_status(frame: Frame, lines: Sequence[str]) -> None:
    """Figures in the lower left corner: a line each, more where a picture is too narrow for what three spaces hold apart."""
    style = _Style(frame.shape[0])
    room = frame.shape[1] - 2 * (style.margin + style.pad)
    shown = [_shorten(part, style, room) for line in lines for part in _parts(line, style, room)]
    _box(
        frame,
        shown,
        style,
        x=style.margin,
        y=frame.shape[0] - style.margin - style.box_height(len(shown)),
    )


def draw_message(frame: Frame, text: str) -> None:
    """A sentence in the middle of the upper part; a long one is broken into at most four lines."""
    height, width = frame.shape[:2]
    style = _Style(height, _TITLE_SCALE)
    lines = _wrap(text, style, width - 2 * (style.margin + style.pad))[:4]
    _box(
        frame,
        lines,
        style,
        x=(width - style.box_width(lines)) // 2,
        y=style.margin + style.box_height(1) + style.margin,
    )


def draw_recording(frame: Frame, seconds: float) -> None:
    """The sign of a running recording and its length, upper right corner."""
    style = _Style(frame.shape[0])
    text = f"REC {int(seconds) // 60}:{int(seconds) % 60:02}"
    dot = style.line // 3
    box_width = style.width(text) + 2 * style.pad + 3 * dot
    x = frame.shape[1] - style.margin - box_width
    _darken(frame, x, style.margin, box_width, style.box_height(1))
    centre = (x + style.pad + dot, style.margin + style.box_height(1) // 2)
    cv2.circle(frame, centre, dot, _RED, cv2.FILLED, cv2.LINE_AA)
    style.write(frame, text, x + style.pad + 3 * dot, style.margin + style.pad, _WHITE)


def draw_help(frame: Frame, keys: Iterable[Key]) -> None:
    """All keys in a box in the middle, as large as fits."""
    rows = [(key.shown, key.words) for key in keys]
    height, width = frame.shape[:2]
    scale = 1.25
    while True:
        style = _Style(height, scale)
        first = max(style.width(shown) for shown, _ in rows) + 2 * style.pad
        box_width = first + max(style.width(words) for _, words in rows) + 2 * style.pad
        box_height = style.box_height(len(rows))
        if scale < 0.4 or (
            box_width <= width - 2 * style.margin and box_height <= height - 2 * style.margin
        ):
            break
        scale *= 0.93
    x, y = max(0, (width - box_width) // 2), max(0, (height - box_height) // 2)
    _darken(frame, x, y, box_width, box_height)
    for row, (shown, words) in enumerate(rows):
        top = y + style.pad + row * style.line
        style.write(frame, shown, x + style.pad, top, _YELLOW)
        style.write(frame, words, x + first, top, _WHITE)


def _line(height: int) -> int:
    """Width in px of the line through a split picture."""
    return max(1, height // 240)


class _Style:
    """Sizes in px for text on a frame of a given height."""

    def __init__(self, height: int, scale: float = 1.0) -> None:
        self.line = max(8, round(height / _LINES * scale))
        self.pad = max(2, self.line // 2)
        self.margin = max(2, height // 40)
        (_, capital), below = cv2.getTextSize("Hg", _FONT, 1.0, 1)
        self._scale = 0.72 * self.line / (capital + below)
        self._thickness = max(1, round(self.line / 22))
        self._baseline = round(0.5 * (self.line + (capital - below / 2) * self._scale))

    def width(self, text: str) -> int:
        return int(cv2.getTextSize(_plain(text), _FONT, self._scale, self._thickness)[0][0])

    def box_width(self, lines: Sequence[str]) -> int:
        return max(self.width(line) for line in lines) + 2 * self.pad

    def box_height(self, lines: int) -> int:
        return lines * self.line + 2 * self.pad

    def write(
        self, frame: Frame, text: str, x: int, top: int, colour: tuple[int, int, int]
    ) -> None:
        where = (x, top + self._baseline)
        cv2.putText(
            frame, _plain(text), where, _FONT, self._scale, colour, self._thickness, cv2.LINE_AA
        )


def _box(frame: Frame, lines: Sequence[str], style: _Style, x: int, y: int) -> None:
    x, y = max(0, x), max(0, y)
    _darken(frame, x, y, style.box_width(lines), style.box_height(len(lines)))
    for row, line in enumerate(lines):
        style.write(frame, line, x + style.pad, y + style.pad + row * style.line, _WHITE)


def _darken(frame: Frame, x: int, y: int, width: int, height: int) -> None:
    part = frame[max(0, y) : y + height, max(0, x) : x + width]
    if part.size:
        part[:] = cv2.convertScaleAbs(part, alpha=_DARK)


def _wrap(text: str, style: _Style, room: int) -> list[str]:
    """`text` in lines of at most `room` px, broken between words; a word that is longer, like a path, anywhere."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if style.width(longer) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and style.width(lines[-1] + letter) > room:
                lines.append("")
            lines[-1] += letter
    return lines


def _parts(text: str, style: _Style, room: int) -> list[str]:
    """`text` in lines of at most `room` px, broken only where there are three spaces; what is longer by itself stays longer."""
    first, *others = text.split(_GAP)
    lines = [first]
    for part in others:
        if style.width(longer := lines[-1] + _GAP + part) <= room:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _shorten(text: str, style: _Style, room: int) -> str:
    """`text`, or as much of it as fits into `room` px with dots at the end; empty when hardly anything does."""
    if style.width(text) <= room:
        return text
    kept = len(text)
    while kept and style.width(text[:kept].rstrip() + "...") > room:
        kept -= 1
    return text[:kept].rstrip() + "..." if kept >= 3 else ""


def _plain(text: str) -> str:
    """What OpenCV's fonts can write: everything since version 5, ASCII before, so that accents are taken off."""
    if _HAS_ACCENTS or text.isascii():
        return text
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
