"""Writing to a disk that is full."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that is already there under the video's name."""
    path = tmp_path / "out.mp4"
    path.write_bytes(b"precious")
    return path


def untouched(old: Path) -> bool:
    return old.read_bytes() == b"precious" and list(old.parent.iterdir()) == [old]


# No file may grow beyond 30,000 bytes in this process, and the pictures are noise.
FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from realtime_style.errors import OutputUnwritable
from realtime_style.media.video_writer import VideoWriter

resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
noise = np.random.default_rng(0)
written = 0
try:
    with VideoWriter(Path(sys.argv[1])) as sink:
        while written < {frames}:
            sink.write(noise.integers(0, 256, (128, 128, 3), np.uint8))
            written += 1
        print("all written")
except OutputUnwritable as error:
    print(error)
"""


# Eight frames fit into the encoder and fail when the file is closed; 200 fail in the middle.
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("frames", [8, 200])
def test_full_disk_is_one_line_and_keeps_the_old_file(old: Path, frames: int) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL.format(frames=frames), str(old)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert f"cannot write {old}: File too large" in run.stdout
    assert ("all written" in run.stdout) == (frames == 8)
    assert run.stderr == ""
    assert untouched(old)
