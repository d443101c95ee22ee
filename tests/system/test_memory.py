"""Free memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from realtime_style.system.memory import available_bytes


@pytest.mark.skipif(
    not Path("/proc/meminfo").exists(), reason="only Linux says how much memory is free"
)
def test_linux_says_how_much_memory_is_free():
    free = available_bytes()
    assert free is not None
    assert 2**20 < free < 2**50
