"""Child process of a stream: sends an FLV byte stream from stdin to an RTMP server.

``python -m realtime_style.sinks.stream_relay``. The first line on stdin is the address: on the
command line all users of the machine could read the stream key in it. The first line on stdout is
``connected`` or the reason why not; a second one is the reason why the connection was lost.

It is a process because PyAV holds Python's lock while FFmpeg connects: a server that accepts and
stays silent would freeze the whole program for ever. Here faulthandler, which needs no lock, ends
the process after 10 seconds.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

import av  # no window is opened in this process: OpenCV need not come first

CONNECTED = "connected"
PATIENCE_S = 10.0


def relay(url: str, source: BinaryIO) -> None:
    """Connect, then send `source` until its end. Raises av.FFmpegError."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # for the traceback of faulthandler
        # The muxer "data" passes bytes on as they are; FFmpeg's RTMP expects FLV.
        out = av.open(url, "w", format="data")
        stream = out.add_data_stream()
        with _patience(nowhere):
            out.start_encoding()
        print(CONNECTED, flush=True)
        while piece := source.read1(1 << 16):  # type: ignore[attr-defined]  # a BufferedReader
            packet = av.Packet(piece)
            packet.stream = stream
            with _patience(nowhere):
                out.mux(packet)
        with _patience(nowhere):
            out.close()


@contextmanager
def _patience(nowhere: TextIO) -> Iterator[None]:
    """End the process when the block takes too long."""
    faulthandler.dump_traceback_later(PATIENCE_S, exit=True, file=nowhere)
    yield
    faulthandler.cancel_dump_traceback_later()


def main() -> int:
    """Relay stdin; returns the exit code."""
    try:
        relay(sys.stdin.buffer.readline().decode().strip(), sys.stdin.buffer)
    except av.FFmpegError as error:
        print(error.strerror or error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
