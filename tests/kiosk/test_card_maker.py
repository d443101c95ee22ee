"""From a capture to a card, on the disk and on paper."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from realtime_style.kiosk.pictures.card import CardText
from realtime_style.kiosk.pictures.card_maker import Capture, CardMaker, SavedCard
from realtime_style.kiosk.pictures.session import Visitor
from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.sources.pattern import TestPattern
from tests.helpers.waiting import until

TEXT = CardText("2027", "Hokusai", "26.11.2026")
PICTURE = TestPattern(320, 240).picture(3)


def card_maker(folder: Path, *printer: str) -> CardMaker:
    return CardMaker(PictureStore(folder / "kept", hours=2), printer=printer)


def make(maker: CardMaker, capture: Capture) -> SavedCard:
    maker.make(capture, TEXT)
    while (result := maker.made()) is None:
        time.sleep(0.02)
    assert result[0] is capture
    assert isinstance(result[1], SavedCard), result
    return result[1]


def printed(maker: CardMaker) -> bool:
    while (success := maker.printed()) is None:
        time.sleep(0.02)
    return success


def test_card_goes_to_the_printer_as_a_pdf(tmp_path: Path) -> None:
    paper = tmp_path / "paper.pdf"
    copy = "import shutil, sys; shutil.copy(*sys.argv[1:])"
    maker = card_maker(tmp_path, sys.executable, "-c", copy, "{file}", str(paper))
    maker.print(make(maker, Capture(PICTURE)).stored)
    assert printed(maker)
    assert paper.read_bytes().startswith(b"%PDF")
    assert maker.printed() is None  # told once
    maker.close()


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('out of paper')", "{file}"), "out of paper"),
        (("no-such-printer", "{file}"), "the printer's command failed"),
    ],
)
def test_card_outlasts_a_printer_that_fails(
    tmp_path: Path, command: tuple[str, ...], complaint: str, caplog: pytest.LogCaptureFixture
) -> None:
    maker = card_maker(tmp_path, *command)
    made = make(maker, Capture(PICTURE))
    maker.print(made.stored)
    assert not printed(maker)
    assert complaint in caplog.text
    assert PictureStore(tmp_path / "kept", hours=2).kinds(made.stored.token) == ["png", "pdf"]
    maker.close()


class Visit:
    """A visitor with a picture that is kept, and a clock."""

    def __init__(self, maker: CardMaker) -> None:
        self.visitor, self.now = Visitor(maker, lambda token: None), 0.0
        self.visitor.shoot(PICTURE, 0)
        self.visitor.keep(TEXT)
        self.wait(lambda visitor: visitor.card is not None)

    def wait(self, condition: Callable[[Visitor], bool]) -> None:
        def holds() -> bool:
            self.now += 1.0
            self.visitor.poll(self.now)
            return condition(self.visitor)

        until(holds)


def test_card_is_printed_once_unless_the_printer_fails(tmp_path: Path) -> None:
    command = "import sys; open(sys.argv[2], 'a').write('x'); sys.exit(1)"
    tries = tmp_path / "tries"
    maker = card_maker(tmp_path, sys.executable, "-c", command, "{file}", str(tries))
    visit = Visit(maker)
    visit.visitor.print(visit.now)
    visit.visitor.print(visit.now)
    assert visit.visitor.notice == "printing"
    visit.wait(lambda visitor: visitor.notice == "print_failed")
    assert tries.read_text() == "x"
    visit.visitor.print(visit.now)
    assert not printed(maker)
    assert tries.read_text() == "xx"
    maker.close()


def test_notice_of_the_printer_does_not_stay_over_the_code(tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    wait = (
        "import pathlib, sys, time\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)\n"
    )
    maker = card_maker(tmp_path, sys.executable, "-c", wait, str(paper))
    visit = Visit(maker)
    visit.visitor.print(visit.now)
    visit.visitor.poll(visit.now + 100.0)
    assert visit.visitor.notice == "printing"  # for as long as it takes
    paper.touch()
    visit.wait(lambda visitor: visitor.notice == "")
    visit.visitor.print(visit.now)  # the visitor waits for the paper and taps again
    assert visit.visitor.notice == "printing"
    visit.visitor.poll(visit.now + 10.0)
    assert visit.visitor.notice == ""
    maker.close()


def test_cards_in_quick_succession_go_each_to_its_own_visitor(tmp_path: Path) -> None:
    maker = card_maker(tmp_path)
    visitor = Visitor(maker, lambda token: None)
    for artist in range(3):
        visitor.forget()
        visitor.shoot(np.full((240, 320, 3), 100 + artist, np.uint8), artist)
        visitor.keep(TEXT)
    artists: list[int] = []

    def all_made() -> bool:
        made = visitor.poll(0.0)
        if isinstance(made, SavedCard):
            artists.append(made.artist)
            assert (visitor.card is not None) == (made.artist == 2)
        return len(artists) == 3

    until(all_made)
    assert artists == [0, 1, 2]
    maker.close()
