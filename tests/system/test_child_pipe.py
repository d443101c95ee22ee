"""Pipes to child processes: both ways, and to the end of either side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from realtime_style.system.child_pipe import pipe_to_parent, start_with_pipe
from tests.helpers.processes import is_running
from tests.helpers.waiting import until

CHILD = (
    "from realtime_style.system.child_pipe import pipe_to_parent\n"
    "pipe = pipe_to_parent()\n"
    "while True: pipe.send_bytes(pipe.recv_bytes()[::-1])\n"
)


def test_messages_of_any_size_arrive_whole() -> None:
    process, pipe = start_with_pipe([sys.executable, "-c", CHILD], stderr=subprocess.DEVNULL)
    with pipe:
        for message in (b"x", b"two\nlines\0", os.urandom(1_000_000)):
            pipe.send_bytes(message)
            assert pipe.recv_bytes() == message[::-1]
    assert process.wait(20) != 0  # EOFError: the pipe ends with this side


def test_end_of_the_child_is_noticed() -> None:
    process, pipe = start_with_pipe([sys.executable, "-c", ""])
    with pipe, pytest.raises(EOFError):
        pipe.recv_bytes()
    assert process.wait(20) == 0


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_child_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    parent = (
        "import sys, time\nfrom realtime_style.system.child_pipe import start_with_pipe\n"
        f"process, pipe = start_with_pipe([sys.executable, '-c', {CHILD!r}], stderr=-3)\n"
        f"open({str(pid)!r}, 'w').write(str(process.pid))\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        until(lambda: pid.exists() and pid.read_text())
        process.send_signal(signal.SIGKILL)
    until(lambda: not is_running(int(pid.read_text())))


def test_child_passes_its_pipe_to_no_other_process() -> None:
    child = (
        "import os, subprocess, sys\n"
        "from realtime_style.system.child_pipe import pipe_to_parent\n"
        "pipe = pipe_to_parent()\n"
        "sleeper = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "pipe.send(subprocess.Popen(sleeper, close_fds=False).pid)\n"
    )
    process, pipe = start_with_pipe([sys.executable, "-c", child])
    with pipe:
        sleeper = pipe.recv()
        try:
            with pytest.raises(EOFError):
                pipe.recv_bytes()
        finally:
            os.kill(sleeper, signal.SIGKILL)
    assert process.wait(20) == 0


def test_command_that_does_not_exist_is_an_os_error() -> None:
    with pytest.raises(OSError, match="no-such-program"):
        start_with_pipe(["no-such-program"])


def test_process_without_a_parent_has_no_pipe() -> None:
    assert pipe_to_parent() is None
