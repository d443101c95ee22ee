"""Text fits its box, is wrapped or shortened, and has every letter that it promises."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from PIL import ImageFont

from realtime_style.display import text as text_module
from realtime_style.display.geometry import Box
from realtime_style.display.sprites import blank
from realtime_style.display.text import (
    BOLD,
    REGULAR,
    FittedText,
    draw_text,
    fit_text,
    shorten,
    text_mask,
    text_width,
    wrap,
)
from realtime_style.frames import Frame

PATH = "/home/somebody/with/a/very/long/path/2026-01-01_12-00-00_starry-night.png"


def test_text_is_as_large_as_its_box_allows() -> None:
    box = Box(0, 0, 300, 80)
    assert fit_text("Hi", box, 40).size == 40
    assert fit_text("Ouvert\u00a0!", Box(0, 0, 10, 200), 40, smallest=40, lines=3).lines[1:] == ()
    tight = fit_text("Portes ouvertes à l'institut", box, 40)
    assert tight.lines == ("Portes ouvertes à l'institut",)
    assert (
        text_width(tight.lines[0], tight.size) <= 300 < text_width(tight.lines[0], tight.size + 1)
    )
    assert fit_text("Portes ouvertes à l'institut", box, 40, lines=2).size > tight.size
    cut = fit_text("une très longue phrase " * 20, box, 40, smallest=20, lines=2)
    assert cut.lines[-1].endswith("…")
    assert len(cut.lines) == 2
    assert all(text_width(line, cut.size) <= 300 for line in cut.lines)


@pytest.mark.parametrize("text", ["Àgjpq|Ç", "Grüße", "vœux d'été", "1806-10"])
def test_accents_and_tails_stay_inside_the_box(text: str) -> None:
    frame = blank(400, 120, (255, 255, 255))
    box = Box(30, 20, 340, 70)
    draw_text(frame, text, box, 200, (0, 0, 0))
    inked = np.argwhere((frame != 255).any(-1))
    assert len(inked) > 500
    assert box.y <= inked.min(0)[0]
    assert inked.max(0)[0] < box.y + box.height
    assert box.x - 2 <= inked.min(0)[1]
    assert inked.max(0)[1] <= box.x + box.width + 2
    shapes = {character: _inked(character) for character in text if not character.isspace()}
    missing = _inked("\U0010fffd")  # what a typeface draws for a character it has not
    assert not any(np.array_equal(shape, missing) for shape in shapes.values())


def _inked(text: str) -> Frame:
    frame = blank(80, 80, (255, 255, 255))
    draw_text(frame, text, Box(0, 0, 80, 80), 40, (0, 0, 0))
    return frame


def test_accent_makes_a_different_letter() -> None:
    assert not np.array_equal(_inked("é"), _inked("e"))
    assert not np.array_equal(_inked("ß"), _inked("B"))


@pytest.mark.parametrize("width", [40, 120, 300])
def test_wrapped_lines_fit_and_nothing_is_lost(width: int) -> None:
    text = f"cannot write {PATH}: No space left on device"
    lines = wrap(text, width, 16)
    assert all(text_width(line, 16) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_shortened_text_fits_and_ends_in_an_ellipsis() -> None:
    assert shorten("short", 500, 16) == "short"
    cut = shorten("The Great Wave off Kanagawa", 120, 16)
    assert cut.endswith("…")
    assert "The Great Wave off Kanagawa".startswith(cut[:-1])
    assert text_width(cut, 16) <= 120
    assert shorten("The Great Wave", 3, 16) == ""


def test_alignment_puts_text_left_centred_or_right() -> None:
    masks = [text_mask(FittedText(("M",), 20), 200, 30, align=align) for align in (0.0, 0.5, 1.0)]
    middles = [float(np.nonzero(mask)[1].mean()) for mask in masks]
    assert middles[0] < 20
    assert middles[1] == pytest.approx(100, abs=3)
    assert middles[2] > 180


@pytest.mark.parametrize("weight", [REGULAR, BOLD])
def test_typeface_has_every_letter_of_european_languages(weight: text_module.Weight) -> None:
    languages = "àâæçéèêëîïôœùûüÿäößẞñåøÅØłžčšđğışőűþðĳαβγδεζηθάέабвгдежзиюяйёїєґ€“”„«»…●←"
    assert re.fullmatch(text_module._COVERED, languages)
    missing = _glyph("\ufffe", weight)
    for letter in unicodedata.normalize("NFC", languages):
        assert _glyph(letter, weight) != missing, letter


def _glyph(letter: str, weight: text_module.Weight) -> bytes:
    """The picture of a letter in the package's own typeface."""
    return bytes(text_module._font(weight, 32).getmask(letter))


def test_other_scripts_are_set_in_a_typeface_of_the_system(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [name for name in text_module.FALLBACKS if _is_installed(name)]
    if not found:
        pytest.skip("none of the system's typefaces is installed")
    assert text_module._face("saved", REGULAR) == REGULAR
    assert text_module._face("☃ saved", REGULAR) == found[0]


def _is_installed(name: str) -> bool:
    try:
        ImageFont.truetype(name, 16)
    except OSError:
        return False
    return True
