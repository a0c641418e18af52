"""Keyed digests for what only has to be met again, never read: addresses, names typed at doors, one-time codes."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings


def keyed(use: str, text: str) -> bytes:
    """HMAC-SHA-256 (32 bytes) of a text under a key of its own for each use, taken from the secret key."""
    secret = hashlib.sha256(f"jiangce|{use}|{settings.SECRET_KEY}".encode()).digest()
    return hmac.digest(secret, text.encode(), "sha256")
