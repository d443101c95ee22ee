"""The kiosk's settings: defaults, and mistakes reported by their line."""

from __future__ import annotations

import os
import re
from datetime import time
from pathlib import Path

import numpy as np
import pytest

from realtime_style.cli import main
from realtime_style.errors import BadSettings
from realtime_style.kiosk.config.loader import load_picture_settings, load_settings
from realtime_style.kiosk.config.schema import KioskSettings, OutputSettings, PictureSettings
from realtime_style.media.images import Picture, write_image
from realtime_style.testing.style_files import write_tiny_style

ALL = """\
# A whole day at the institute.
[screen]
language = "nl"
languages = ["nl", "fr"]
words = "words"
fullscreen = false
idle = 30

[camera]
camera = "clip.mp4"
size = "1280x720"

[painting]
styles = ["starry-night", "great-wave"]
strength = 0.8

[card]
size = "A5"
host = "Institute"
logo = "logo.png"
wish = { nl = "Gelukkig nieuwjaar" }

[pictures]
hours = 1
closing = "18:30"

[take_home]
on = true
port = 9000

[printer]
command = ["lp", "-o", "media=A5", "{file}"]

[host]
port = 9001
token = "kVq2Zr8mT0aYxW4c"

[outputs]
mjpeg = "0.0.0.0:9002"
virtual_camera = "auto"
record = "films"
"""

URL = "rtmp://localhost/app/key"


@pytest.fixture(autouse=True)
def a_printer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program `lp`, which few machines without a printer have."""
    lp = tmp_path / "bin" / ("lp.exe" if os.name == "nt" else "lp")
    lp.parent.mkdir()
    lp.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(lp.parent))


def load(tmp_path: Path, text: str) -> KioskSettings:
    (tmp_path / "words").mkdir(exist_ok=True)
    write_image(tmp_path / "logo.png", Picture(np.zeros((8, 8, 3), np.uint8)))
    (tmp_path / "clip.mp4").touch()
    path = tmp_path / "kiosk.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_every_setting_can_be_left_out(tmp_path: Path) -> None:
    assert (
        load_settings(None)
        == load(tmp_path, "")
        == load(tmp_path, "[screen]\n[host]\n")
        == KioskSettings()
    )


def test_every_section_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, ALL)
    assert settings.screen.languages == ("nl", "fr")
    assert settings.screen.words == tmp_path / "words"
    assert settings.screen.idle == 30
    assert settings.camera.size == (1280, 720)
    assert settings.camera.camera == str(tmp_path / "clip.mp4")
    assert settings.painting.styles == ("starry-night", "great-wave")
    assert settings.card.logo == tmp_path / "logo.png"
    assert settings.card.wish == {"nl": "Gelukkig nieuwjaar"}
    assert settings.pictures.closing == time(18, 30)
    assert settings.printer.command[-1] == "{file}"
    assert settings.host.token == "kVq2Zr8mT0aYxW4c"
    assert settings.painting.steadiness == 0.5
    assert settings.outputs.mjpeg == "0.0.0.0:9002"
    assert settings.outputs.record == tmp_path / "films"


def test_style_files_are_found_beside_the_settings(tmp_path: Path) -> None:
    file = write_tiny_style(tmp_path / "two.onnx", names=["a", "b"])
    settings = load(tmp_path, '[painting]\nstyles = ["two.onnx", "two.onnx#b", "starry-night"]\n')
    assert settings.painting.styles == (str(file), f"{file}#b", "starry-night")


def test_pictures_section_is_read_despite_other_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text('[screens]\n[pictures]\nfolder = "kept"\nhours = 3\n')
    assert load_picture_settings(path).folder == tmp_path / "kept"
    assert load_picture_settings(path).hours == 3
    assert load_picture_settings(None) == PictureSettings()
    for wrong, line in (("hours = 99", 2), ('hour = "1"', 2), ("hours = ", 2)):
        path.write_text(f"[pictures]\n{wrong}\n")
        with pytest.raises(BadSettings, match=f"line {line}"):
            load_picture_settings(path)


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text('[screen]\nlanguage = "fr"\n', encoding="utf-8-sig")
    assert load_settings(path).screen.language == "fr"


def test_other_encodings_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_text('[card]\n\nhost = "Université"\n', encoding="latin-1")
    with pytest.raises(BadSettings, match="line 3: not in UTF-8"):
        load_settings(path)


def test_example_and_its_commented_lines_are_valid(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "demos" / "kiosk.toml"
    assert load_settings(example) == KioskSettings()
    shown = example.read_text(encoding="utf-8").partition("[host]")[
        0
    ]  # whose secrets are placeholders
    text = re.sub(r"^# (?=\w+ = )", "", shown, flags=re.MULTILINE)
    settings = load(tmp_path, text)
    assert settings.printer.command[0] == "lp"
    assert settings.card.wish["fr"] == "Bonne année"
    assert (settings.screen.idle, settings.camera.size) == (45, (640, 480))


def test_empty_text_is_none(tmp_path: Path) -> None:
    settings = load(tmp_path, re.sub(r'"(logo.png|films|words|auto|0.0.0.0:9002)"', '""', ALL))
    assert settings.card.logo is settings.screen.words is None
    assert settings.outputs == OutputSettings()


@pytest.mark.parametrize("value", [{"mjpeg": "8082"}, {"virtual_camera": "auto"}, {"stream": URL}])
def test_every_output_but_films_shows_the_picture_elsewhere(value: dict[str, str]) -> None:
    assert OutputSettings(**value).shown_elsewhere  # type: ignore[arg-type]
    assert not OutputSettings(record=Path("films")).shown_elsewhere


@pytest.mark.parametrize(
    ("before", "after", "line", "complaint"),
    [
        ("idle = 30", "idel = 30", 7, "no 'idel'; did you mean 'idle'"),
        ("idle = 30", 'idle = "30"', 7, "idle must be a number from 5 to 3600, not '30'"),
        ("idle = 30", "idle = true", 7, "idle must be a number"),
        ("idle = 30", "idle = 1", 7, "idle must be a number from 5 to 3600"),
        ("idle = 30", "idle = nan", 7, "idle must be a number from 5 to 3600"),
        ("[screen]", "idle = 30\n[screen]", 2, r"no section \[idle\]"),
        ("[printer]\ncommand", "[elsewhere]\ncommand", 31, r"no section \[elsewhere\]"),
        ('"18:30"', '"18:30Z"', 25, "without a zone"),
        ('"18:30"', "2026-11-25T18:30:00Z", 25, "a time such as"),
        ('["nl", "fr"]', '["nl", "it"]', 4, "no catalogue it.toml"),
        ('"starry-night",', '"starry-day",', 14, "starry-day"),
        ('"starry-night",', '"mine.onnx",', 14, "mine.onnx"),
        ('"logo.png"', '"none.png"', 20, "none.png"),
        ('"clip.mp4"', '"clap.mp4"', 10, "no camera or clip .*clap.mp4"),
        ('"clip.mp4"', '""', 10, "no camera or clip"),
        ('"logo.png"', '"~nobody_here/logo.png"', 20, "logo must be a path whose ~NAME is a user"),
        ('"logo.png"', '"a\\u0000b"', 20, "logo must be a path that a disk can have"),
        ('"words"', '"nix"', 5, "nix is not a folder"),
        ("port = 9001", 'pin = "1234"', 35, "--secrets"),
        ("[printer]", "[printers]", 31, "did you mean 'printer'"),
        ("[screen]", "screen = 5\n[screens]", 2, r"\[screen\] is a section"),
        ('size = "A5"', 'size = "A4"', 18, "size must be one of A6, A5"),
        ('size = "1280x720"', 'size = "big"', 11, "size must be a size such as 640x480"),
        (
            'size = "1280x720"',
            'fourcc = "MJPEG"',
            11,
            "fourcc must be four letters, such as MJPG or YUYV, not 'MJPEG'",
        ),
        ('size = "1280x720"', "fps = 0", 11, "fps must be a number above 0, not 0"),
        ("0.0.0.0:9002", "rtmp://host/app", 39, r"mjpeg must be \[ADDRESS:\]PORT"),
        ('record = "films"', 'stream = "http://here"', 41, "stream must be an RTMP address"),
        ("fullscreen = false", 'fit = "stretch"', 6, "fit must be one of contain, cover"),
        ("fullscreen = false", "monitor = -1", 6, "monitor must be a whole number from 0 up"),
        ("strength = 0.8", "strength = 2", 15, "strength must be a number from 0 to 1, not 2"),
        ('size = "1280x720"', 'backend = "vfw"', 11, "backend must be one of auto, v4l2, msmf"),
        ('"18:30"', '"half past six"', 25, "a time such as"),
        ("port = 9000", "port = 80.5", 29, "port must be a whole number from 1 to 65535, not 80.5"),
        ("port = 9001", "port = 9000", 35, "port must differ"),
        ("port = 9000", 'address = "http://here"', 29, "address must be a name or number alone"),
        ("port = 9000", 'address = "10.42.0.1:9000"', 29, "address must be a name or number alone"),
        ("kVq2Zr8mT0aYxW4c", "short", 36, "token must be 16 or more"),
        ("kVq2Zr8mT0aYxW4c", "../../../../../etc", 36, "token must be 16 or more"),
        ('"{file}"', '"card.pdf"', 32, r"command must be .* with \"{file}\" in place of the card"),
        ('"lp"', '"lpp"', 32, "no program 'lpp' here"),
        ('{ nl = "Gel', '{ it = "Gel', 21, "no language 'it'; there are "),
        ('language = "nl"', 'language = "de"', 3, "'de' is not one of languages"),
        ('["nl", "fr"]', '"nl"', 4, "languages must be a list of texts"),
        ("fullscreen = false", 'fullscreen = "no"', 6, "true or false"),
        ('{ nl = "Gelukkig nieuwjaar" }', '"Gelukkig"', 21, "texts by language"),
        ("0.0.0.0:9002", "second.screen", 39, r"mjpeg must be \[ADDRESS:\]PORT, such as 8082"),
        ("0.0.0.0:9002", "9000", 39, r"another port than \[take_home\]"),
        ("0.0.0.0:9002", "9001", 39, r"another port than \[host\]"),
        ('host = "Institute"', "host = Institute", 19, "Invalid value"),
    ],
)
def test_mistake_is_reported_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, complaint: str
) -> None:
    assert before in ALL
    with pytest.raises(BadSettings, match=complaint) as caught:
        load(tmp_path, ALL.replace(before, after, 1))
    assert f"line {line}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "kiosk.toml" in str(caught.value)


def test_mistake_in_a_dotted_key_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="line 3: hours must be a number from"):
        load(tmp_path, "# short\nscreen.idle = 30\npictures.hours = 99\n")


def test_mistake_in_an_inline_section_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="line 2: there is no 'idel'"):
        load(tmp_path, "# short\nscreen = { idel = 30 }\n[host]\nport = 9000\n")


def test_mistyped_clip_is_refused_before_the_screen_opens(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["kiosk", "--no-watchdog", "--camera", "clpi.mp4"]) == 1
    assert "there is no camera or clip clpi.mp4" in capsys.readouterr().err


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read: No such file"):
        load_settings(tmp_path / "none.toml")
