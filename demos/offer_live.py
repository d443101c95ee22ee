"""The end of ``make demo``: offer the live window to a person who has a screen. Asks nothing of anybody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CLIP = "demos/media/big-buck-bunny.mp4"


def can_offer(environ: Mapping[str, str], platform: str, *, terminal: bool) -> bool:
    """Whether there is a person to ask and a screen to open a window on."""
    screen = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return terminal and bool(screen or not platform.startswith("linux"))


def has_camera(platform: str, devices: Path = Path("/dev")) -> bool:
    """Whether there may be a camera. Linux shows them as files; elsewhere only opening one tells."""
    return not platform.startswith("linux") or any(devices.glob("video*"))


def choose(camera: bool, answer: str) -> str | None:
    """What to give to ``--camera`` for this answer; None for no."""
    word = answer.strip().lower()[:1]
    return None if word == "n" else "0" if camera and word != "c" else CLIP


def main() -> int:
    camera = has_camera(sys.platform)
    if not can_offer(os.environ, sys.platform, terminal=sys.stdin.isatty() and sys.stdout.isatty()):
        return 0
    stand_in = "camera? [Y]es, [c]lip instead" if camera else "clip as its camera? [Y]es"
    try:
        source = choose(camera, input(f"Open the live window with the {stand_in}, [n]o: "))
        if source is None:
            return 0
        print("h shows the keys, q quits", flush=True)
        command = [sys.executable, "-m", "realtime_style", "webcam", "--camera", source]
        return subprocess.run(command, check=False).returncode
    except (EOFError, KeyboardInterrupt):
        print()
        return 0


if __name__ == "__main__":
    sys.exit(main())
