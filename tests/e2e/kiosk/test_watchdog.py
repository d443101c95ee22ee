"""The watchdog, with commands that crash, hang, do not start, or have to end."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from realtime_style.kiosk.pictures.store import PictureStore
from realtime_style.kiosk.supervision import watchdog as watchdog_module
from realtime_style.kiosk.supervision.heartbeat import CRASH_COUNT, RESTART_STATE, UNAVAILABLE
from realtime_style.kiosk.supervision.stats import Counters, RestartState
from realtime_style.kiosk.supervision.watchdog import Watchdog
from realtime_style.system.backoff import Backoff
from realtime_style.system.child_pipe import start_with_pipe
from tests.helpers.processes import is_running
from tests.helpers.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, and /proc")

ROOT = Path(__file__).parents[3]
COUNT = """
import os, signal, sys, time
os.chdir({folder!r})
with open("starts", "a") as file:
    file.write("x")
n = os.path.getsize("starts") - 1  # number of this start
"""
BEAT = (
    "from realtime_style.kiosk.supervision.heartbeat import Heartbeat\n"
    "heartbeat = Heartbeat(interval_s=0.05)\nheartbeat.beat()\n"
)
HANG = "time.sleep(60)\n"
CRASH = "os.kill(os.getpid(), signal.SIGKILL)\n"


def write_kiosk(folder: Path, script: str) -> Path:
    path = folder / "kiosk.py"
    path.write_text(COUNT.format(folder=str(folder)) + script)
    return path


def watch(folder: Path, script: str, **options: Any) -> Watchdog:
    """A watchdog of a script that counts its starts from 0, in `n`."""
    command = [sys.executable, str(write_kiosk(folder, script))]
    return Watchdog(command, **{"backoff": Backoff(0.01, 0.01), **options})


class HastyClock:
    """A clock that runs fast while a condition holds, and else stands still."""

    def __init__(self, hasty: Callable[[], bool]) -> None:
        self._now, self._hasty = 0.0, hasty

    def __call__(self) -> float:
        # The watchdog asks five times a second, and at each heartbeat.
        self._now += 30.0 if self._hasty() else 0.0
        return self._now


def starts(folder: Path) -> int:
    return (folder / "starts").stat().st_size if (folder / "starts").exists() else 0


def once(condition: Callable[[], object], action: Callable[[], object]) -> None:
    """Do something in a thread as soon as a condition holds."""

    def wait() -> None:
        until(condition, 60)
        action()

    threading.Thread(target=wait, daemon=True).start()


def test_killed_kiosk_is_started_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    watched = watch(tmp_path, f"{BEAT}if n < 2: {CRASH}print('three visitors')\n")
    assert watched.run() == 0
    assert watched.starts == 3
    assert capfd.readouterr().out == "three visitors\n"


def test_hung_kiosk_is_killed_and_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hang = f"if n == 0:\n    open('alive', 'w').close()\n    {HANG}"
    clock = HastyClock(lambda: starts(tmp_path) == 1 and (tmp_path / "alive").exists())
    watched = watch(tmp_path, BEAT + hang, clock=clock)
    assert watched.run() == 0
    assert watched.starts == 2
    assert "has not moved for 10 s" in caplog.text


def test_kiosk_that_never_begins_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HastyClock(lambda: starts(tmp_path) == 1)
    watched = watch(tmp_path, f"if n == 0: {HANG}{BEAT}", clock=clock)
    assert watched.run() == 0
    assert watched.starts == 2
    assert "has not moved for 90 s" in caplog.text


@pytest.mark.parametrize("code", [1, 2])
def test_mistake_at_the_first_start_is_passed_on(tmp_path: Path, code: int) -> None:
    watched = watch(tmp_path, f"sys.exit({code})\n")
    assert watched.run() == code
    assert watched.starts == 1


def test_failure_after_a_heartbeat_is_no_reason_to_stop(tmp_path: Path) -> None:
    watched = watch(tmp_path, f"{BEAT}sys.exit(1 if n == 0 else 0)\n")
    assert watched.run() == 0
    assert watched.starts == 2


def test_mistake_in_the_settings_at_noon_is_waited_out(tmp_path: Path) -> None:
    watched = watch(tmp_path, f"if n in (1, 2): sys.exit(1)\n{BEAT}sys.exit(75 if n == 0 else 0)\n")
    assert watched.run() == 0
    assert watched.starts == 4


def test_pauses_grow_and_start_again_after_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = f"{BEAT}sys.exit([1, 1, 75, 1, 0][n])\n"
    watched = watch(tmp_path, script, backoff=Backoff(0.125, 8.0))
    assert watched.run() == 0
    pauses = [record.getMessage().split()[-2] for record in caplog.records]
    assert pauses == ["0.1", "0.2", "0.1", "0.2"]


def test_kiosk_knows_its_crashes_in_a_row(tmp_path: Path) -> None:
    note = f"open('crashes', 'a').write(os.environ[{CRASH_COUNT!r}])\n"
    # The third end has another reason.
    ends = f"if n in (0, 1, 3): {CRASH}if n == 2: sys.exit(1)\n"
    assert watch(tmp_path, BEAT + note + ends).run() == 0
    assert (tmp_path / "crashes").read_text() == "01201"


def test_hang_at_every_start_is_a_crash(tmp_path: Path) -> None:
    note = f"open('crashes', 'a').write(os.environ[{CRASH_COUNT!r}])\n"
    clock = HastyClock(lambda: starts(tmp_path) in (1, 2))
    assert watch(tmp_path, f"{note}if n < 2: {HANG}{BEAT}", clock=clock).run() == 0
    assert (tmp_path / "crashes").read_text() == "012"


def test_kiosk_takes_over_the_last_heartbeats_state(tmp_path: Path) -> None:
    script = (
        "from realtime_style.kiosk.supervision.heartbeat import Heartbeat\n"
        "from realtime_style.kiosk.supervision.stats import RestartState\n"
        f"state = RestartState.from_json(os.environ[{RESTART_STATE!r}])\n"
        "heartbeat = Heartbeat()\nheartbeat.restart_state = state.to_json\n"
        "state.counters.visitors += 2\nstate.counters.by_style['b'] = n\nheartbeat.beat()\n"
        "state.counters.visitors += 100\n"  # not sent any more
        f"if n < 2: {CRASH}"
        "open('last', 'w').write(state.to_json())\n"
    )
    assert watch(tmp_path, script).run() == 0
    assert RestartState.from_json((tmp_path / "last").read_text()) == RestartState(
        Counters(visitors=106, by_style={"b": 2})
    )


def test_output_of_any_kind_is_passed_on(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    output = "sys.stdout.buffer.write(b'\\xfc~\\0\\n'); sys.stdout.flush()\n"
    assert watch(tmp_path, f"{output}{BEAT}{output}if n == 0: {CRASH}print('bye')\n").run() == 0
    assert capfdbinary.readouterr().out == b"\xfc~\0\n" * 4 + b"bye\n"


def test_kiosk_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watch(tmp_path, f"{BEAT}sys.exit(75 if n == 0 else 0)\n")
    failures = iter([False, True])

    def short_of_memory(*arguments: Any, **options: Any) -> Any:
        if next(failures, False):
            raise OSError(12, "Cannot allocate memory")
        return start_with_pipe(*arguments, **options)

    monkeypatch.setattr(watchdog_module, "start_with_pipe", short_of_memory)
    assert watched.run() == 0
    assert watched.starts == 3


def test_missing_display_at_the_first_start_is_a_mistake(tmp_path: Path) -> None:
    watched = watch(tmp_path, f"sys.exit({UNAVAILABLE})\n")
    assert watched.run() == 1
    assert watched.starts == 1


def test_display_that_comes_after_the_kiosk_is_waited_for(tmp_path: Path) -> None:
    watched = watch(tmp_path, f"if n < 2: sys.exit({UNAVAILABLE})\n{BEAT}", wait_for_display=True)
    assert watched.run() == 0
    assert watched.starts == 3


def test_stop_ends_the_kiosk_by_sigterm(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = (
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(0)))\n"
        f"{BEAT}open('ready', 'w').close()\n{HANG}"
    )
    watched = watch(tmp_path, script)
    once((tmp_path / "ready").exists, watched.stop)
    assert watched.run() == 0
    assert watched.starts == 1
    assert capfd.readouterr().out == "bye\n"


def test_after_ctrl_c_the_kiosk_ends_by_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # SIGTERM would end it without a word.
    script = f"{BEAT}open('ready', 'w').close()\nheartbeat.orphaned.wait(60)\nprint('bye')\n"
    watched = watch(tmp_path, script)
    once((tmp_path / "ready").exists, watched.interrupt)
    assert watched.run() == 0
    assert watched.starts == 1
    assert capfd.readouterr().out == "bye\n"


def test_kiosk_ends_when_its_watchdog_is_killed(tmp_path: Path) -> None:
    path = write_kiosk(
        tmp_path, f"{BEAT}open('pid', 'w').write(str(os.getpid()))\nheartbeat.orphaned.wait(60)\n"
    )
    command = (
        "from realtime_style.kiosk.supervision.watchdog import Watchdog; "
        f"Watchdog([{sys.executable!r}, {str(path)!r}]).run()"
    )
    with subprocess.Popen([sys.executable, "-c", command], cwd=ROOT) as guard:
        pid = number_in(tmp_path / "pid")
        guard.kill()
    until(lambda: not is_running(pid))


def number_in(file: Path) -> int:
    """The number in a file, once it is there."""
    until(lambda: file.exists() and file.read_text(), 60)
    return int(file.read_text())


def start_guard(folder: Path, kiosk: str, **options: float) -> subprocess.Popen[bytes]:
    """A guard of a script in a process of its own; pictures are kept in the folder `kept`."""
    program = [sys.executable, str(write_kiosk(folder, kiosk))]
    script = (
        "import signal, sys\nfrom pathlib import Path\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from realtime_style.kiosk.pictures.store import PictureStore\n"
        "from realtime_style.kiosk.supervision.watchdog import guard\n"
        "from realtime_style.system.backoff import Backoff\n"
        f"store = PictureStore(Path({str(folder / 'kept')!r}), hours=2)\n"
        f"sys.exit(guard(['kiosk'], store, program={program}, backoff=Backoff(0.2, 0.2), "
        f"**{options}))\n"
    )
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)


def test_pictures_expire_without_a_kiosk_and_end_with_the_watchdog(tmp_path: Path) -> None:
    PictureStore(tmp_path / "kept", hours=2).keep({"png": b"a visitor"})

    def kept() -> int:
        return len(list((tmp_path / "kept").iterdir()))

    with start_guard(tmp_path, BEAT + CRASH) as guard:
        until(lambda: starts(tmp_path), 60)
        now = int(time.time())
        expired = tmp_path / "kept" / f"{now - 20}-{now - 10}-{'0' * 64}.png"
        expired.write_bytes(b"an earlier visitor")
        seen = starts(tmp_path)
        until(lambda: starts(tmp_path) >= seen + 2, 60)
        assert kept() == 1
        guard.terminate()
        assert guard.wait(20) == 0
    assert kept() == 0


def test_ctrl_c_ends_a_kiosk_that_hangs_as_well(tmp_path: Path) -> None:
    deaf = (
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"{BEAT}open('pid', 'w').write(str(os.getpid()))\n{HANG}"
    )
    with start_guard(tmp_path, deaf, grace_s=0.3) as guard:
        try:
            pid = number_in(tmp_path / "pid")
            guard.send_signal(signal.SIGINT)
            assert guard.wait(20) == 130
        finally:
            guard.kill()
    assert not is_running(pid)


def test_terminal_that_closes_ends_the_kiosk_gently() -> None:
    script = (
        "import os, signal, time\nfrom realtime_style.system.signals import on_terminate\n"
        "on_terminate(lambda: print('ending', flush=True))\n"
        "os.kill(os.getpid(), signal.SIGHUP)\ntime.sleep(0.2)\n"
    )
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout == "ending\n"
    ignoring = ["nohup", *run]
    done = subprocess.run(ignoring, capture_output=True, text=True, check=True, stdin=-3)
    assert done.stdout == ""
