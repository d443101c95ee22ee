"""A two-way pipe of messages between this program and a child process.

multiprocessing's own way to start a child ("spawn") runs the parent's main module again in it:
a script without an ``if __name__ == "__main__"`` guard would start over there, and fail. So the
child is an ordinary process that inherits one end of multiprocessing's pipe. When either side
ends, however it ends, the other one reads EOFError.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, Pipe
from typing import Any

PIPE = "REALTIME_STYLE_PIPE"
"""Environment variable with the handle of the child's end."""

OWN_GROUP: dict[str, Any] = {"start_new_session": True}
"""Popen's options for children that Ctrl-C does not reach: it is for the parent, which ends them."""
if sys.platform == "win32":
    OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}


def start_with_pipe(
    command: Sequence[str], environment: Mapping[str, str] | None = None, **options: Any
) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start `command` and return the process and this side's end of its pipe.

    `environment` is added to this process's own; `options` are Popen's. Raises OSError.
    """
    ours, theirs = Pipe()
    handle = theirs.fileno()
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        inherit = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        options["startupinfo"] = inherit
    else:
        options["pass_fds"] = [handle]
    environment = {**os.environ, **(environment or {}), PIPE: str(handle)}
    with theirs:
        try:
            return subprocess.Popen(command, env=environment, **options), ours
        except BaseException:
            ours.close()
            raise


def pipe_to_parent() -> Connection | None:
    """This process's end of the pipe to its parent; None if `start_with_pipe` did not start it."""
    if PIPE not in os.environ:
        return None
    handle = int(os.environ[PIPE])
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)
    os.set_inheritable(handle, False)  # a process started by this one must not keep it open
    return Connection(handle)
