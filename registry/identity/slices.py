"""Files kept sealed, slice by slice: each bound to its owner and place, so that one moved elsewhere does not open."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO
from uuid import UUID, uuid5

from registry.identity.current import keyring
from registry.identity.keyring import FILE

SLICE_BYTES = 1024 * 1024


def slot(owner: UUID, number: int) -> UUID:
    """What a slice is bound to."""
    return uuid5(owner, str(number))


def sealed(file: BinaryIO, owner: UUID) -> Iterator[tuple[int, bytes, bytes]]:
    """(number, in clear, sealed) of each slice from the beginning on; memory stays at one slice."""
    ring = keyring()
    file.seek(0)
    for number in count():
        part = file.read(SLICE_BYTES)
        if not part:
            return
        yield number, part, ring.seal(part, FILE, slot(owner, number))


def opened(value: bytes, owner: UUID, number: int) -> bytes:
    """A slice in clear. Raises what the key ring raises."""
    return keyring().open_(value, FILE, slot(owner, number))


def nameless(label: str) -> BinaryIO:
    """Where a file lies in clear: memory that has no name and is gone when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(label, os.MFD_CLOEXEC), "w+b")
    return tempfile.TemporaryFile()
