"""A scene laid out: sprites and touch targets, and the data that scenes show beside the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from realtime_style.display.geometry import Box, Fit, fitted_box
from realtime_style.display.sprites import Colour, Image, Sprite
from realtime_style.display.text import REGULAR, Weight, text_width
from realtime_style.kiosk.config.i18n import Catalogue
from realtime_style.kiosk.state.model import Event, Rules
from realtime_style.kiosk.ui import widgets


@dataclass(frozen=True)
class Target:
    """A place to touch, and the event that a touch there makes. A slider follows the finger."""

    box: Box
    event: Callable[[int, int], Event]
    follows: bool = False


@dataclass(frozen=True)
class Artist:
    """An artist as visitors know him."""

    name: str
    year: str

    @property
    def surname(self) -> str:
        """The name for a tile: Hokusai for Katsushika Hokusai, van Gogh for Vincent van Gogh."""
        words = self.name.split()
        begin = next(
            (number for number, word in enumerate(words) if number and word[0].islower()),
            len(words) - 1,
        )
        return " ".join(words[max(0, begin) :])


@dataclass(frozen=True)
class Props:
    """The data that scenes show beside the state."""

    size_wh: tuple[int, int]
    """Of the screen, px."""
    video_wh: tuple[int, int]
    """Of the live picture, px."""
    words: Catalogue
    languages: Sequence[Catalogue]
    tiles: widgets.Tiles
    artists: Sequence[Artist]
    rules: Rules
    fit: Fit = "cover"
    """How the live picture fills the screen."""
    kept_until: str = ""
    """Time of day when a picture that is kept now is deleted."""
    take_home: bool = True
    """True if there are links for taking pictures home."""
    recorded: bool = False
    """True if the picture on screen is recorded."""
    shown_elsewhere: bool = False
    """True if the picture can be seen on other screens."""
    card: Image | None = None
    """None while it is being made."""
    card_wh: tuple[int, int] = (1, 1)
    code: Image | None = None
    """The QR code; None without a network."""
    until: str = ""
    """Time of day when the link expires."""
    notice: str = ""
    """Key of the catalogue for what went wrong or is being done."""
    status: Sequence[str] = ()
    """Lines for the host."""

    @property
    def unit(self) -> int:
        """A hundredth of the screen's shorter side, px."""
        return max(1, min(self.size_wh) // 100)

    @property
    def video_box(self) -> Box:
        """The box of the live picture."""
        return fitted_box(self.video_wh, Box(0, 0, *self.size_wh), self.fit)


@dataclass
class SceneLayout:
    """A scene laid out."""

    video: Box
    sprites: list[Sprite] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def hit(self, x: int, y: int) -> Target | None:
        """The target at a point; the last one laid out is on top."""
        return next((target for target in reversed(self.targets) if target.box.holds(x, y)), None)

    def put(self, image: Image, box: Box, event: Event | None = None) -> None:
        """Lay an image down; a touch on it makes `event`."""
        self.sprites.append(Sprite(image, box))
        if event is not None:
            self.targets.append(Target(box, lambda x, y: event))

    def label(
        self,
        text: str,
        box: Box,
        size: int,
        *,
        weight: Weight = REGULAR,
        align: float = 0.5,
        lines: int = 1,
        shade: bool = False,
        passing: bool = False,
    ) -> None:
        """Write text; `passing` if it has a time or figures in it, which soon change.

        `shade` gives it a dark panel, which is no wider than the text needs.
        """
        if shade:
            width = min(box.width, text_width(text, size, weight) + 2 * widgets.padding(size))
            x = box.x + round((box.width - width) * align)
            box = Box(x, box.y, width, box.height)
        draw = widgets.passing_label if passing else widgets.label
        image = draw(
            text, box.width, box.height, size, weight=weight, align=align, lines=lines, shade=shade
        )
        self.put(image, box)

    def button(self, text: str, box: Box, colour: Colour, event: Event) -> None:
        """Lay a button down."""
        self.put(widgets.button(text, box.width, box.height, colour), box, event)


def tiled(room: Box, count: int, rows: int, tile: int, gap: int) -> list[Box]:
    """Boxes in rows, `tile` wide if they fit, else narrower."""
    in_row = -(-count // rows)
    wide = min(tile, (room.width - gap * (in_row - 1)) // in_row)
    high = min((room.height - gap * (rows - 1)) // rows, round(wide * 1.3))
    top = room.y + (room.height - high * rows - gap * (rows - 1)) // 2
    places = [divmod(number, in_row) for number in range(count)]
    return [
        Box(room.x + column * (wide + gap), top + row * (high + gap), wide, high)
        for row, column in places
    ]
