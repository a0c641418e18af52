"""The key ring that this installation runs on, read once per process from the file that settings name."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from registry.identity.keyring import Keyring


@lru_cache(maxsize=4)
def _load(path: str) -> Keyring:
    return Keyring.from_file(Path(path))


def keyring() -> Keyring:
    """Raises KeyMissing when the file holds no usable key."""
    return _load(str(settings.KEYRING_FILE))
