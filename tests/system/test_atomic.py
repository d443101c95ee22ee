"""OutputGroup that are whole or not there, also where the system will not let go of the old one."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime_style.cli import main
from realtime_style.errors import OutputUnwritable
from realtime_style.sources.files import VideoSource
from realtime_style.system.atomic import atomic_write
from tests.helpers.video import names


@pytest.fixture
def held_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: no file replaces one that another program has open."""

    def replace(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(self))

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.usefixtures("held_open")
def test_a_result_that_cannot_replace_the_old_one_is_kept_beside_it(
    clip: Path, tiny_style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    target, kept = tmp_path / "out" / "out.mp4", tmp_path / "out" / "out_2.mp4"
    target.write_bytes(b"being played")
    assert (
        main(["video", str(clip), str(target), "--style", str(tiny_style), "--device", "cpu"]) == 1
    )
    assert (
        f"error: cannot replace {target}: Access is denied; the result is kept as {kept}, "
        in capsys.readouterr().err
    )
    assert target.read_bytes() == b"being played"
    assert names(target.parent) == ["out.mp4", "out_2.mp4"]
    assert sum(1 for _ in VideoSource(kept)) == 20


@pytest.mark.usefixtures("held_open")
def test_nothing_is_kept_of_what_failed(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    with pytest.raises(KeyError), atomic_write(tmp_path / "old.txt"):
        raise KeyError
    assert names(tmp_path) == ["old.txt"]


def test_a_result_that_cannot_be_renamed_at_all_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows while a virus scanner or a cloud's program looks at the new file, and does not stop."""

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(self))

    for name in ("replace", "rename"):
        monkeypatch.setattr(Path, name, refuse)
    with (
        pytest.raises(
            OutputUnwritable,
            match=r"cannot write .*new\.txt: Access is denied; the result is kept as .*\.part\.txt,",
        ),
        atomic_write(tmp_path / "new.txt") as part,
    ):
        part.write_text("an hour of work")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["an hour of work"]


def test_a_name_that_is_denied_for_a_moment_is_given_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denials, real = [0, 1, 2], Path.replace

    def replace(self: Path, target: Path) -> Path:
        if denials:
            denials.pop()
            raise PermissionError(13, "Access is denied", str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with atomic_write(tmp_path / "new.txt") as part:
        part.write_text("an hour of work")
    assert names(tmp_path) == ["new.txt"]
