"""Visitors' pictures: found by their link, by nothing else, and for their time only."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from datetime import datetime, time
from pathlib import Path

import pytest

from realtime_style.cli import main
from realtime_style.errors import OutputUnwritable
from realtime_style.kiosk.build import open_store, sole_picture_store
from realtime_style.kiosk.pictures.store import PictureReader, PictureStore
from realtime_style.kiosk.supervision.single_instance import single_instance
from realtime_style.system.folders import state_folder


class Clock:
    """A wall clock that tests put forward and back."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 10, 0).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_picture_is_found_by_its_link_until_its_time_is_over(tmp_path: Path, clock: Clock) -> None:
    keepsakes = PictureStore(tmp_path / "kept", hours=2, clock=clock)
    kept = keepsakes.keep({"png": b"card", "pdf": b"paper"})
    assert kept.expires == clock.now + 7200
    found = keepsakes.find(kept.token, "png")
    assert found is not None
    assert found.read_bytes() == b"card"
    assert keepsakes.kinds(kept.token) == ["png", "pdf"]
    clock.now += 7199
    assert keepsakes.delete_expired() == 2
    assert keepsakes.find(kept.token, "pdf") is not None
    clock.now += 1
    assert keepsakes.find(kept.token, "png") is None  # before any sweep
    assert keepsakes.delete_expired() == 0
    assert list((tmp_path / "kept").iterdir()) == []


def test_crashed_kiosk_finds_what_lasts_and_deletes_what_is_over(
    tmp_path: Path, clock: Clock
) -> None:
    before = PictureStore(tmp_path, hours=2, clock=clock)
    old = before.keep({"png": b"old"})
    clock.now += 5000
    new = before.keep({"png": b"new"})
    clock.now += 3000
    after = PictureStore(tmp_path, hours=2, clock=clock)  # starting is sweeping
    assert len(list(tmp_path.iterdir())) == 1
    assert after.find(old.token, "png") is None
    found = after.find(new.token, "png")
    assert found is not None
    assert found.read_bytes() == b"new"


def test_closing_time_ends_all_of_them(tmp_path: Path, clock: Clock) -> None:
    keepsakes = PictureStore(tmp_path, hours=2, closing=time(18, 30), clock=clock)
    assert keepsakes.keep({"png": b"morning"}).expires == clock.now + 7200
    clock.now = datetime(2026, 11, 25, 18, 0).timestamp()
    late = keepsakes.keep({"png": b"late"})
    assert late.expires == datetime(2026, 11, 25, 18, 30).timestamp()
    clock.now = datetime(2026, 11, 25, 20, 0).timestamp()  # somebody works late
    assert keepsakes.keep({"png": b"night"}).expires == clock.now + 7200
    clock.now += 7200
    keepsakes.delete_expired()
    assert list(tmp_path.iterdir()) == []


def test_clock_put_back_keeps_nothing_longer(tmp_path: Path, clock: Clock) -> None:
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    kept = keepsakes.keep({"png": b"card"})
    clock.now -= 86_400
    assert keepsakes.find(kept.token, "png") is None
    assert keepsakes.delete_expired() == 0


def test_links_do_not_repeat_and_are_not_on_the_disk(tmp_path: Path, clock: Clock) -> None:
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    tokens = [keepsakes.keep({"png": b"card"}).token for _ in range(200)]
    assert len(set(tokens)) == 200
    assert all(
        re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens
    )  # 22 x 6 bits hold 128
    names = " ".join(path.name for path in tmp_path.iterdir())
    assert not any(token in names for token in tokens)


def test_what_is_being_made_is_left_alone_by_readers_and_cleared_away_after_a_crash(
    tmp_path: Path, clock: Clock
) -> None:
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    with keepsakes.scratch_dir() as folder:
        (folder / "film.mp4").write_bytes(b"half")
        PictureReader(tmp_path)  # the page, started anew
        assert (folder / "film.mp4").exists()
        PictureStore(tmp_path, hours=2, clock=clock)  # the kiosk, after a crash
        assert not folder.exists()
        folder.mkdir()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "*",
        "..",
        "../../etc/passwd",
        "?" * 22,
        "A" * 22,
        "A" * 21,
        "*" * 22,
        "[a-z]" * 4 + "ab",
        "é" * 22,
        "A" * 22 + "\n",
    ],
)
def test_nothing_else_finds_a_picture(tmp_path: Path, clock: Clock, token: str) -> None:
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    kept = keepsakes.keep({"png": b"card"})
    assert keepsakes.find(token, "png") is None
    for kind in ("", "*", "pdf", "png/../png", "PNG", "exe"):
        assert keepsakes.find(kept.token, kind) is None
    digest = next(tmp_path.iterdir()).name.split("-")[2].split(".")[0]
    assert keepsakes.find(digest, "png") is None
    assert keepsakes.find(digest[:22], "png") is None


@pytest.mark.skipif(os.name == "nt", reason="permissions are those of POSIX")
def test_pictures_are_for_the_kiosk_alone(tmp_path: Path, clock: Clock) -> None:
    PictureStore(tmp_path / "kept", hours=2, clock=clock).keep({"png": b"card"})
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    assert stat.S_IMODE(next((tmp_path / "kept").iterdir()).stat().st_mode) == 0o600


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "holiday.png").write_bytes(b"mine")
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    keepsakes.keep({"png": b"card"})
    clock.now += 9000
    keepsakes.delete_expired()
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.png"]


def test_half_a_picture_is_not_kept(tmp_path: Path, clock: Clock) -> None:
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    with pytest.raises(OutputUnwritable, match="cannot keep a picture"):
        keepsakes.keep({"png": b"card", "p/f": b"no such folder"})
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputUnwritable, match="change folder"):
        PictureStore(tmp_path / "file", hours=2)


def test_other_folders_of_the_host_are_left_alone(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "making-of").mkdir()
    (tmp_path / "making-of" / "film.mp4").write_bytes(b"the host's")
    keepsakes = PictureStore(tmp_path, hours=2, clock=clock)
    left = keepsakes.scratch_dir()
    work = left.__enter__()
    (work / "half.mp4").write_bytes(b"crash")
    keepsakes.keep({"png": b"card"})
    PictureStore(tmp_path, hours=2, clock=clock).clear()
    assert [path.name for path in tmp_path.iterdir()] == ["making-of"]
    assert (tmp_path / "making-of" / "film.mp4").read_bytes() == b"the host's"


def test_visitor_is_told_the_time_at_which_a_picture_is_deleted(
    tmp_path: Path, clock: Clock
) -> None:
    assert PictureStore(tmp_path, hours=2, clock=clock).until() == "12:00"
    assert PictureStore(tmp_path, hours=2, closing=time(11, 30), clock=clock).until() == "11:30"


def test_folder_that_somebody_took_away_is_made_again(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    keepsakes = PictureStore(tmp_path / "kept", hours=2, clock=clock)
    (tmp_path / "kept").rmdir()
    assert keepsakes.delete_expired() == 0
    assert "kept cannot be read" in caplog.text
    token = keepsakes.keep({"png": b"card"}).token
    assert keepsakes.find(token, "png") is not None


def test_what_is_over_goes_from_former_folders_too(tmp_path: Path, clock: Clock) -> None:
    former = PictureStore(tmp_path / "former", hours=2, clock=clock)
    former.keep({"png": b"old"})
    clock.now += 5000
    lasting = former.keep({"png": b"of another kiosk, it may be"})
    (tmp_path / "former" / "holiday.png").write_bytes(b"not ours")
    clock.now += 3000
    gone = tmp_path / "a stick"
    keepsakes = PictureStore(
        tmp_path / "kept", hours=2, former=[tmp_path / "former", gone], clock=clock
    )
    assert former.find(lasting.token, "png") is not None
    assert len(list((tmp_path / "former").iterdir())) == 2
    keepsakes.clear()
    assert len(list((tmp_path / "former").iterdir())) == 2
    clock.now += 5000
    assert keepsakes.delete_expired() == 0
    assert [path.name for path in (tmp_path / "former").iterdir()] == ["holiday.png"]
    assert not gone.exists()


def test_second_kiosk_is_refused_and_touches_nothing_of_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "kiosk.toml"
    settings.write_text('[pictures]\nfolder = "kept"\n')
    with sole_picture_store(settings) as keepsakes, keepsakes.scratch_dir() as being_made:
        kept = keepsakes.keep({"png": b"card"})
        settings.write_text(
            '[pictures]\nfolder = "kept"\n[screens]\n'
        )  # with a mistake, to be told by its line
        for words in (["kiosk", str(settings)], ["kiosk", str(settings), "--no-watchdog"]):
            assert main(words) == 1
            assert (
                f"another kiosk keeps its pictures in {tmp_path / 'kept'}"
                in capsys.readouterr().err
            )
        assert keepsakes.find(kept.token, "png") is not None
        assert being_made.is_dir()
    assert main(["kiosk", str(settings), "--no-watchdog"]) == 1
    assert "line 3" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="its locks are another call")
def test_kiosk_starts_again_and_again_where_the_file_system_knows_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        single_instance(tmp_path),
        single_instance(tmp_path),
    ):  # as after a kill, which tidies nothing up
        assert caplog.text.count("a second kiosk would not be kept from") == 2


def test_what_a_crash_left_half_made_goes_from_former_folders_too_if_no_kiosk_is_there(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text('[pictures]\nfolder = "one"\n')
    two.write_text('[pictures]\nfolder = "two"\n')
    with sole_picture_store(one) as keepsakes, keepsakes.scratch_dir() as being_made:
        (tmp_path / "one" / ".realtime-style-making-crash123").mkdir()
        with sole_picture_store(two):
            assert being_made.is_dir()
    with sole_picture_store(two):
        assert not list((tmp_path / "one").glob(".realtime-style-making-*"))


def test_kiosk_knows_the_folders_of_settings_before(tmp_path: Path) -> None:
    for name in ("one", "two", "one", "three"):
        (tmp_path / "kiosk.toml").write_text(f'[pictures]\nfolder = "{name}"\n')
        open_store(tmp_path / "kiosk.toml")
    then = int(datetime.now().timestamp()) - 9000
    for name in ("one", "two"):
        (tmp_path / name / f"{then}-{then + 7200}-{64 * 'a'}.png").write_bytes(
            b"left by a power cut"
        )
    open_store(tmp_path / "kiosk.toml")
    assert [list((tmp_path / name).iterdir()) for name in ("one", "two")] == [[], []]
    note = state_folder() / "kiosk-folders.txt"
    note.write_bytes(b"\xff")
    open_store(
        tmp_path / "kiosk.toml"
    )  # nothing is known any more, and the kiosk starts all the same
