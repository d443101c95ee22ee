"""How a picture gets from the kiosk to a visitor's phone: a process that serves it, and the address to put into a QR code."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from pathlib import Path

from realtime_style.errors import RealtimeStyleError

log = logging.getLogger(__name__)

_PATIENCE_S = 20.0


class HandOver:
    """The process of :mod:`realtime_style.kiosk.share`, kept alive."""

    def __init__(self, folder: Path, *, port: int, address: str = "", words: Path | None = None) -> None:
        """Start it. Raises RealtimeStyleError when the port cannot be had."""
        self._folder, self._asked, self._address, self._words = folder, port, address, words
        self._process, self.port = self._start()

    def link(self, token: str) -> str | None:
        """Where a phone finds a keepsake; None while this machine is on no network, or the page is not served."""
        address = self._address or own_address()
        if address is None or not self.serves():
            return None
        return f"http://{address}:{self.port}/{token}"

    def serves(self) -> bool:
        """Whether the process runs; one that ended is started again."""
        if self._process.poll() is None:
            return True
        log.warning("the page with visitors' pictures ended with %d; starting it again", self._process.returncode)
        _close_pipes(self._process)
        try:
            self._process, self.port = self._start()
        except RealtimeStyleError as error:
            log.warning("%s", error)
            return False
        return True

    def close(self) -> None:
        """End it; unfinished downloads are cut off after a second."""
        if self._process.stdin is not None:
            self._process.stdin.close()  # what it lives by
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _close_pipes(self._process)

    def _start(self) -> tuple[subprocess.Popen[str], int]:
        command = [sys.executable, "-m", "realtime_style.kiosk.share", str(self._folder), "--port", str(self._asked)]
        command += ["--words", str(self._words)] if self._words is not None else []
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.strip().isdigit():
            process.wait(_PATIENCE_S)
            _close_pipes(process)
            raise RealtimeStyleError(
                f"visitors' pictures cannot be served on port {self._asked}; change port in [take_home], or set on = false"
            )
        return process, int(line)


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def own_address() -> str | None:
    """The number under which this machine is known in its local network; None on no network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation: only the way there is asked for
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith(("127.", "0.")) else address
