"""Folders of the user that the project reads and writes without being given a path.

The environment variable REALTIME_STYLE_HOME, where it is set, replaces all of them.
"""

from __future__ import annotations

import os
from pathlib import Path

_NAME = "realtime_style"


def styles_folder() -> Path:
    """Folder of the user's own style files, such as ``~/.local/share/realtime_style`` on Linux."""
    from platformdirs import user_data_path

    return _home() or user_data_path(_NAME, appauthor=False)


def state_folder() -> Path:
    """Folder for what outlasts a run, such as ``~/.local/state/realtime_style`` on Linux."""
    from platformdirs import user_state_path

    return _home() or user_state_path(_NAME, appauthor=False)


def cache_folder() -> Path:
    """Folder for downloads, such as ``~/.cache/realtime_style`` on Linux; safe to delete."""
    from platformdirs import user_cache_path

    return _home() or user_cache_path(_NAME, appauthor=False)


def _home() -> Path | None:
    home = os.environ.get("REALTIME_STYLE_HOME")
    return Path(home) if home else None
