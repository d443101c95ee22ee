"""Photograph and painting side by side, as a video file.

python demos/video_file.py [IN] [OUT] [STYLE]

IN is a clip, a photograph, a folder of photographs or pattern. Without sound: the command ``realtime-style video`` copies it.
"""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import numpy as np

from realtime_style import RealtimeStyleError, Stylizer, VideoWriter, open_source

CLIP = Path(__file__).parent / "media" / "big-buck-bunny.mp4"


def main(
    source: str = str(CLIP),
    target: str = "both.mp4",
    style: str = "starry-night",
    *,
    frames: int | None = None,
) -> int:
    """Paint at most `frames` frames; None paints them all."""
    try:
        with open_source(source) as clip, Stylizer(style) as paint:
            with VideoWriter(Path(target), fps=clip.info.fps or 25) as sink:
                for frame in islice(clip, frames):
                    sink.write(np.hstack([frame, paint(frame)]))
            print(f"{target}: painted by {paint.provider}")
    except RealtimeStyleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
