"""A web page in a process of its own, restarted when it ends, with messages both ways.

The parent sends the name of a module and the arguments of its ``main``; the child answers with
its port, or with why it has none, and from then on both send bytes. END asks the child to end.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection

from realtime_style.errors import RealtimeStyleError
from realtime_style.system.backoff import Backoff
from realtime_style.system.child_pipe import OWN_GROUP, pipe_to_parent, start_with_pipe

log = logging.getLogger(__name__)

END = b"end"
"""The parent's last message."""

_START_S = 20.0
_END_S = 5.0
_BACKOFF_S = 0.5, 5.0


class ChildProcess:
    """Runs ``main(pipe, port, *arguments)`` of a module that ends with `web.server.serve`.

    No method waits for the child, except `close`.
    """

    def __init__(self, module: str, *arguments: object, port: int, remedy: str) -> None:
        """Start it. `arguments` must be picklable; `port` 0 is any free one.

        Raises RealtimeStyleError, which ends with `remedy`, when the port cannot be had or the
        child does not answer.
        """
        self._module, self._arguments, self._remedy = module, arguments, remedy
        self._requested_port = port
        self._changed = threading.Condition()
        self._outgoing: bytes | None = None
        self._closed = threading.Event()
        self._received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._pipe_lock = threading.Lock()
        self._process, self._pipe, self.port = self._start()
        self._threads = [
            threading.Thread(target=run, name=f"{name} {module}", daemon=True)
            for name, run in (("watch", self._watch), ("send to", self._send_newest))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        """False while it is being started again."""
        return self._process.poll() is None

    def send(self, message: bytes) -> None:
        """Send a message in place of one still waiting. Lost while the child does not run."""
        with self._changed:
            if not self._closed.is_set():
                self._outgoing = message
                self._changed.notify()

    def received(self) -> list[bytes]:
        """Messages from the child since the last call."""
        return [self._received.get_nowait() for _ in range(self._received.qsize())]

    def close(self) -> None:
        """End the child: unfinished answers are cut off after a second. May be called twice."""
        with self._changed:
            self._outgoing = END
            self._closed.set()
            self._changed.notify()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for thread in self._threads:
            thread.join(_END_S)
        self._pipe.close()

    def _watch(self) -> None:
        """Take in what the child sends, and start it again when it ends."""
        backoff = Backoff(*_BACKOFF_S)
        while True:
            with suppress(EOFError, OSError):
                while True:
                    self._received.put(self._pipe.recv_bytes())
            code = _reap(self._process)
            if self._closed.is_set():
                return
            log.warning("%s ended with code %d; starting it again", self._module, code)
            self._restart(backoff)

    def _restart(self, backoff: Backoff) -> None:
        while not self._closed.wait(backoff.next()):
            try:
                process, pipe, port = self._start()
            except (RealtimeStyleError, OSError) as error:
                log.warning("%s", error)
                continue
            with self._pipe_lock:  # not while a message is written to the old one
                self._pipe.close()
                self._process, self._pipe, self.port = process, pipe, port
            if self._closed.is_set():  # END went to the old one
                process.kill()
            return

    def _send_newest(self) -> None:
        message = b""
        while message != END:
            with self._changed:
                self._changed.wait_for(lambda: self._outgoing is not None)
                message, self._outgoing = self._outgoing or b"", None
            with self._pipe_lock, suppress(OSError):  # the child is gone: _watch sees to it
                self._pipe.send_bytes(message)

    def _start(self) -> tuple[subprocess.Popen[bytes], Connection, int]:
        code = (
            f"import sys; sys.path[:] = {list(map(str, sys.path))}; "
            "from realtime_style.web.child_process import run_child; sys.exit(run_child())"
        )
        # Its standard output is not the player's, which may hold a result in JSON.
        process, pipe = start_with_pipe(
            [sys.executable, "-c", code, self._module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            **OWN_GROUP,
        )
        try:
            answer = self._first_answer(process, pipe)
            if isinstance(answer, int):
                return process, pipe, answer
            raise RealtimeStyleError(f"no page can be served: {answer}; {self._remedy}")
        except BaseException:
            pipe.close()
            process.kill()
            process.wait()
            raise

    def _first_answer(self, process: subprocess.Popen[bytes], pipe: Connection) -> int | str:
        """The port, or why there is none."""
        deadline = time.perf_counter() + _START_S
        try:
            pipe.send((self._module, self._requested_port, self._arguments))
            while not pipe.poll(0.2):
                if self._closed.is_set() or time.perf_counter() > deadline:
                    return f"{self._module} did not start in {_START_S:.0f} s"
            answer: int | str = pipe.recv()
            return answer
        except (EOFError, OSError):
            return f"{self._module} ended with code {_reap(process)} before it started"


def _reap(process: subprocess.Popen[bytes]) -> int:
    """The exit code of a process that has closed its pipe and is at its end."""
    try:
        return process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def run_child() -> int:
    """Run in the child: the page that the parent's first message names."""
    if hasattr(os, "nice"):
        os.nice(10)  # a crowd of phones must not take frames from the screen
    pipe = pipe_to_parent()
    assert pipe is not None  # ChildProcess gave it one
    module, port, arguments = pipe.recv()
    code: int = importlib.import_module(module).main(pipe, port, *arguments)
    return code


def messages(pipe: Connection) -> Iterator[bytes]:
    """The parent's messages, until END or until the parent is gone."""
    with suppress(EOFError, OSError):
        while (message := pipe.recv_bytes()) != END:
            yield message
