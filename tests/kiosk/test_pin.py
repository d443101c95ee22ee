"""The host's PIN."""

from __future__ import annotations

import pytest

from realtime_style.errors import BadSettings
from realtime_style.kiosk.config.pin import check_hash, hash_pin, is_pin


def test_pin_matches_its_hash_alone() -> None:
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
    "hashed", ["4711", "scrypt:a:b", "md5:AAAA:AAAA", "scrypt:!!:!!", "::", "", "scrypt:A:A:A:A"]
)
def test_other_text_is_no_hash(hashed: str) -> None:
    with pytest.raises(BadSettings, match="kiosk --secrets"):
        check_hash(hashed)
