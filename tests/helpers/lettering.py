"""Texts that were drawn, and how they fitted."""

from __future__ import annotations

import pytest

from realtime_style.display import text as text_module
from realtime_style.display.text import FittedText
from realtime_style.kiosk.ui import widgets


def note_settings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, FittedText]]:
    """A list to which every text that is fitted from now on is added, as it was set."""
    set_in: list[tuple[str, FittedText]] = []
    fit_text = text_module.fit_text

    def noted(text: str, *arguments: object, **options: object) -> FittedText:
        setting = fit_text(text, *arguments, **options)  # type: ignore[arg-type]
        set_in.append((text, setting))
        return setting

    monkeypatch.setattr(text_module, "fit_text", noted)
    monkeypatch.setattr(widgets, "fit_text", noted)
    return set_in
