"""Properties that kiosk screens are laid out from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from realtime_style.display.sprites import opaque
from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.state.model import (
    Rules,
)
from realtime_style.kiosk.ui import widgets
from realtime_style.kiosk.ui.layout import Artist, Props

WORDS = load_catalogues()


PAINTERS = [
    Artist("Vincent van Gogh", "1889"),
    Artist("Katsushika Hokusai", "c. 1831"),
    *[Artist("J. M. W. Turner", "")] * 7,
]


def props(size_wh: tuple[int, int] = (1280, 720), language: str = "en", **changes: object) -> Props:
    swatch = np.full((96, 96, 3), 90, np.uint8)
    common = Props(
        size_wh=size_wh,
        video_wh=(640, 480),
        words=WORDS[language],
        languages=[WORDS[code] for code in ("en", "fr", "nl", "de")],
        tiles=widgets.Tiles([(swatch, painter.surname, painter.year) for painter in PAINTERS]),
        artists=PAINTERS,
        rules=Rules(len(PAINTERS), printing=True),
        card=opaque(np.full((124, 174, 3), 240, np.uint8)),
        card_wh=(174, 124),
        code=opaque(np.full((50, 50, 3), 255, np.uint8)),
        until="12:40",
        kept_until="12:40",
    )
    return replace(common, **changes)  # type: ignore[arg-type]
