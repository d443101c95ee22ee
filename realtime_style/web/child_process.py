"""A web page in a process of its own, kept alive, with lines of text to and fro."""

from __future__ import annotations

import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from realtime_style.errors import RealtimeStyleError

log = logging.getLogger(__name__)

_PATIENCE_S = 20.0
_PAUSE_S = 5.0  # between two starts: its port may be taken for a while

# Ctrl-C in the terminal is for the player, which then ends its pages.
_APART: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    _APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}


class ChildProcess:
    """Runs a module of this package whose ``main`` ends with :func:`realtime_style.web.server.serve`."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        port: int,
        remedy: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it. Raises RealtimeStyleError, ending with `remedy`, when the port cannot be had."""
        self._command = [
            sys.executable,
            "-m",
            f"realtime_style.{module}",
            *arguments,
            "--port",
            str(port),
        ]
        self._module, self._port, self._remedy = module, port, remedy
        self._environment = {**os.environ, **(environment or {})}
        self._restart, self._next_start, self._closed = threading.Thread(), 0.0, False
        self._heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process, self.port = self._start()

    def serves(self) -> bool:
        """Whether it runs; one that ended is started again, which nobody has to wait for."""
        if self._process.poll() is None:
            return True
        now = time.perf_counter()
        if not self._restart.is_alive() and now >= self._next_start and not self._closed:
            log.warning(
                "the page %s ended with %d; starting it again",
                self._module,
                self._process.returncode,
            )
            self._next_start = now + _PAUSE_S
            self._restart = threading.Thread(
                target=self._start_again, name=f"start {self._module}", daemon=True
            )
            self._restart.start()
        return False

    def send(self, line: str) -> None:
        """Write it a line; lost when it is not there to read it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self.serves()

    def heard(self) -> list[str]:
        """The lines it has written since the last call."""
        return [self._heard.get_nowait() for _ in range(self._heard.qsize())]

    def close(self) -> None:
        """End it; unfinished answers are cut off after a second."""
        self._closed = True
        if self._restart.is_alive():
            self._restart.join(_PATIENCE_S)
        _close(self._process.stdin)  # what it lives by
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(5)
        _close_pipes(self._process)

    def _start_again(self) -> None:
        _close_pipes(self._process)
        try:
            self._process, self.port = self._start()
        except RealtimeStyleError as error:
            log.warning("%s", error)

    def _start(self) -> tuple[subprocess.Popen[str], int]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self._environment,
            **_APART,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdigit():
            process.wait(_PATIENCE_S)
            _close_pipes(process)
            raise RealtimeStyleError(
                f"no page can be served: {line.strip() or 'it did not start'}; {self._remedy}"
            )
        self._listener = threading.Thread(
            target=self._listen, args=(process,), name=f"page {self._module}", daemon=True
        )
        self._listener.start()
        return process, int(line)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._heard.put(line.strip())


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        _close(pipe)


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        with suppress(OSError):  # a line that nobody reads any more is still to be written
            pipe.close()
