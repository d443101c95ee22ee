"""A camera, a screen and a show for tests of the live picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from realtime_style.display.geometry import Box
from realtime_style.display.inputs import CloseAsked, Input, Key
from realtime_style.display.sprites import Sprite
from realtime_style.frames import Frame
from realtime_style.sources.device import Connection
from realtime_style.sources.reconnect import ReconnectingCamera
from realtime_style.webcam.app import WebcamSummary, run_webcam
from realtime_style.webcam.options import WebcamOptions

LEVEL = 40
"""Grey level that GreyCapture sees; the style "a" of `two_styles` makes it 215, "b" leaves it."""


class GreyCapture:
    """A camera in front of a grey wall; the left half is darker, so that mirroring shows."""

    def __init__(self, width: int = 160, height: int = 120, *, interval_s: float = 0.01) -> None:
        self.frame = np.full((height, width, 3), LEVEL, np.uint8)
        self.frame[:, : width // 4] = 0
        self.interval_s = interval_s
        self.left: int | None = None
        """Frames until it is unplugged."""

    def read(self) -> tuple[bool, Frame | None]:
        time.sleep(self.interval_s)
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                return False, None
        return True, self.frame.copy()

    def release(self) -> None:
        pass


class Script:
    """A display that presses keys after given frames, keeps what it shows, and closes at last."""

    size_wh = 640, 480

    def __init__(
        self,
        keys: dict[int, str] | None = None,
        *,
        frames: int = 12,
        at: Callable[[int], object] = lambda n: None,
    ):
        self.keys, self.last, self.at = keys or {}, frames, at
        self.shown: list[Frame] = []
        self.places: list[Box | str] = []
        self.sprites: list[list[Sprite]] = []
        """Sprites over each picture; the same objects as long as they do not change."""
        self.fullscreen: list[bool] = []
        self.closes = 0
        self.ends: Callable[[], bool] = lambda: False
        """True when it is to close before the last frame."""
        self._pressed = 0

    def show(self, picture: Frame | None, place: Box | str, sprites: Sequence[Sprite] = ()) -> None:
        if picture is None:  # "getting ready"
            return
        self.shown.append(picture.copy())
        self.places.append(place)
        self.sprites.append(list(sprites))
        self.at(len(self.shown) - 1)

    def inputs(self) -> list[Input]:
        frame, heard = (
            len(self.shown) - 1,
            list[Input](),
        )  # 0 is black: it gives the window its size
        if self._pressed < frame and frame in self.keys:
            heard.append(Key(self.keys[frame]))
        self._pressed = frame
        if len(self.shown) > self.last or self.ends():
            heard.append(CloseAsked())
        return heard

    def set_fullscreen(self, on: bool) -> None:
        self.fullscreen.append(on)

    def close(self) -> None:
        self.closes += 1

    @property
    def levels(self) -> list[float]:
        """The grey level of most of each picture, whatever is written on it."""
        return [float(np.median(frame)) for frame in self.shown[1:]]


def show(
    options: WebcamOptions, screen: Script | None = None, capture: Any = None
) -> WebcamSummary:
    connection = Connection(capture or GreyCapture(), "grey camera")
    camera = ReconnectingCamera(lambda: connection, judge=False)
    return run_webcam(
        options if screen else replace(options, window=False), camera=camera, screen=screen
    )


def read_video(path: Path) -> tuple[list[Frame], list[float]]:
    """Frames and their times in seconds."""
    import av

    with av.open(str(path)) as container:
        pictures = list(container.decode(video=0))
    frames = [
        np.asarray(picture.to_ndarray(format="bgr24"), dtype=np.uint8) for picture in pictures
    ]
    return frames, [float(picture.time or 0) for picture in pictures]


def same_picture(first: Frame, second: Frame) -> bool:
    return first.shape == second.shape and bool((first == second).all())
