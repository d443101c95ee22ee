"""Greeting cards: everything on them is whole and inside."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.kiosk.config.i18n import load_catalogues
from realtime_style.kiosk.pictures.card import DPI, CardText, card_size, draw_card, encode_card
from realtime_style.media.images import Picture, read_image
from realtime_style.sources.pattern import TestPattern
from realtime_style.styles.catalog import list_styles
from tests.helpers.lettering import note_settings

LONG = CardText(
    wish="Ein frohes und gesundes neues Jahr wünschen wir allen Besucherinnen und Besuchern "
    "unseres Tages der offenen Tür. " * 2,
    artist="In der Art von Joseph Mallord William Turner, "
    "Der Schiffbruch der Minotaurus, um 1805-10 gemalt",
    date="Donnerstag, der fünfundzwanzigste November zweitausendsechsundzwanzig",
    host="Königlich Niederländisches Institut für Meteorologie, Hydrologie und "
    "Geowissenschaften, Abteilung Öffentlichkeit",
)
SHORT = CardText("2027", "Hokusai", "25.11.2026")


def photo(width: int = 640, height: int = 480) -> Frame:
    return TestPattern(width, height).picture(3)


@pytest.mark.parametrize("size", ["A6", "A5"])
@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (1920, 1080), (500, 500)])
@pytest.mark.parametrize("text", [LONG, SHORT], ids=["long", "short"])
def test_text_stays_on_the_card_and_off_the_picture(
    size: str, width: int, height: int, text: CardText
) -> None:
    logo = Picture(np.full((100, 900, 3), 40, np.uint8))
    card = draw_card(photo(width, height), text, size, logo)
    assert card.shape[1::-1] == card_size(size, portrait=height > width)
    unit = min(card.shape[:2]) / 100
    rim = np.ones(card.shape[:2], bool)
    rim[round(5 * unit) : -round(3 * unit), round(5 * unit) : -round(5 * unit)] = False
    assert (card[rim] == card[0, 0]).all()
    empty = draw_card(photo(width, height), CardText("", "", ""), size)
    where = np.argwhere((empty != card[0, 0]).any(-1))
    (top, left), (bottom, right) = where.min(0), where.max(0) + 1
    assert np.array_equal(card[top:bottom, left:right], empty[top:bottom, left:right])


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de"])
@pytest.mark.parametrize("size", ["A6", "A5"])
@pytest.mark.parametrize("portrait", [False, True])
def test_no_text_of_a_card_is_cut_in_any_language(
    language: str, size: str, portrait: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_in = note_settings(monkeypatch)
    words = load_catalogues()[language]
    longest = max((words.date(date(2026, month, 28)) for month in range(1, 13)), key=len)
    picture = photo(480, 640) if portrait else photo()
    infos = {(style.info.artist, style.info.year) for style in list_styles()}
    for artist, year in infos:
        draw_card(
            picture,
            CardText(
                words("wish"), f"{words('manner', artist=artist)}, {year}", longest, "Institut"
            ),
            size,
        )
    assert len(set_in) == 4 * len(infos) == 36
    for text, setting in set_in:
        assert " ".join(setting.lines) == text
        assert setting.size >= 24  # of 300 to the inch: 2 mm


def test_picture_fills_its_place_and_keeps_its_shape() -> None:
    card = draw_card(np.full((300, 400, 3), (200, 0, 0), np.uint8), SHORT)
    blue = np.argwhere((card == (200, 0, 0)).all(-1))
    height, width = blue.max(0) - blue.min(0) + 1
    assert width / height == pytest.approx(4 / 3, rel=0.01)
    assert height > 0.6 * card.shape[0]


def test_transparent_logo_shows_the_paper() -> None:
    logo = Picture(np.full((80, 80, 3), (0, 0, 255), np.uint8), np.zeros((80, 80), np.uint8))
    assert logo.alpha is not None
    logo.alpha[:, :40] = 255
    card = draw_card(np.full((300, 400, 3), (200, 0, 0), np.uint8), CardText("", "", ""), logo=logo)
    red = np.argwhere((card == (0, 0, 255)).all(-1))
    height, width = red.max(0) - red.min(0) + 1
    assert width / height == pytest.approx(0.5, abs=0.05)


def test_png_has_its_size_on_paper_and_no_other_metadata(tmp_path: Path) -> None:
    from PIL import Image

    card = draw_card(photo(), SHORT)
    (tmp_path / "card.png").write_bytes(encode_card(card, "png"))
    with Image.open(tmp_path / "card.png") as image:
        assert [round(value) for value in image.info["dpi"]] == [DPI, DPI]
        assert set(image.info) == {"dpi"}
    assert np.array_equal(read_image(tmp_path / "card.png").bgr, card)


def test_pdf_is_one_page_of_the_true_size(tmp_path: Path) -> None:
    import pypdfium2

    card = draw_card(photo(), SHORT)
    (tmp_path / "card.pdf").write_bytes(encode_card(card, "pdf"))
    with pypdfium2.PdfDocument(tmp_path / "card.pdf") as pdf:
        assert len(pdf) == 1
        assert [side / 72 * 25.4 for side in pdf[0].get_size()] == pytest.approx(
            [148, 105], abs=0.1
        )
        seen = pdf[0].render(scale=DPI / 72).to_numpy()
        assert not any(pdf.get_metadata_dict().values())
    seen = cv2.resize(seen, (card.shape[1], card.shape[0]))
    assert abs(seen[..., :3].astype(int) - card).mean() < 3
