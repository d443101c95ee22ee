"""The live picture for a streaming service: H.264 and silence over RTMP."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import urlsplit

import cv2  # noqa: F401  (before av is loaded anywhere: the other order hangs windows on Linux)
import numpy as np

from realtime_style.errors import SinkError
from realtime_style.frames import Frame, check_frame
from realtime_style.media.h264 import add_h264_stream, to_yuv
from realtime_style.sinks.base import Sink
from realtime_style.system.child_pipe import OWN_GROUP

if TYPE_CHECKING:
    import av

_TIME_BASE = Fraction(1, 1000)  # FLV's
_RATE = Fraction(30)  # for the encoder to plan with; each frame has the time at which it comes
_KEY_FRAME_S = 2.0  # what services ask for: viewers who join wait so long
_BITS_PER_PIXEL = 3  # a second, at most: 2.8 Mbit/s for 1280x720, 6.2 for 1920x1080
_AUDIO_HZ = 44_100
_SILENCE = np.zeros((2, 1024), np.float32)  # one AAC frame
_PATIENCE_S = 5.0  # for the server to take the end of the stream


class StreamSink(Sink):
    """Sends frames to an RTMP server, with silence as sound: many services refuse video alone.

    A child process holds the connection (:mod:`realtime_style.sinks.stream_relay`). It connects
    again when the size of frames changes. Raises SinkError when the server cannot be reached or is
    lost; neither errors nor lists of processes show the stream key.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.perf_counter) -> None:
        """Connect to `url`, ``rtmp://HOST/APP/KEY`` or ``rtmps://…``; `clock` gives seconds."""
        self._url, self._clock = url, clock
        self._shape: tuple[int, ...] = ()
        self._container: av.container.OutputContainer | None = None
        self._connect()

    def write(self, frame: Frame) -> None:
        check_frame(frame)
        now = self._clock()
        if self._container is not None and frame.shape != self._shape:
            self.close()
            self._connect()
        import av

        try:
            if self._container is None:
                self._begin(frame, now)
            self._encode(frame, now)
        except (OSError, av.FFmpegError) as error:
            reason = self._hang_up() or str(error)
            raise SinkError(
                f"the stream to {self._server} broke off ({reason}); check the network"
            ) from error

    def close(self) -> None:
        """End the stream; may be called twice."""
        self._hang_up()

    def _connect(self) -> None:
        from realtime_style.sinks.stream_relay import CONNECTED

        self._relay = subprocess.Popen(
            [sys.executable, "-m", "realtime_style.sinks.stream_relay"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **OWN_GROUP,
        )
        self._pipe = cast("IO[bytes]", self._relay.stdin)
        self._answers = cast("IO[bytes]", self._relay.stdout)
        with suppress(OSError):  # then there is no answer
            self._pipe.write(f"{self._url}\n".encode())
            self._pipe.flush()
        answer = self._answers.readline().decode().strip()
        if answer != CONNECTED:
            self._hang_up()
            raise SinkError(
                f"cannot stream to {self._server}: {answer or 'no answer'}; "
                "check the address, the stream key and the network"
            )

    @property
    def _server(self) -> str:
        """The address without what may be secret in it."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def _begin(self, frame: Frame, now: float) -> None:
        import av

        self._shape = frame.shape
        height, width = frame.shape[:2]
        bits = _BITS_PER_PIXEL * width * height
        options = {"flvflags": "no_duration_filesize", "flush_packets": "1"}
        self._container = av.open(self._pipe, "w", format="flv", options=options)
        self._video = add_h264_stream(
            self._container,
            width=width,
            height=height,
            rate=_RATE,
            time_base=_TIME_BASE,
            crf=23,
            tune="zerolatency",
            sc_threshold="0",  # no further key frames: services cut the stream at them
            maxrate=str(bits),
            bufsize=str(2 * bits),
        )
        self._audio = self._container.add_stream("aac", rate=_AUDIO_HZ, layout="stereo")
        self._began = self._key_frame_due = now
        self._last_pts, self._samples = -1, 0

    def _encode(self, frame: Frame, now: float) -> None:
        import av

        assert self._container is not None
        elapsed_s = now - self._began
        self._last_pts = max(round(elapsed_s / _TIME_BASE), self._last_pts + 1)
        picture = to_yuv(frame, self._last_pts, _TIME_BASE)
        if now >= self._key_frame_due:
            picture.pict_type = av.video.frame.PictureType.I
            self._key_frame_due = now + _KEY_FRAME_S
        self._container.mux(self._video.encode(picture))
        while self._samples < elapsed_s * _AUDIO_HZ:
            silence = av.AudioFrame.from_ndarray(_SILENCE, format="fltp", layout="stereo")
            silence.sample_rate, silence.pts = _AUDIO_HZ, self._samples
            self._samples += _SILENCE.shape[1]
            self._container.mux(self._audio.encode(silence))
        self._pipe.flush()

    def _hang_up(self) -> str:
        """Finish the stream and the child process; returns why it ended by itself, if it did."""
        container, self._container = self._container, None
        with suppress(Exception):  # there is nobody to take it where the connection is lost
            if container is not None:
                container.close()
        with suppress(OSError):
            self._pipe.close()
        try:
            self._relay.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._relay.kill()
            self._relay.wait()
        if self._answers.closed:
            return ""
        with self._answers:
            return self._answers.read().decode().strip()
