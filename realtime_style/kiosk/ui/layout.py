"""What screens are laid out with: places to touch, what is shown beside the state, and boxes that fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from realtime_style.kiosk.config.i18n import Catalogue
from realtime_style.kiosk.state.model import Event, Rules
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.text import Box
from realtime_style.kiosk.ui.window import Image, Sprite


@dataclass(frozen=True)
class Target:
    """A place that can be touched, and what that means. A slider follows the finger."""

    box: Box
    event: Callable[[int, int], Event]
    follows: bool = False


@dataclass(frozen=True)
class Artist:
    """A painter as visitors know him."""

    name: str
    year: str

    @property
    def surname(self) -> str:
        """What stands on a tile: Katsushika Hokusai is Hokusai, Vincent van Gogh is van Gogh."""
        words = self.name.split()
        begin = next(
            (number for number, word in enumerate(words) if number and word[0].islower()),
            len(words) - 1,
        )
        return " ".join(words[max(0, begin) :])


@dataclass(frozen=True)
class Props:
    """What a screen shows beside the state."""

    size_wh: tuple[int, int]
    video_wh: tuple[int, int]
    words: Catalogue
    languages: Sequence[Catalogue]
    tiles: widgets.Tiles
    artists: Sequence[Artist]
    rules: Rules
    kept_until: str = ""
    """When a picture that is kept now is deleted, as on a clock."""
    take_home: bool = True
    """Whether there are links to take pictures home by."""
    recorded: bool = False
    """Whether what is on screen is filmed."""
    shown_elsewhere: bool = False
    """Whether it can be seen on other screens."""
    card: Image | None = None
    """None while it is being made."""
    card_wh: tuple[int, int] = (1, 1)
    code: Image | None = None
    """The QR code; None when there is no network."""
    until: str = ""
    """When the link is over, as on a clock."""
    notice: str = ""
    """A key of the catalogue: what went wrong or is being done."""
    status: Sequence[str] = ()
    """Lines for the host."""


@dataclass
class SceneLayout:
    """A scene laid out."""

    video: Box
    sprites: list[Sprite] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def hit(self, x: int, y: int) -> Target | None:
        """The target at a point; the last laid out lies on top."""
        return next((target for target in reversed(self.targets) if target.box.holds(x, y)), None)

    def put(self, image: Image, box: Box, event: Event | None = None) -> None:
        """Lay an image down, and make it mean something when touched."""
        self.sprites.append(Sprite(image, box))
        if event is not None:
            self.targets.append(Target(box, lambda x, y: event))


def tiled(room: Box, count: int, rows: int, tile: int, gap: int) -> list[Box]:
    """Boxes of the painters in rows, as large as `tile` wide if they fit."""
    in_row = -(-count // rows)
    wide = min(tile, (room.width - gap * (in_row - 1)) // in_row)
    high = min((room.height - gap * (rows - 1)) // rows, round(wide * 1.3))
    top = room.y + (room.height - high * rows - gap * (rows - 1)) // 2
    places = [divmod(number, in_row) for number in range(count)]
    return [
        Box(room.x + column * (wide + gap), top + row * (high + gap), wide, high)
        for row, column in places
    ]


def covering(props: Props) -> Box:
    """The video as large as it takes to cover the screen."""
    width, height = props.size_wh
    scale = max(width / props.video_wh[0], height / props.video_wh[1])
    wide, high = round(props.video_wh[0] * scale), round(props.video_wh[1] * scale)
    return Box((width - wide) // 2, (height - high) // 2, wide, high)


def inside(room: Box, size_wh: tuple[int, int]) -> Box:
    """The whole of something of this shape, as large as it fits."""
    scale = min(room.width / size_wh[0], room.height / size_wh[1])
    wide, high = round(size_wh[0] * scale), round(size_wh[1] * scale)
    return Box(room.x + (room.width - wide) // 2, room.y + (room.height - high) // 2, wide, high)


def unit(props: Props) -> int:
    """A hundredth of the screen's shorter side, px."""
    return max(1, min(props.size_wh) // 100)
