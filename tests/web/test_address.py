"""Addresses that pages listen on."""

from __future__ import annotations

import pytest

from realtime_style.web.address import parse_address


def test_port_alone_is_for_this_machine() -> None:
    assert parse_address("8082") == ("127.0.0.1", 8082)
    assert parse_address("0.0.0.0:8082") == ("0.0.0.0", 8082)


@pytest.mark.parametrize("where", ["", "eighty", "0", "70000", "127.0.0.1:", "::", "८०८२"])
def test_bad_address_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="such as 8082"):
        parse_address(where)
