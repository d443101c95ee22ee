"""A frame that does not fit is refused before the system kills the process."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from realtime_style.errors import RealtimeStyleError
from realtime_style.stylize import memory_limit
from realtime_style.stylize.memory_limit import bytes_per_pixel, check_memory
from realtime_style.stylize.style_model import StyleModel
from realtime_style.system.memory import available_bytes

JOHNSON = "c9s1-32,d64,d128,R128,R128,R128,R128,R128,u64,u32,c9s1-3"
FAST = "c5s2-16,d32,R32,R32@2,R32@4,R32@2,R32,u16,s3"


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch):
    """Say how many bytes are free."""

    def set_free(count: int | None) -> None:
        monkeypatch.setattr(memory_limit, "available_bytes", lambda: count)

    return set_free


def test_a_frame_larger_than_memory_is_refused_with_both_sizes_and_a_way_out(free):
    free(2**30)
    with pytest.raises(
        RealtimeStyleError,
        match=re.escape("8000x6000 pixels needs about 7.9 GB of memory and 1.0 GB are"),
    ) as seen:
        check_memory(8000, 6000, network=FAST)
    assert "--max-size" in str(seen.value)
    assert "\n" not in str(seen.value)


def test_a_photograph_of_48_megapixels_fits_into_10_gb(free):
    free(10 * 2**30)
    check_memory(8000, 6000, network=FAST)


def test_the_network_of_2016_needs_eight_times_the_memory_of_the_fast_one():
    assert bytes_per_pixel(JOHNSON) == 8 * bytes_per_pixel(FAST)


@pytest.mark.parametrize("network", ["", "tiny", "c9", "something,c5s2-16"])
def test_an_unknown_network_is_taken_for_the_fast_one(network: str):
    assert bytes_per_pixel(network) == bytes_per_pixel(FAST)


def test_nothing_is_refused_where_the_system_does_not_say(free):
    free(None)
    check_memory(10**6, 10**6)


@pytest.mark.skipif(
    not Path("/proc/meminfo").exists(), reason="only Linux says how much memory is free"
)
def test_linux_says_how_much_memory_is_free():
    free = available_bytes()
    assert free is not None
    assert 2**20 < free < 2**50


def test_a_stylizer_refuses_a_frame_that_does_not_fit_and_goes_on_with_one_that_does(
    tiny_style: Path, free
):
    with StyleModel(tiny_style, device="cpu") as stylize:
        free(100 * 100 * 176)
        with pytest.raises(RealtimeStyleError, match="101x100 pixels"):
            stylize(np.zeros((100, 101, 3), np.uint8))
        assert stylize(np.zeros((100, 100, 3), np.uint8)).shape == (100, 100, 3)


def test_memory_that_is_held_already_is_not_asked_for_again(tiny_style: Path, free):
    """In the middle of a video the engine itself is what fills the memory."""
    with StyleModel(tiny_style, device="cpu") as stylize:
        stylize(np.zeros((100, 100, 3), np.uint8))
        free(0)
        stylize(np.zeros((100, 100, 3), np.uint8))
        stylize(np.zeros((50, 60, 3), np.uint8))
        free(176 * 100)
        stylize(np.zeros((101, 100, 3), np.uint8))
        with pytest.raises(RealtimeStyleError, match="102x101"):
            stylize(np.zeros((101, 102, 3), np.uint8))


_FREES_IN_A_THREAD = """
import sys, threading
from realtime_style.system.allocator import trim_heap
from pathlib import Path

def resident_mb():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1000

def work():
    blocks = [bytearray(100_000) for _ in range(2000)]  # below glibc's threshold for mappings of their own
    blocks[:-1] = [None] * 1999  # the last one keeps the rest from the system

    stay.append(blocks)

stay = []
before = resident_mb()
thread = threading.Thread(target=work)
thread.start()
thread.join()
kept = resident_mb() - before
trim_heap()
print(kept, resident_mb() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")
def test_memory_that_a_thread_freed_is_handed_back():
    run = subprocess.run(
        [sys.executable, "-c", _FREES_IN_A_THREAD], capture_output=True, text=True, check=True
    )
    kept, left = (float(word) for word in run.stdout.split())
    assert kept > 100
    assert left < 20


_FREES_AND_TAKES_AGAIN = """
import resource, sys
from realtime_style.system.allocator import keep_freed
import numpy as np

if sys.argv[1] == "held":
    keep_freed()
np.ones(3_000_000)  # 24 MB
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(3_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_that_is_held_is_not_fetched_from_the_system_again():
    def faults(how: str) -> int:
        run = [sys.executable, "-c", _FREES_AND_TAKES_AGAIN, how]
        return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)

    assert faults("held") < 0.1 * faults("as usual")


_A_CARD_IN_A_THREAD = """
import sys, threading
import numpy as np
from pathlib import Path
from realtime_style.system.allocator import trim_heap, return_large_blocks

def resident_mb():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1000

def work(times):
    for _ in range(times):
        card = np.ones(6_000_000, np.uint8)
        image = np.ones(8_000_000, np.uint8)
        del card
        content = np.ones(6_000_000, np.uint8)
        del image, content

if sys.argv[1] == "let go":
    return_large_blocks()
before = resident_mb()
thread = threading.Thread(target=lambda: [work(20), trim_heap(), done.set(), over.wait()], daemon=True)
done, over = threading.Event(), threading.Event()
thread.start()
done.wait()
trim_heap()
print(resident_mb() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_large_blocks_of_a_thread_that_lives_on_are_let_go():
    def left(how: str) -> float:
        run = subprocess.run(
            [sys.executable, "-c", _A_CARD_IN_A_THREAD, how],
            capture_output=True,
            text=True,
            check=True,
        )
        return float(run.stdout)

    assert left("as ever") > 10
    assert left("let go") < 5
