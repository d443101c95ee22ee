"""The order of imports in fresh processes."""

from __future__ import annotations

import subprocess
import sys


def test_cv2_is_imported_before_av() -> None:
    """In the other order OpenCV's windows hang for ever on Linux."""
    code = """
import sys
order = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("cv2", "av"):
            order.append(name)
sys.meta_path.insert(0, Watch())
import importlib, pkgutil, realtime_style
module = sys.argv[1]
importlib.import_module(f"realtime_style.{module}")
import realtime_style.media.h264, av
print(order[0])
"""
    for module in (
        "media.h264",
        "batch.video",
        "sources.files",
        "media.video_writer",
        "webcam.app",
        "diagnostics.bench",
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, module], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "cv2", module
