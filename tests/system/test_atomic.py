"""Files that are written whole or not at all, also over an old one that is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime_style.cli import main
from realtime_style.errors import OutputUnwritable
from realtime_style.sources.files import VideoSource
from realtime_style.system.atomic import atomic_write
from realtime_style.testing.style_files import FakeClock
from tests.helpers.video import names


@pytest.fixture(autouse=True)
def quick_retries(fake_clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename that is refused is tried again for a second, which nobody needs to wait for."""
    monkeypatch.setattr("realtime_style.system.atomic.time.sleep", fake_clock.sleep)


@pytest.fixture
def held_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to replace files, as Windows does while another program has them open."""

    def replace(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(self))

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.usefixtures("held_open")
def test_result_is_kept_beside_an_old_one_in_use(
    clip: Path, tiny_style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    target, kept = tmp_path / "out" / "out.mp4", tmp_path / "out" / "out_2.mp4"
    target.write_bytes(b"being played")
    call = ["video", str(clip), str(target), "--style", str(tiny_style), "--device", "cpu"]
    assert main(call) == 1
    assert (
        f"error: cannot replace {target}: Access is denied; the result is kept as {kept}, "
        in capsys.readouterr().err
    )
    assert target.read_bytes() == b"being played"
    assert names(target.parent) == ["out.mp4", "out_2.mp4"]
    assert sum(1 for _ in VideoSource(kept)) == 20


@pytest.mark.usefixtures("held_open")
def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text("old")
    with pytest.raises(KeyError), atomic_write(tmp_path / "old.txt"):
        raise KeyError
    assert names(tmp_path) == ["old.txt"]


def test_result_without_any_rename_is_kept_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows while a virus scanner or a sync client keeps reading the new file."""

    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError(13, "Access is denied", str(self))

    for name in ("replace", "rename"):
        monkeypatch.setattr(Path, name, refuse)
    message = r"cannot write .*new\.txt: Access is denied; the result is kept as .*\.part\.txt,"
    with (
        pytest.raises(OutputUnwritable, match=message),
        atomic_write(tmp_path / "new.txt") as part,
    ):
        part.write_text("an hour of work")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["an hour of work"]


def test_rename_denied_for_a_moment_succeeds_later(
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
