"""The stream, with ffmpeg as RTMP server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2  # noqa: F401  (before av)
import numpy as np
import pytest

from realtime_style.cli import main
from realtime_style.errors import SinkError
from realtime_style.frames import Frame
from realtime_style.sinks import fanout
from realtime_style.sinks.fanout import OutputGroup
from realtime_style.sinks.outputs import OutputOptions, output_factories
from realtime_style.sinks.stream import StreamSink
from realtime_style.testing.style_files import FakeClock
from tests.helpers.waiting import until
from tests.helpers.webcam import read_video

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg as RTMP server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """ffmpeg as an RTMP server for one viewer, which stores what it is sent."""

    def __init__(self, folder: Path) -> None:
        self.url = f"rtmp://127.0.0.1:{free_port()}/live/secret-key"
        self._folder, self._number = folder, 0
        self._process: subprocess.Popen[bytes] | None = None

    def listen(self) -> Path:
        """Start to listen; returns the file that will hold the stream."""
        self._number += 1
        path = self._folder / f"{self._number}.mkv"
        command = ["ffmpeg", "-v", "fatal", "-nostdin", "-listen", "1", "-i", self.url]
        self._process = subprocess.Popen([*command, "-c", "copy", str(path)])
        return path

    def wait(self) -> None:
        """Wait for the end of the stream."""
        assert self._process is not None
        self._process.wait(30)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.kill()


def connect(server: Server, clock: FakeClock) -> StreamSink:
    """A connection to a server that may still be starting."""
    sinks: list[StreamSink] = []

    def connected() -> bool:
        try:
            sinks.append(StreamSink(server.url, clock=clock))
        except SinkError:
            return False
        return True

    until(connected, 30)
    return sinks[0]


def grey(level: int) -> Frame:
    return np.full((120, 160, 3), level, np.uint8)


def test_server_gets_the_picture_with_silence(server: Server, fake_clock: FakeClock) -> None:
    import av

    path = server.listen()
    with connect(server, fake_clock) as sink:
        for number in range(101):
            fake_clock.now = number * 0.05  # 20 frames a second, for 5 s
            sink.write(grey(2 * number))
    server.wait()
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        pictures = list(container.decode(video))
        container.seek(0)
        silence = [frame.to_ndarray() for frame in container.decode(audio)]
    times = [float(picture.time or 0) for picture in pictures]
    assert np.diff(times) == pytest.approx([0.05] * 100, abs=0.002)
    assert [picture.to_ndarray(format="gray")[60, 80] / 2 for picture in pictures] == pytest.approx(
        range(101), abs=10
    )
    keys = [
        round(time - times[0])
        for time, picture in zip(times, pictures, strict=True)
        if picture.key_frame
    ]
    assert keys == [0, 2, 4]
    assert sum(piece.shape[1] for piece in silence) / 44_100 == pytest.approx(5, abs=0.1)
    assert max(np.abs(piece).max() for piece in silence) < 1e-3


def test_lost_server_gets_the_stream_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "_FIRST_PAUSE_S", 0.05)
    server.listen()
    factories = output_factories(OutputOptions(stream=server.url))
    with OutputGroup(factories, patient=True) as outputs:

        def put() -> dict[str, str]:
            outputs.put(grey(99))
            return outputs.problems

        until(lambda: not put() and outputs.written["stream"] > 5, 30)
        server.kill()
        until(put, 30)
        assert "secret" not in outputs.problems["stream"]
        path, before = server.listen(), outputs.written["stream"]
        until(lambda: not put() and outputs.written["stream"] > before + 5, 60)
    server.wait()
    assert len(read_video(path)[0]) > 5


def test_frames_of_another_size_start_the_stream_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "_FIRST_PAUSE_S", 0.05)
    first = server.listen()
    with OutputGroup(output_factories(OutputOptions(stream=server.url)), patient=True) as outputs:

        def put(frame: Frame, more: int) -> bool:
            outputs.put(frame)
            return outputs.written["stream"] > more

        until(lambda: put(grey(99), 5), 30)
        outputs.put(grey(99)[:60])
        server.wait()
        second, before = server.listen(), outputs.written["stream"]
        until(lambda: put(grey(99)[:60], before + 5), 60)
    server.wait()
    assert read_video(first)[0][0].shape == (120, 160, 3)
    assert read_video(second)[0][0].shape == (60, 160, 3)


def test_unreachable_server_is_one_line_without_the_key() -> None:
    url = f"rtmp://user:word@127.0.0.1:{free_port()}/live/secret-key"
    with pytest.raises(
        SinkError, match=r"cannot stream to rtmp://127\.0\.0\.1:\d+: .*; check"
    ) as caught:
        StreamSink(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "word" not in str(caught.value)


def test_webcam_streams_what_it_paints(server: Server, clip: Path, tiny_style: Path) -> None:
    path = server.listen()
    words = ["webcam", "--camera", str(clip), "--style", str(tiny_style), "--device", "cpu"]
    words += ["--no-window", "--seconds", "2", "--stream", server.url]
    until(lambda: main(words) == 0, 60)  # it refuses to start until the server listens
    server.wait()
    levels = [float(frame.mean()) for frame in read_video(path)[0]]
    assert max(levels) > 200  # the clip begins dark; the style inverts


@pytest.mark.slow
def test_silent_server_freezes_nothing_and_is_given_up() -> None:
    ticks, ended = [0], threading.Event()

    def tick() -> None:
        while not ended.wait(0.01):
            ticks[0] += 1

    ticking = threading.Thread(target=tick)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connects, and never answers
        ticking.start()
        with pytest.raises(SinkError, match="no answer"):
            StreamSink(f"rtmp://127.0.0.1:{silent.getsockname()[1]}/live/key")
        ended.set()
    ticking.join()
    assert ticks[0] > 100
