"""The virtual camera, with a driver that keeps its frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import pyvirtualcam

from realtime_style.errors import SinkError
from realtime_style.sinks.virtual_camera import VirtualCameraSink
from realtime_style.testing.virtual_camera import FakeVirtualCamera

GREY = np.full((120, 160, 3), 77, np.uint8)


@pytest.fixture(autouse=True)
def virtual_camera() -> Iterator[None]:
    FakeVirtualCamera.reset()
    pyvirtualcam.register_backend("fake", FakeVirtualCamera)
    yield
    FakeVirtualCamera.reset()


def test_frames_arrive_unchanged_and_may_change_their_size() -> None:
    with VirtualCameraSink("fake", size_wh=(160, 120)) as sink:
        frame = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
        sink.write(frame)
        sink.write(GREY[:60])
    assert (FakeVirtualCamera.frames[0] == frame).all()
    assert FakeVirtualCamera.frames[1].shape == (60, 160, 3)
    assert FakeVirtualCamera.opened == 2


def test_missing_driver_is_one_line_with_what_to_do() -> None:
    FakeVirtualCamera.plugged = False
    with pytest.raises(
        SinkError, match=r"no virtual camera of 640x480: .*modprobe v4l2loopback"
    ) as caught:
        VirtualCameraSink(size_wh=(640, 480))
    assert "\n" not in str(caught.value)
