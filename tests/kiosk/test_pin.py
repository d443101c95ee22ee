"""PIN and health of the host's side, without its page."""

from __future__ import annotations

import pytest

from realtime_style.errors import BadSettings
from realtime_style.kiosk.config.pin import check_hash, hash_pin, is_pin
from realtime_style.kiosk.pages.host import STALE_S, Board


def test_health_tells_a_kiosk_that_stands_still() -> None:
    now = [100.0]
    board = Board(lambda: now[0])
    assert board.read() == ({}, False)
    board.put({"fps": 30})
    assert board.read() == ({"fps": 30}, True)
    now[0] += STALE_S
    assert board.read()[1] is False


def test_pin_is_known_by_its_hash_alone() -> None:
    hashed = hash_pin("4711")
    assert "4711" not in hashed
    assert hashed != hash_pin("4711")
    assert is_pin("4711", hashed)
    assert not any(is_pin(pin, hashed) for pin in ("4712", "", "47110", "04711", "४७११"))
    check_hash(hashed)


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "४७११", "12 4"])
def test_pin_is_four_to_twelve_digits(pin: str) -> None:
    with pytest.raises(BadSettings, match="4 to 12 digits"):
        hash_pin(pin)


@pytest.mark.parametrize(
    "hashed", ["4711", "scrypt:a:b", "md5:AAAA:AAAA", "scrypt:!!:!!", "::", ""]
)
def test_what_is_no_hash_is_refused(hashed: str) -> None:
    with pytest.raises(BadSettings, match="kiosk --secrets"):
        check_hash(hashed)
