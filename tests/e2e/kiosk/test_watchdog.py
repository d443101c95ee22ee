"""What the watchdog does about commands that die, hang, cannot begin, or are told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.supervision.stats import Counters, RestartState
from realtime_style.kiosk.supervision.watchdog import (
    _HUNG_S,
    _START_S,
    _WELL_S,
    BEAT,
    CRASH_COUNT,
    UNAVAILABLE,
    Watchdog,
)

HEART = "from realtime_style.kiosk.supervision.watchdog import Heartbeat\n"
ALIVE = f"print({BEAT!r}, flush=True)\n"


def dog(tmp_path: Path, script: str, **patience: Any) -> Watchdog:
    """A watchdog of a script that counts its starts in the file `starts`."""
    count = (
        "import os, sys, time\nopen('starts', 'a').write('x')\nn = len(open('starts').read()) - 1\n"
    )
    path = tmp_path / "kiosk.py"
    path.write_text(f"import os\nos.chdir({str(tmp_path)!r})\n{count}{script}")
    return Watchdog([sys.executable, str(path)], **patience)


def test_killed_kiosk_is_started_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    watched = dog(tmp_path, ALIVE + "if n < 2: os.kill(os.getpid(), 9)\nprint('three visitors')\n")
    began = time.perf_counter()
    assert watched.run() == 0
    assert watched.starts == 3
    assert time.perf_counter() - began < 5
    assert capfd.readouterr().out == "three visitors\n"  # and no beats


def test_hung_kiosk_is_killed_and_started_again(tmp_path: Path) -> None:
    watched = dog(tmp_path, ALIVE + "if n == 0: time.sleep(60)\n", hung_s=1.0)
    began = time.perf_counter()
    assert watched.run() == 0
    assert watched.starts == 2
    assert 1 <= time.perf_counter() - began < 6


def test_kiosk_that_never_begins_is_not_waited_for(tmp_path: Path) -> None:
    watched = dog(tmp_path, "if n == 0: time.sleep(60)\n" + ALIVE, start_s=1.5)
    assert watched.run() == 0
    assert watched.starts == 2


@pytest.mark.parametrize("code", [1, 2])
def test_mistake_at_the_start_is_passed_on(tmp_path: Path, code: int) -> None:
    watched = dog(tmp_path, f"sys.exit({code})\n")
    assert watched.run() == code
    assert watched.starts == 1


def test_failure_after_it_lived_is_no_reason_to_stop(tmp_path: Path) -> None:
    watched = dog(tmp_path, ALIVE + "sys.exit(1 if n == 0 else 0)\n")
    assert watched.run() == 0
    assert watched.starts == 2


def test_mistake_in_the_settings_at_noon_is_waited_out(tmp_path: Path) -> None:
    watched = dog(
        tmp_path, "if n in (1, 2): sys.exit(1)\n" + ALIVE + "sys.exit(75 if n == 0 else 0)\n"
    )
    assert watched.run() == 0
    assert watched.starts == 4


def test_kiosk_that_takes_its_time_to_close_is_not_taken_for_a_hung_one(tmp_path: Path) -> None:
    closing = HEART + "heart = Heartbeat()\nheart.beat()\nheart.beat_on()\ntime.sleep(4)\n"
    watched = dog(tmp_path, closing, hung_s=2.0)
    assert watched.run() == 0
    assert watched.starts == 1


@pytest.mark.parametrize(("begins", "starts"), [("with heart.busy():", 1), ("if True:", 2)])
def test_kiosk_that_compiles_for_a_new_camera_is_not_taken_for_a_hung_one(
    tmp_path: Path, begins: str, starts: int
) -> None:
    script = HEART + f"heart = Heartbeat()\nheart.beat()\nif n == 0:\n    {begins}\n"
    watched = dog(tmp_path, script + "        time.sleep(4)\n", hung_s=2.0)
    assert watched.run() == 0
    assert watched.starts == starts


def test_closing_terminal_ends_the_kiosk_gently() -> None:
    script = (
        "import os, signal, time\nfrom realtime_style.system.signals import on_terminate\n"
        "on_terminate(lambda: print('told', flush=True))\nos.kill(os.getpid(), signal.SIGHUP)\ntime.sleep(0.2)\n"
    )
    run = [sys.executable, "-c", script]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "told\n"
    ignoring = subprocess.run(
        ["nohup", *run], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert ignoring.stdout == ""


def test_kiosk_hears_how_often_it_fell_in_a_row(tmp_path: Path) -> None:
    note = f"open('falls', 'a').write(os.environ[{CRASH_COUNT!r}])\n"
    endings = "if n in (0, 1, 3): os.kill(os.getpid(), 9)\nif n == 2: sys.exit(1)\n"  # the third has another reason
    assert dog(tmp_path, ALIVE + note + endings).run() == 0
    assert (tmp_path / "falls").read_text() == "01201"


def test_kiosk_hears_what_the_one_before_it_said_last(tmp_path: Path) -> None:
    heart = (
        "from realtime_style.kiosk.supervision.stats import RestartState\n"
        "from realtime_style.kiosk.supervision.watchdog import RESTART_STATE, Heartbeat\n"
        "memory = RestartState.of_line(os.environ[RESTART_STATE])\nheart = Heartbeat()\nheart.note = memory.line\n"
        "memory.counters.visitors += 2\nmemory.counters.by_painter['b'] = n\nheart.beat()\n"
        "memory.counters.visitors += 100\n"  # not told any more
        "if n < 2: os.kill(os.getpid(), 9)\nopen('last', 'w').write(memory.line())\n"
    )
    assert dog(tmp_path, heart).run() == 0
    assert RestartState.of_line((tmp_path / "last").read_text()) == RestartState(
        Counters(visitors=106, by_painter={"b": 2})
    )


def test_words_in_another_encoding_do_not_blind_the_watchdog(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = "sys.stdout.buffer.write(b'\\xfc\\n'); sys.stdout.flush()\n"
    watched = dog(tmp_path, ALIVE + words + "if n == 0: time.sleep(60)\nprint('bye')\n", hung_s=1.0)
    assert watched.run() == 0
    assert watched.starts == 2
    assert capfd.readouterr().out == "\ufffd\n\ufffd\nbye\n"


def test_driver_that_hangs_at_every_start_counts_as_falls_in_a_row(tmp_path: Path) -> None:
    note = f"open('falls', 'a').write(os.environ[{CRASH_COUNT!r}])\n"
    watched = dog(tmp_path, note + "if n < 2: time.sleep(60)\n" + ALIVE, start_s=1.5)
    assert watched.run() == 0
    assert (tmp_path / "falls").read_text() == "012"
    assert (
        _START_S + _HUNG_S + _START_S < _WELL_S
    )  # a hang before the first beat, or while something is compiled


def test_kiosk_that_cannot_be_started_for_a_while_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = dog(tmp_path, ALIVE + "sys.exit(75 if n == 0 else 0)\n")
    real = subprocess.Popen
    tries: list[int] = []

    def short_of_memory(*arguments: object, **more: object) -> object:
        tries.append(0)
        if len(tries) == 2:
            raise OSError(12, "Cannot allocate memory")
        return real(*arguments, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", short_of_memory)
    assert watched.run() == 0
    assert len(tries) == 3


def start_guard(tmp_path: Path, kiosk: str, *, grace_s: float = 10.0) -> subprocess.Popen[bytes]:
    """A guard in a process of its own, of a shell script in the place of the kiosk; pictures are kept in the folder `kept`."""
    (tmp_path / "kiosk").write_text(f"#!/bin/sh\n{kiosk}")
    (tmp_path / "kiosk").chmod(0o755)
    script = (
        "import sys\nfrom pathlib import Path\nfrom realtime_style.kiosk.supervision import watchdog\n"
        f"from realtime_style.kiosk.pictures.store import PictureStore\nwatchdog._GRACE_S = {grace_s}\n"
        f"sys.executable = {str(tmp_path / 'kiosk')!r}\n"
        f"sys.exit(watchdog.guard([], PictureStore(Path({str(tmp_path / 'kept')!r}), hours=2)))\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3])


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_told_to_end_while_no_kiosk_runs_it_tidies_up_all_the_same(tmp_path: Path) -> None:
    shelf = PictureStore(tmp_path / "kept", hours=2)
    shelf.keep({"png": b"a visitor"})
    guard = start_guard(tmp_path, f"echo '{BEAT}'\necho x >> '{tmp_path}/starts'\nkill -9 $$\n")
    began = time.perf_counter()
    while not (tmp_path / "starts").exists() or len((tmp_path / "starts").read_text()) < 8:
        assert time.perf_counter() - began < 20
        time.sleep(0.05)
    now = int(time.time())
    (tmp_path / "kept" / f"{now - 20}-{now - 10}-{'0' * 64}.png").write_bytes(b"whose time is over")
    assert len(list((tmp_path / "kept").iterdir())) == 2
    while len((tmp_path / "starts").read_text()) < 10:
        assert time.perf_counter() - began < 20
        time.sleep(0.05)
    assert len(list((tmp_path / "kept").iterdir())) == 1
    guard.terminate()
    assert guard.wait(10) == 0
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_ctrl_c_ends_a_kiosk_that_hangs_as_well(tmp_path: Path) -> None:
    deaf = f"trap '' INT TERM\necho $$ > '{tmp_path}/number'\necho '{BEAT}'\nexec sleep 60\n"
    guard = start_guard(tmp_path, deaf, grace_s=1.0)
    try:
        began = time.perf_counter()
        while not (tmp_path / "number").exists() or not (tmp_path / "number").read_text():
            assert time.perf_counter() - began < 20
            time.sleep(0.05)
        time.sleep(0.5)
        guard.send_signal(signal.SIGINT)
        assert guard.wait(10) == 130
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "number").read_text()), 0)
    finally:
        guard.kill()


def test_after_ctrl_c_the_kiosk_is_left_to_end_by_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    listen = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_DFL)\nsys.stdin.read()\ntime.sleep(0.5)\nprint('bye')\n"
    watched = dog(tmp_path, ALIVE + listen)
    threading.Timer(1.5, watched.interrupt).start()
    assert watched.run() == 0
    assert watched.starts == 1
    assert capfd.readouterr().out == "bye\n"


def test_kiosk_leaves_its_standard_input_to_nobody_who_could_wait_there(tmp_path: Path) -> None:
    """As libraries do on Windows, where one look at a pipe that is being read lasts until that read is over."""
    script = (
        HEART + "heart = Heartbeat()\nheart.beat()\n"
        "if n == 0: assert os.read(0, 1) == b'' and not heart.alone.wait(1), 'somebody else reads what the heart listens to'\n"
    )
    watched = dog(tmp_path, script, hung_s=5.0)
    assert watched.run() == 0
    assert watched.starts == 1


def test_screen_that_was_never_there_is_a_mistake(tmp_path: Path) -> None:
    watched = dog(tmp_path, f"sys.exit({UNAVAILABLE})\n")
    assert watched.run() == 1
    assert watched.starts == 1


def test_screen_that_comes_after_the_kiosk_is_waited_for(tmp_path: Path) -> None:
    watched = dog(tmp_path, f"if n < 2: sys.exit({UNAVAILABLE})\n" + ALIVE, wait_for_display=True)
    assert watched.run() == 0
    assert watched.starts == 3


def test_told_to_end_it_ends_the_kiosk_gently(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    watched = dog(
        tmp_path,
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: (open('ended', 'w').close(), print('bye'), sys.exit(0)))\n"
        + ALIVE
        + "time.sleep(60)\n",
    )
    threading.Timer(1.5, watched.stop).start()
    began = time.perf_counter()
    assert watched.run() == 0
    assert time.perf_counter() - began < 6
    assert (tmp_path / "ended").exists()
    assert capfd.readouterr().out == "bye\n"


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_kiosk_ends_when_its_watchdog_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "kiosk.py"
    script.write_text(
        "import os, time\nfrom realtime_style.kiosk.supervision.watchdog import Heartbeat\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nheart = Heartbeat()\n"
        "while not heart.alone.is_set():\n    heart.beat()\n    time.sleep(0.1)\n"
    )
    command = (
        "from realtime_style.kiosk.supervision.watchdog import Watchdog; "
        f"Watchdog([{sys.executable!r}, {str(script)!r}]).run()"
    )
    guard = subprocess.Popen([sys.executable, "-c", command], cwd=Path(__file__).parents[3])
    began = time.perf_counter()
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.perf_counter() - began < 20
        time.sleep(0.05)
    guard.send_signal(signal.SIGKILL)
    guard.wait()
    pid = int((tmp_path / "pid").read_text())
    while _runs(pid):
        assert time.perf_counter() - began < 30
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
