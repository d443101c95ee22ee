"""What becomes of a picture that a visitor keeps: a card on paper, and a film."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.card_maker import Capture, CardMaker, SavedCard
from realtime_style.kiosk.pictures.session import Visitor
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.sources.pattern import TestPattern
from tests.helpers.webcam import read_video

TEXT = CardText("2027", "Hokusai", "26.11.2026")
PICTURE = TestPattern(320, 240).picture(3)


def album(tmp_path: Path, *printer: str) -> CardMaker:
    return CardMaker(PictureStore(tmp_path / "kept", hours=2), printer=printer)


def made_by(album: CardMaker, taken: Capture) -> SavedCard:
    album.make(taken, TEXT)
    began = time.perf_counter()
    while (told := album.made()) is None:
        assert time.perf_counter() - began < 20
        time.sleep(0.02)
    assert told[0] is taken
    assert isinstance(told[1], SavedCard), told
    return told[1]


def printed(album: CardMaker) -> bool:
    began = time.perf_counter()
    while (well := album.printed()) is None:
        assert time.perf_counter() - began < 20
        time.sleep(0.02)
    return well


def test_card_goes_to_the_printer_as_a_pdf(tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    kiosk = album(
        tmp_path,
        sys.executable,
        "-c",
        "import shutil, sys; shutil.copy(*sys.argv[1:])",
        "{file}",
        str(paper),
    )
    kiosk.print(made_by(kiosk, Capture(PICTURE)).keepsake)
    assert printed(kiosk)
    assert paper.read_bytes().startswith(b"%PDF")
    assert kiosk.printed() is None  # told once
    kiosk.close()


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('out of paper')", "{file}"), "out of paper"),
        (("no-such-printer", "{file}"), "the printer's command failed"),
    ],
)
def test_printer_that_fails_is_told_and_the_card_stays(
    tmp_path: Path, command: tuple[str, ...], complaint: str, caplog: pytest.LogCaptureFixture
) -> None:
    kiosk = album(tmp_path, *command)
    made = made_by(kiosk, Capture(PICTURE))
    kiosk.print(made.keepsake)
    assert not printed(kiosk)
    assert complaint in caplog.text
    assert PictureStore(tmp_path / "kept", hours=2).kinds(made.keepsake.token) == ["png", "pdf"]
    kiosk.close()


def test_visitor_prints_a_card_once_and_hears_of_a_printer_that_fails(tmp_path: Path) -> None:
    command = "import sys; open(sys.argv[2], 'a').write('x'); sys.exit(1)"
    kiosk = album(tmp_path, sys.executable, "-c", command, "{file}", str(tmp_path / "tries"))
    visitor = Visitor(kiosk, lambda token: None)
    visitor.shoot(PICTURE, 0)
    visitor.keep(TEXT)
    now = 0.0
    while visitor.card is None:
        visitor.hear(now)
        time.sleep(0.02)
    visitor.print(now)
    visitor.print(now)
    assert visitor.notice == "printing"
    while visitor.notice == "printing":
        visitor.hear(now)
        time.sleep(0.02)
    assert visitor.notice == "print_failed"
    assert (tmp_path / "tries").read_text() == "x"
    visitor.print(now)
    assert not printed(kiosk)
    assert (tmp_path / "tries").read_text() == "xx"  # after a failure there is another try
    kiosk.close()


def test_no_words_about_a_printed_card_stay_over_its_code(tmp_path: Path) -> None:
    kiosk = album(tmp_path, sys.executable, "-c", "import time; time.sleep(0.5)", "{file}")
    visitor = Visitor(kiosk, lambda token: None)
    visitor.shoot(PICTURE, 0)
    visitor.keep(TEXT)
    while visitor.card is None:
        visitor.hear(0.0)
        time.sleep(0.02)
    visitor.print(0.0)
    visitor.hear(100.0)
    assert visitor.notice == "printing"  # for as long as it takes
    while not visitor._printed or visitor._prints:
        visitor.hear(100.0)
        time.sleep(0.02)
    visitor.hear(110.0)
    assert visitor.notice == ""
    visitor.print(110.0)  # who waits for the paper taps again
    assert visitor.notice == "printing"
    visitor.hear(120.0)
    assert visitor.notice == ""
    kiosk.close()


def test_cards_kept_in_quick_succession_are_all_heard_of_and_each_is_its_own_visitors(
    tmp_path: Path,
) -> None:
    kiosk = album(tmp_path)
    visitor = Visitor(kiosk, lambda token: None)
    for painter in range(3):
        visitor.forget()
        visitor.shoot(np.full((240, 320, 3), 100 + painter, np.uint8), painter)
        visitor.keep(TEXT)
    heard: list[int] = []
    began = time.perf_counter()
    while len(heard) < 3:
        assert time.perf_counter() - began < 20
        made = visitor.hear(0.0)
        if isinstance(made, SavedCard):
            heard.append(made.painter)
            assert (visitor.card is not None) == (made.painter == 2)
        time.sleep(0.01)
    assert heard == [0, 1, 2]
    kiosk.close()


def test_film_whose_frames_change_their_size_begins_again(tmp_path: Path) -> None:
    kiosk = album(tmp_path)
    visitor = Visitor(kiosk, lambda token: None)

    def frame(width: int) -> Frame:
        return np.full((64, width, 3), 90, np.uint8)

    visitor.start_film()
    for number in range(30):
        visitor.film(frame(96 if number < 10 else 80), number / 15)
    visitor.end_film(0)
    visitor.keep(TEXT)
    while not isinstance(made := visitor.hear(0.0), SavedCard):
        assert made is None, made
        time.sleep(0.02)
    path = PictureStore(tmp_path / "kept", hours=2).find(made.keepsake.token, "mp4")
    assert path is not None
    frames, _ = read_video(path)
    assert len(frames) == 38  # 20 there and 18 back
    assert frames[0].shape == (64, 80, 3)
    kiosk.close()
