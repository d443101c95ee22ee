"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2  # noqa: F401  (before av: windows hang otherwise)
import numpy as np
import pytest

from realtime_style.frames import Frame
from realtime_style.styles.mix import Mix, parse_mix
from realtime_style.system.machine import usable_cores
from realtime_style.testing.style_files import FakeClock, write_tiny_style
from realtime_style.webcam.options import WebcamOptions

if TYPE_CHECKING:  # at run time it would bring SDL to every test
    from realtime_style.kiosk.app import Kiosk
    from tests.helpers.kiosk import World

pytest_plugins = ["tests.helpers.browser", "tests.helpers.xvfb"]


def pytest_configure() -> None:
    """Divide the cores among the processes that share the tests; else PyTorch takes all in each."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        os.environ.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // processes)))


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test in place of the user's data, state and cache folders."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("REALTIME_STYLE_HOME", str(home))
    return home


@pytest.fixture
def frame() -> Frame:
    """A random 64 x 48 frame, always the same."""
    return np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


@pytest.fixture
def tiny_style(tmp_path: Path) -> Path:
    """A style file that inverts."""
    return write_tiny_style(tmp_path / "tiny.onnx")


@pytest.fixture
def fake_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 64 x 48 clip of 20 frames at 30000/1001 fps with sound.

    Frame n is a flat grey of 10 * n and a moving bar.
    """
    import av

    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    rate = Fraction(30000, 1001)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=rate, options={"crf": "10"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("aac", rate=44100, layout="mono")
        for number in range(20):
            pixels = np.full((48, 64, 3), 10 * number, np.uint8)
            pixels[:, 3 * number : 3 * number + 4] = 255
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")))
        container.mux(video.encode(None))
        seconds = float(20 / rate)
        wave = np.sin(np.arange(int(44100 * seconds)) * 2 * np.pi * 440 / 44100).astype(np.float32)
        for start in range(0, len(wave) - 1023, 1024):
            sound = av.AudioFrame.from_ndarray(
                wave[np.newaxis, start : start + 1024], format="fltp", layout="mono"
            )
            sound.sample_rate, sound.pts = 44100, start
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return path


@pytest.fixture
def two_styles(tmp_path: Path) -> Mix:
    """The style "a", which inverts, of a file with "b", which does not."""
    return parse_mix(str(write_tiny_style(tmp_path / "two.onnx", names=("a", "b"))))


@pytest.fixture
def options(two_styles: Mix, tmp_path: Path) -> WebcamOptions:
    return WebcamOptions(
        style=str(two_styles[0][0].file),
        device="cpu",
        mirror=False,
        snapshots=tmp_path / "taken",
        seconds=20.0,
    )


@pytest.fixture
def world() -> World:
    """Screen, camera and clocks around the `kiosk`."""
    from tests.helpers.kiosk import World

    return World()


@pytest.fixture
def kiosk(world: World, tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk with two styles in `world`, without a window."""
    from tests.helpers.kiosk import open_kiosk

    with open_kiosk(world, tmp_path) as kiosk:
        yield kiosk
