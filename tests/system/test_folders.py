"""Folders that the project uses without being given a path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from realtime_style.system.folders import cache_folder, state_folder, styles_folder

FOLDERS = [
    (styles_folder, platformdirs.user_data_path),
    (state_folder, platformdirs.user_state_path),
    (cache_folder, platformdirs.user_cache_path),
]


@pytest.mark.parametrize(("folder", "platform_folder"), FOLDERS)
def test_folders_are_those_of_the_platform(
    folder: Callable[[], Path],
    platform_folder: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REALTIME_STYLE_HOME")
    assert folder() == platform_folder("realtime_style", appauthor=False)
    monkeypatch.setenv("REALTIME_STYLE_HOME", "")
    assert folder() == platform_folder("realtime_style", appauthor=False)


@pytest.mark.parametrize("folder", [folder for folder, _ in FOLDERS])
def test_one_variable_replaces_all_folders(folder: Callable[[], Path], own_home: Path) -> None:
    assert folder() == own_home
