"""Pages in processes of their own: started, restarted, talked to and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.system.child_pipe import start_with_pipe
from realtime_style.web import child_process
from realtime_style.web.child_process import ChildProcess
from tests.helpers.processes import is_running
from tests.helpers.waiting import until
from tests.helpers.web import ask, free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

PAGE = "tests.helpers.page"


class Listener:
    """Keeps all that a page has sent."""

    def __init__(self, page: ChildProcess) -> None:
        self.page = page
        self.messages: list[bytes] = []

    def next(self) -> bytes:
        until(self._receive)
        return self.messages.pop(0)

    def _receive(self) -> bool:
        self.messages += self.page.received()
        return bool(self.messages)


@pytest.fixture
def page() -> Iterator[ChildProcess]:
    page = ChildProcess(PAGE, port=4711, remedy="choose another port")
    yield page
    page.close()


@pytest.fixture
def pid(page: ChildProcess) -> int:
    return int(Listener(page).next())


def test_messages_go_both_ways(page: ChildProcess, pid: int) -> None:
    listener = Listener(page)
    assert page.port == 4711
    for message in (b"\0line\nbreaks\xff", os.urandom(300_000)):
        page.send(message)
        assert listener.next() == message


def test_output_of_a_library_is_no_harm(page: ChildProcess, pid: int) -> None:
    assert page.running  # the page prints before it answers


def test_stopped_page_holds_nobody_up(page: ChildProcess, pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    frame = bytes(1_000_000)

    def send() -> None:
        for number in range(50):
            page.send(b"%d" % number + frame)

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(20)
    assert not sending.is_alive()
    os.kill(pid, signal.SIGCONT)
    listener = Listener(page)
    until(lambda: listener.next() == b"49" + frame)
    until(lambda: not page.received())
    assert len(listener.messages) == 0


def test_stopped_page_is_ended_all_the_same(
    page: ChildProcess, pid: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_END_S", 0.2)
    os.kill(pid, signal.SIGSTOP)
    page.send(bytes(1_000_000))
    page.close()
    until(lambda: not is_running(pid))


def test_closed_page_ends_by_itself(page: ChildProcess, pid: int) -> None:
    page.close()
    assert not is_running(pid)
    assert not page.running
    page.send(b"nobody reads this")
    page.close()


def test_killed_page_is_started_again(
    page: ChildProcess, pid: int, caplog: pytest.LogCaptureFixture
) -> None:
    os.kill(pid, signal.SIGKILL)
    assert int(Listener(page).next()) != pid
    assert page.running
    assert "tests.helpers.page ended with code -9; starting it again" in caplog.text
    page.send(b"and it listens")
    assert Listener(page).next() == b"and it listens"


def test_page_that_cannot_be_started_again_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([0, 1, 1])

    def start(*arguments: Any, **options: Any) -> Any:
        if next(failures, 0):
            raise OSError(12, "Cannot allocate memory")
        return start_with_pipe(*arguments, **options)

    monkeypatch.setattr(child_process, "_BACKOFF_S", (0.01, 0.01))
    monkeypatch.setattr(child_process, "start_with_pipe", start)
    page = ChildProcess(PAGE, port=4711, remedy="")
    try:
        pid = int(Listener(page).next())
        os.kill(pid, signal.SIGKILL)
        assert int(Listener(page).next()) != pid
        assert caplog.text.count("Cannot allocate memory") == 2
    finally:
        page.close()


def test_page_that_hangs_at_the_start_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "_START_S", 0.5)
    with pytest.raises(RealtimeStyleError, match=r"page did not start in .*; choose another port$"):
        ChildProcess(PAGE, "hang", port=1, remedy="choose another port")


def test_page_that_ends_at_the_start_says_so() -> None:
    with pytest.raises(RealtimeStyleError, match=r"page ended with code 7 before it started; mend"):
        ChildProcess(PAGE, "end", port=1, remedy="mend it")


def test_refused_port_is_an_error_with_a_remedy() -> None:
    with pytest.raises(
        RealtimeStyleError, match="no page can be served: port 1 cannot be used: it is mine; mend"
    ):
        ChildProcess(PAGE, "refuse", port=1, remedy="mend it")


def test_ctrl_c_in_the_terminal_is_for_the_player(page: ChildProcess, pid: int) -> None:
    assert os.getpgid(pid) != os.getpgid(0)


SCRIPT = """
import sys
from realtime_style.sinks.mjpeg.sink import MjpegSink
sink = MjpegSink(sys.argv[1])
print("served", flush=True)
sys.stdin.read()
"""


def test_script_without_a_main_guard_serves_a_page(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    # A folder of scripts may hold files with the names of modules.
    (tmp_path / "html.py").write_text("raise SystemExit('not the one of the standard library')")
    port = free_port()
    command = [sys.executable, "-P", str(tmp_path / "script.py"), str(port)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "served\n"
        assert ask(port, "/run")[0] == 200
        process.kill()  # and the page ends with it
        assert process.stdout.read() == ""
    until(lambda: is_free(port))


@pytest.mark.parametrize("program", ["module", "command"])
def test_player_serves_a_page_however_it_was_started(program: str) -> None:
    command = [sys.executable, "-m", "realtime_style"]
    if program == "command":
        installed = shutil.which("realtime-style", path=Path(sys.executable).parent)
        if installed is None:
            pytest.skip("the package is not installed beside this Python")
        command = [installed]
    port = free_port()
    command += ["webcam", "--camera=pattern", "--no-window", "--device=cpu", f"--mjpeg={port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: process.poll() is not None or not is_free(port), 60)
            assert ask(port, "/frame.jpg")[1].startswith(b"\xff\xd8")
            process.terminate()
            assert process.wait(30) == 143
        finally:
            process.kill()
    until(lambda: is_free(port))


def is_free(port: int) -> bool:
    with suppress(ConnectionError):
        ask(port, "/run")
        return False
    return True


@pytest.mark.parametrize(
    "module",
    [
        "realtime_style.sinks.mjpeg.server",
        "realtime_style.kiosk.pages.host",
        "realtime_style.kiosk.pages.share",
    ],
)
def test_page_loads_nothing_heavy(module: str) -> None:
    script = (
        f"import sys, {module}, realtime_style.web.child_process\n"
        "print(*({'cv2', 'av', 'numpy', 'torch', 'PIL', 'onnxruntime'} & set(sys.modules)))"
    )
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
