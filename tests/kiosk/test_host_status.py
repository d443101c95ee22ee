"""The status behind the host's phone page."""

from __future__ import annotations

from realtime_style.kiosk.pages.host import STALE_S, LatestStatus


def test_kiosk_that_hangs_is_not_well() -> None:
    now = [100.0]
    latest = LatestStatus(lambda: now[0])
    assert latest.get() == ({}, False)
    latest.read([b'{"fps": 29}', b'{"fps": 30}'])
    assert latest.get() == ({"fps": 30}, True)
    now[0] += STALE_S
    assert latest.get()[1] is False
