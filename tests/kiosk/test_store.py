"""Visitors' pictures: found by their link alone, until they expire."""

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
    """A wall clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 10, 0).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_picture_is_found_by_its_link_until_it_expires(tmp_path: Path, clock: Clock) -> None:
    store = PictureStore(tmp_path / "kept", hours=2, clock=clock)
    kept = store.keep({"png": b"card", "pdf": b"paper"})
    assert kept.expires == clock.now + 7200
    found = store.find(kept.token, "png")
    assert found is not None
    assert found.read_bytes() == b"card"
    assert store.kinds(kept.token) == ["png", "pdf"]
    clock.now += 7199
    assert store.delete_expired() == 2
    assert store.find(kept.token, "pdf") is not None
    clock.now += 1
    assert store.find(kept.token, "png") is None  # before it is deleted
    assert store.delete_expired() == 0
    assert list((tmp_path / "kept").iterdir()) == []


def test_kiosk_after_a_crash_deletes_only_what_has_expired(tmp_path: Path, clock: Clock) -> None:
    before = PictureStore(tmp_path, hours=2, clock=clock)
    old = before.keep({"png": b"old"})
    clock.now += 5000
    new = before.keep({"png": b"new"})
    clock.now += 3000
    after = PictureStore(tmp_path, hours=2, clock=clock)  # its start deletes
    assert len(list(tmp_path.iterdir())) == 1
    assert after.find(old.token, "png") is None
    found = after.find(new.token, "png")
    assert found is not None
    assert found.read_bytes() == b"new"


def test_all_pictures_expire_at_closing_time(tmp_path: Path, clock: Clock) -> None:
    store = PictureStore(tmp_path, hours=2, closing=time(18, 30), clock=clock)
    assert store.keep({"png": b"morning"}).expires == clock.now + 7200
    clock.now = datetime(2026, 11, 25, 18, 0).timestamp()
    late = store.keep({"png": b"late"})
    assert late.expires == datetime(2026, 11, 25, 18, 30).timestamp()
    clock.now = datetime(2026, 11, 25, 20, 0).timestamp()  # somebody works late
    assert store.keep({"png": b"night"}).expires == clock.now + 7200
    clock.now += 7200
    store.delete_expired()
    assert list(tmp_path.iterdir()) == []


def test_clock_that_is_set_back_keeps_nothing_longer(tmp_path: Path, clock: Clock) -> None:
    store = PictureStore(tmp_path, hours=2, clock=clock)
    kept = store.keep({"png": b"card"})
    clock.now -= 86_400
    assert store.find(kept.token, "png") is None
    assert store.delete_expired() == 0


def test_links_are_unique_and_not_on_the_disk(tmp_path: Path, clock: Clock) -> None:
    store = PictureStore(tmp_path, hours=2, clock=clock)
    tokens = [store.keep({"png": b"card"}).token for _ in range(200)]
    assert len(set(tokens)) == 200
    assert all(
        re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens
    )  # 22 x 6 bits hold 128
    names = " ".join(path.name for path in tmp_path.iterdir())
    assert not any(token in names for token in tokens)


def test_unfinished_files_are_deleted_after_a_crash_only(tmp_path: Path, clock: Clock) -> None:
    store = PictureStore(tmp_path, hours=2, clock=clock)
    with store.scratch_dir() as folder:
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
def test_picture_is_not_found_by_anything_else(tmp_path: Path, clock: Clock, token: str) -> None:
    store = PictureStore(tmp_path, hours=2, clock=clock)
    kept = store.keep({"png": b"card"})
    assert store.find(token, "png") is None
    for kind in ("", "*", "pdf", "png/../png", "PNG", "exe"):
        assert store.find(kept.token, kind) is None
    digest = next(tmp_path.iterdir()).name.split("-")[2].split(".")[0]
    assert store.find(digest, "png") is None
    assert store.find(digest[:22], "png") is None


@pytest.mark.skipif(os.name == "nt", reason="permissions are those of POSIX")
def test_pictures_can_be_read_by_the_kiosk_alone(tmp_path: Path, clock: Clock) -> None:
    PictureStore(tmp_path / "kept", hours=2, clock=clock).keep({"png": b"card"})
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    assert stat.S_IMODE(next((tmp_path / "kept").iterdir()).stat().st_mode) == 0o600


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "holiday.png").write_bytes(b"mine")
    store = PictureStore(tmp_path, hours=2, clock=clock)
    store.keep({"png": b"card"})
    clock.now += 9000
    store.delete_expired()
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.png"]


def test_picture_is_kept_whole_or_not_at_all(tmp_path: Path, clock: Clock) -> None:
    store = PictureStore(tmp_path, hours=2, clock=clock)
    with pytest.raises(OutputUnwritable, match="cannot keep a picture"):
        store.keep({"png": b"card", "p/f": b"no such folder"})
    assert list(tmp_path.iterdir()) == []


def test_bad_folder_is_an_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputUnwritable, match="change folder"):
        PictureStore(tmp_path / "file", hours=2)


def test_other_folders_of_the_host_are_left_alone(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "making-of").mkdir()
    (tmp_path / "making-of" / "film.mp4").write_bytes(b"the host's")
    store = PictureStore(tmp_path, hours=2, clock=clock)
    left = store.scratch_dir()
    work = left.__enter__()
    (work / "half.mp4").write_bytes(b"crash")
    store.keep({"png": b"card"})
    PictureStore(tmp_path, hours=2, clock=clock).clear()
    assert [path.name for path in tmp_path.iterdir()] == ["making-of"]
    assert (tmp_path / "making-of" / "film.mp4").read_bytes() == b"the host's"


def test_time_of_expiry_is_known_beforehand(tmp_path: Path, clock: Clock) -> None:
    assert PictureStore(tmp_path, hours=2, clock=clock).until() == "12:00"
    assert PictureStore(tmp_path, hours=2, closing=time(11, 30), clock=clock).until() == "11:30"


def test_deleted_folder_is_made_again(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    store = PictureStore(tmp_path / "kept", hours=2, clock=clock)
    (tmp_path / "kept").rmdir()
    assert store.delete_expired() == 0
    assert "kept cannot be read" in caplog.text
    token = store.keep({"png": b"card"}).token
    assert store.find(token, "png") is not None


def test_expired_pictures_in_former_folders_are_deleted(tmp_path: Path, clock: Clock) -> None:
    former = PictureStore(tmp_path / "former", hours=2, clock=clock)
    former.keep({"png": b"old"})
    clock.now += 5000
    lasting = former.keep({"png": b"of another kiosk, it may be"})
    (tmp_path / "former" / "holiday.png").write_bytes(b"not ours")
    clock.now += 3000
    gone = tmp_path / "a stick"
    store = PictureStore(
        tmp_path / "kept", hours=2, former=[tmp_path / "former", gone], clock=clock
    )
    assert former.find(lasting.token, "png") is not None
    assert len(list((tmp_path / "former").iterdir())) == 2
    store.clear()
    assert len(list((tmp_path / "former").iterdir())) == 2
    clock.now += 5000
    assert store.delete_expired() == 0
    assert [path.name for path in (tmp_path / "former").iterdir()] == ["holiday.png"]
    assert not gone.exists()


def test_second_kiosk_is_refused_and_deletes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "kiosk.toml"
    settings.write_text('[pictures]\nfolder = "kept"\n')
    with sole_picture_store(settings) as store, store.scratch_dir() as being_made:
        kept = store.keep({"png": b"card"})
        settings.write_text('[pictures]\nfolder = "kept"\n[screens]\n')  # with a mistake
        for words in (["kiosk", str(settings)], ["kiosk", str(settings), "--no-watchdog"]):
            assert main(words) == 1
            assert (
                f"another kiosk keeps its pictures in {tmp_path / 'kept'}"
                in capsys.readouterr().err
            )
        assert store.find(kept.token, "png") is not None
        assert being_made.is_dir()
    assert main(["kiosk", str(settings), "--no-watchdog"]) == 1
    assert "line 3" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="its locks are another call")
def test_kiosk_restarts_on_a_file_system_without_locks(
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
        assert caplog.text.count("against a second kiosk") == 2


def test_unfinished_files_in_former_folders_are_deleted(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text('[pictures]\nfolder = "one"\n')
    two.write_text('[pictures]\nfolder = "two"\n')
    with sole_picture_store(one) as store, store.scratch_dir() as being_made:
        (tmp_path / "one" / ".realtime-style-making-crash123").mkdir()
        with sole_picture_store(two):
            assert being_made.is_dir()
    with sole_picture_store(two):
        assert not list((tmp_path / "one").glob(".realtime-style-making-*"))


def test_kiosk_remembers_the_folders_of_earlier_settings(tmp_path: Path) -> None:
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
    )  # no folder is known any more, and the kiosk starts all the same
