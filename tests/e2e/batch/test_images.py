"""Images that do not fit into memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


def save(path: Path, grey: int = 100, size: tuple[int, int] = (24, 16)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (grey, grey, grey)).save(path)
    return path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory the way of Linux")
def test_image_that_does_not_fit_into_memory_is_one_line(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.png", size=(12000, 9000))
    script = """
import resource, sys
from pathlib import Path
import numpy, PIL.Image
from realtime_style.media.images import read_image
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200 * 2**20,) * 2)
try:
    read_image(Path(sys.argv[1]))
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(photo)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (
        done.stdout == f"ImageUnreadable image {photo} does not fit into memory; reduce it first\n"
    )
