"""Free memory."""

from __future__ import annotations

from realtime_style.system.memory import available_bytes


def test_free_memory_is_known_on_every_system() -> None:
    assert 2**20 < available_bytes() < 2**50
