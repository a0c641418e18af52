"""Keyed digests for what only has to be met again, never read: addresses, names typed at doors, one-time codes."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


def keyed(use: str, text: str) -> bytes:
    """HMAC-SHA-256 (32 bytes) of a text under a key of its own for each use, taken from the secret key."""
    begun = _begun(use, settings.SECRET_KEY).copy()
    begun.update(text.encode())
    return begun.digest()


@lru_cache(maxsize=64)  # to begin takes six times as long as to go on
def _begun(use: str, secret_key: str) -> hmac.HMAC:
    return hmac.new(hashlib.sha256(f"jiangce|{use}|{secret_key}".encode()).digest(), digestmod="sha256")
