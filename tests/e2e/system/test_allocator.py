"""Freed memory returns to the system, or stays, as the allocator is told."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

_FREES_IN_A_THREAD = """
import sys, threading
from realtime_style.system.allocator import trim_heap
from pathlib import Path

def resident_mb():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1000

def work():
    # Below glibc's threshold for mappings of their own.
    blocks = [bytearray(100_000) for _ in range(2000)]
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_memory_freed_by_a_thread_returns_to_the_system():
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

if sys.argv[1] == "keep":
    keep_freed()
np.ones(3_000_000)  # 24 MB
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    np.ones(3_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_kept_memory_causes_few_page_faults():
    def faults(how: str) -> int:
        run = [sys.executable, "-c", _FREES_AND_TAKES_AGAIN, how]
        return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)

    assert faults("keep") < 0.1 * faults("default")


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

if sys.argv[1] == "return":
    return_large_blocks()
before = resident_mb()
run = lambda: [work(20), trim_heap(), done.set(), over.wait()]
thread = threading.Thread(target=run, daemon=True)
done, over = threading.Event(), threading.Event()
thread.start()
done.wait()
trim_heap()
print(resident_mb() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_large_blocks_of_a_living_thread_are_returned():
    def left(how: str) -> float:
        run = subprocess.run(
            [sys.executable, "-c", _A_CARD_IN_A_THREAD, how],
            capture_output=True,
            text=True,
            check=True,
        )
        return float(run.stdout)

    assert left("default") > 10
    assert left("return") < 5
