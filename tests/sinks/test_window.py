"""What can be said of a live window without opening one."""

from __future__ import annotations

import pytest

from realtime_style.errors import DisplayUnavailable
from realtime_style.sinks.window import key_name, require_display


def test_a_headless_opencv_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "realtime_style.sinks.window.cv2.getBuildInformation",
        lambda: "  GUI:                           NONE\n",
    )
    with pytest.raises(DisplayUnavailable, match=r"headless.*pip uninstall"):
        require_display()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (-1, None),
        (0, None),
        (0x100000 | ord("q"), "q"),  # GTK with Num Lock
        (0x110000 | 0xFF51, "left"),
        (0x250000, "left"),  # Windows
        (0xF703, "right"),  # macOS
        (0xFFE1, None),  # Shift alone
        (ord("Q"), "q"),
    ],
)
def test_key_codes_of_all_window_systems_have_the_same_names(code: int, name: str | None) -> None:
    assert key_name(code) == name
