"""What was written, and how it fitted."""

from __future__ import annotations

import pytest

from realtime_style.kiosk.ui import text as text_module
from realtime_style.kiosk.ui.text import FittedText


def note_settings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, FittedText]]:
    """A list to which every text that is drawn from now on is added, as it was set."""
    set_in: list[tuple[str, FittedText]] = []
    fitted = text_module.fitted

    def noted(text: str, *arguments: object, **options: object) -> FittedText:
        setting = fitted(text, *arguments, **options)  # type: ignore[arg-type]
        set_in.append((text, setting))
        return setting

    monkeypatch.setattr(text_module, "fitted", noted)
    return set_in
