"""Threads of a process that reads photographs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.training import write_photographs

_COUNT_THREADS = """
import os, sys
from pathlib import Path
import cv2, torch
from realtime_style.training.data.photographs import RandomCrops, find_photographs
cv2.setNumThreads(1)
torch.set_num_threads(2)
torch.zeros(1_000_000).add_(1)  # starts the workers of this thread
before = len(os.listdir("/proc/self/task"))
batches = RandomCrops(find_photographs(Path(sys.argv[1])), crop=256, batch=2, seed=0).batches(0)
for _ in range(8):
    next(batches)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_reading_threads_start_no_workers_of_torch(tmp_path: Path) -> None:
    folder = write_photographs(tmp_path, count=4)
    counted = subprocess.run(
        [sys.executable, "-c", _COUNT_THREADS, folder], capture_output=True, text=True, check=True
    )
    assert int(counted.stdout) == 3  # the readers alone
