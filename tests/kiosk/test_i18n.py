"""The kiosk's words in each language."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from realtime_style.errors import BadSettings
from realtime_style.kiosk.config import i18n
from realtime_style.kiosk.config.i18n import load_catalogues

OWN = Path(i18n.__file__).parents[1] / "locales"


def test_four_languages_are_complete_and_translated() -> None:
    languages = load_catalogues()
    assert {"en", "fr", "nl", "de"} <= set(languages)
    said = [languages[code].entries for code in ("en", "fr", "nl", "de")]
    same = [key for key in said[0] if len({str(entries[key]) for entries in said}) < 3]
    assert same == ["film", "date", "first"]
    for entries in said[1:]:
        left_in_english = [key for key, words in entries.items() if words == said[0][key]]
        assert len(left_in_english) <= 3, left_in_english


def test_fields_are_filled_in() -> None:
    languages = load_catalogues()
    assert languages["fr"]("manner", artist="Hokusai") == "d\u2019après Hokusai"
    assert languages["en"].date(date(2026, 11, 5)) == "5 November 2026"
    assert languages["fr"].date(date(2027, 1, 1)) == "1er janvier 2027"
    assert languages["de"].date(date(2026, 3, 25)) == "25. März 2026"


def test_folder_adds_a_language_and_replaces_another(tmp_path: Path) -> None:
    english = (OWN / "en.toml").read_text(encoding="utf-8")
    (tmp_path / "it.toml").write_text(
        english.replace("Touch the screen", "Tocca lo schermo"), encoding="utf-8"
    )
    (tmp_path / "en.toml").write_text(
        english.replace("Touch the screen", "Hello there"), encoding="utf-8"
    )
    languages = load_catalogues(tmp_path)
    assert languages["it"]("invite") == "Tocca lo schermo"
    assert languages["en"]("invite") == "Hello there"
    assert languages["nl"]("invite") == "Raak het scherm aan"


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('invite = "Touch the screen"\n', "", "'invite' is missing"),
        ("{artist}", "{artists}", "'manner' must have the same words in braces"),
        ("{artist}", "{artist", "'manner'"),
        ('"December"', '"December", "Triember"', "'months' must be a list of 12"),
        ('shoot = "Take a picture"', "shoot = 5", "'shoot' must be words"),
        ('done = "Done"', 'done = "Done"\ndonne = "Donne"', "'donne' is not a key"),
        ('done = "Done"', "done = Done", r"line \d+, column 8"),
    ],
)
def test_bad_catalogue_is_refused_with_file_and_key(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    english = (OWN / "en.toml").read_text(encoding="utf-8")
    assert before in english
    (tmp_path / "xx.toml").write_text(english.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(BadSettings, match=complaint) as caught:
        load_catalogues(tmp_path)
    assert "xx.toml" in str(caught.value)


def test_folder_of_catalogues_must_exist(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="not a folder"):
        load_catalogues(tmp_path / "nowhere")


def test_catalogue_in_another_encoding_is_refused(tmp_path: Path) -> None:
    shutil.copy(OWN / "fr.toml", tmp_path / "fr.toml")
    text = (tmp_path / "fr.toml").read_text(encoding="utf-8")
    (tmp_path / "fr.toml").write_bytes(
        text.replace("\u2019", "'").replace("œ", "oe").encode("latin-1")
    )
    with pytest.raises(BadSettings, match=r"fr\.toml"):
        load_catalogues(tmp_path)
