"""The host's PIN, of which only a salted hash is kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from realtime_style.errors import BadSettings

_COST = 2**14  # scrypt's n: some 50 ms and 16 MiB for each try
LEAST, MOST = 4, 12
"""Digits of a PIN."""


def hash_pin(pin: str) -> str:
    """What stands in the settings for a PIN of 4 to 12 digits; raises BadSettings for anything else."""
    if not (pin.isascii() and pin.isdecimal() and LEAST <= len(pin) <= MOST):
        raise BadSettings(
            f"a PIN has {LEAST} to {MOST} digits and nothing else; choose another one"
        )
    salt = secrets.token_bytes(16)
    return f"scrypt:{_text(salt)}:{_text(_hash(pin, salt))}"


def is_pin(pin: str, hashed: str) -> bool:
    """Whether this is the PIN of :func:`hash_pin`."""
    salt, wanted = _parts(hashed)
    return hmac.compare_digest(_hash(pin, salt), wanted)


def check_hash(hashed: str) -> None:
    """Raise BadSettings when it is no hash of a PIN."""
    _parts(hashed)


def _parts(hashed: str) -> tuple[bytes, bytes]:
    try:
        kind, salt, wanted = hashed.split(":")
        parts = base64.b64decode(salt, validate=True), base64.b64decode(wanted, validate=True)
    except (ValueError, binascii.Error):
        kind, parts = "", (b"", b"")
    if kind != "scrypt" or len(parts[1]) != 32:
        raise BadSettings(
            "pin in [host] is not a hash of a PIN; make one with: realtime-style kiosk --secrets"
        )
    return parts


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=8, p=1, maxmem=2**26, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
