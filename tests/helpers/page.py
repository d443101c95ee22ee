"""Pages for ChildProcess that serve nothing: they answer, do not answer, or end."""

from __future__ import annotations

import os
import sys
import time
from multiprocessing.connection import Connection

from realtime_style.web.child_process import messages


def main(pipe: Connection, port: int, conduct: str = "echo") -> int:
    """Send the port and the process's number, and then every message back."""
    if conduct == "hang":
        time.sleep(60)
    if conduct == "end":
        return 7
    if conduct == "refuse":
        pipe.send(f"port {port} cannot be used: it is mine")
        return 1
    sys.stdout.write("a library says something on the standard output\n")
    sys.stdout.flush()
    pipe.send(port)
    pipe.send_bytes(b"%d" % os.getpid())
    for message in messages(pipe):
        pipe.send_bytes(message)
    return 0
