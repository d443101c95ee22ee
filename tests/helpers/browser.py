"""A real browser without a screen, for the web pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # browser tests skip where it is not installed
    from playwright.sync_api import Page


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of Chromium, as on a phone."""
    chromium = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if chromium is None:
        pytest.skip("needs Chromium; on Debian: apt install chromium")
    playwright_api = pytest.importorskip("playwright.sync_api")
    with playwright_api.sync_playwright() as playwright:
        sandbox = (
            ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        )  # it refuses to run as root with one
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        yield browser.new_page(viewport={"width": 412, "height": 732})
        browser.close()
