"""The interface of sinks."""

from __future__ import annotations

import pytest

from realtime_style.frames import Frame
from realtime_style.sinks.base import NullSink


def test_null_sink_counts_frames(frame: Frame) -> None:
    with NullSink() as sink:
        sink.write(frame)
        with pytest.raises(ValueError, match=r"\(48, 64\) != \(H, W, 3\)"):
            sink.write(frame[..., 0])
    assert sink.frames == 1
