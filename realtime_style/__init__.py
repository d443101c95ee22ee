"""realtime_style: turn a camera, a video or a photograph into a painting, live.

::

    from realtime_style import Stylizer, open_camera

    with open_camera("0") as camera, Stylizer("starry-night") as stylizer:
        for frame in camera:            # (H, W, 3) uint8 BGR
            painted = stylizer(frame)   # the same

Importing the package is free: the module of a name is loaded when the name is first used. The names
are listed in ``__init__.pyi``.
"""

from __future__ import annotations

import os
import sys

__version__ = "0.1.0"

if sys.platform == "win32":
    # Without it cameras take up to minutes to open. OpenCV reads it when it is loaded.
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")


def _public_names() -> dict[str, str]:
    """Modules of the public names, from the stub beside this file."""
    import re
    from pathlib import Path

    stub = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    imports = re.findall(r"^from (\.\S+) import \w+ as (\w+)$", stub, re.MULTILINE)
    return {name: module for module, name in imports}


def __getattr__(name: str) -> object:
    from importlib import import_module

    names = _public_names()
    if name == "__all__":
        return sorted([*names, "__version__"])
    if name not in names:
        raise AttributeError(f"module 'realtime_style' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(names[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_public_names()])
