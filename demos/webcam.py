"""The live loop in a few lines: camera, paint, window. Needs a screen.

python demos/webcam.py [CAMERA] [STYLE]     q or Esc ends

CAMERA is a number or device, a video file played in real time, or pattern. The command ``realtime-style webcam`` is this
loop with more keys, recording and figures.
"""

from __future__ import annotations

import sys

from realtime_style import RealtimeStyleError, Stylizer, Window, open_camera


def main(camera: str = "0", style: str = "starry-night") -> int:
    try:
        with (
            open_camera(camera) as source,
            Stylizer(style) as paint,
            Window("realtime_style") as window,
        ):
            print(f"{source.info.details or source.info.name}, painted by {paint.provider}")
            paint.warm_up(source.info.width, source.info.height)
            for frame in source:
                window.write(paint(frame))
                if window.closed or window.poll_key(1) in ("q", "esc"):
                    break
    except RealtimeStyleError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
