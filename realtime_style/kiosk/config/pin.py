"""The host's PIN; the settings hold only a salted hash of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from realtime_style.errors import BadSettings

_COST = 2**14  # scrypt's n: some 50 ms and 16 MiB for each try
MIN_DIGITS, MAX_DIGITS = 4, 12


def hash_pin(pin: str) -> str:
    """The hash for the settings of a PIN of 4 to 12 digits; raises BadSettings for others."""
    if not (pin.isascii() and pin.isdecimal() and MIN_DIGITS <= len(pin) <= MAX_DIGITS):
        raise BadSettings(
            f"a PIN has {MIN_DIGITS} to {MAX_DIGITS} digits and nothing else; choose another one"
        )
    salt = secrets.token_bytes(16)
    return f"scrypt:{_encode(salt)}:{_encode(_scrypt(pin, salt))}"


def is_pin(pin: str, hashed: str) -> bool:
    """True if `hashed` is the hash of this PIN."""
    salt, digest = _parse(hashed)
    return hmac.compare_digest(_scrypt(pin, salt), digest)


def check_hash(hashed: str) -> None:
    """Raise BadSettings for what `hash_pin` did not make."""
    _parse(hashed)


def _parse(hashed: str) -> tuple[bytes, bytes]:
    """Salt and digest."""
    try:
        kind, *fields = hashed.split(":")
        salt, digest = (base64.b64decode(field, validate=True) for field in fields)
    except ValueError:  # of base64 as well
        kind, salt, digest = "", b"", b""
    if kind != "scrypt" or len(digest) != 32:
        raise BadSettings(
            "pin in [host] is not a hash of a PIN; make one with: realtime-style kiosk --secrets"
        )
    return salt, digest


def _scrypt(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=_COST, r=8, p=1, maxmem=2**26, dklen=32)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
