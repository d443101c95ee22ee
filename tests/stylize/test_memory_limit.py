"""Frames that do not fit into memory are refused before the system kills the process."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.stylize import memory_limit
from realtime_style.stylize.memory_limit import bytes_per_pixel, check_memory
from realtime_style.stylize.style_model import StyleModel

JOHNSON = "c9s1-32,d64,d128,R128,R128,R128,R128,R128,u64,u32,c9s1-3"
FAST = "c5s2-16,d32,R32,R32@2,R32@4,R32@2,R32,u16,s3"


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch):
    """Set the number of bytes that are free."""

    def set_free(count: int) -> None:
        monkeypatch.setattr(memory_limit, "available_bytes", lambda: count)

    return set_free


def test_frame_larger_than_memory_is_refused_with_both_sizes(free):
    free(2**30)
    with pytest.raises(
        RealtimeStyleError,
        match=re.escape("8000x6000 pixels needs about 7.9 GB of memory and 1.0 GB are"),
    ) as seen:
        check_memory(8000, 6000, network=FAST)
    assert "--max-size" in str(seen.value)
    assert "\n" not in str(seen.value)


def test_48_megapixels_fit_into_10_gb(free):
    free(10 * 2**30)
    check_memory(8000, 6000, network=FAST)


def test_network_of_2016_needs_eight_times_the_memory():
    assert bytes_per_pixel(JOHNSON) == 8 * bytes_per_pixel(FAST)


@pytest.mark.parametrize("network", ["", "tiny", "c9", "something,c5s2-16"])
def test_unknown_network_counts_as_the_fast_one(network: str):
    assert bytes_per_pixel(network) == bytes_per_pixel(FAST)


def test_smaller_frame_is_painted_after_a_refusal(tiny_style: Path, free):
    with StyleModel(tiny_style, device="cpu") as stylize:
        free(100 * 100 * 176)
        with pytest.raises(RealtimeStyleError, match="101x100 pixels"):
            stylize(np.zeros((100, 101, 3), np.uint8))
        assert stylize(np.zeros((100, 100, 3), np.uint8)).shape == (100, 100, 3)


def test_memory_held_already_is_not_required_again(tiny_style: Path, free):
    """In the middle of a video the engine itself fills the memory."""
    with StyleModel(tiny_style, device="cpu") as stylize:
        stylize(np.zeros((100, 100, 3), np.uint8))
        free(0)
        stylize(np.zeros((100, 100, 3), np.uint8))
        stylize(np.zeros((50, 60, 3), np.uint8))
        free(176 * 100)
        stylize(np.zeros((101, 100, 3), np.uint8))
        with pytest.raises(RealtimeStyleError, match="102x101"):
            stylize(np.zeros((101, 102, 3), np.uint8))
