"""The file of an export: sealed in slices, each bound to its export and place, opened only to be downloaded."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from typing import BinaryIO
from uuid import UUID, uuid5

from registry.exports.models import Export, ExportPart
from registry.identity.current import keyring
from registry.identity.keyring import FILE

SLICE_BYTES = 1024 * 1024


def keep(export: Export, file: BinaryIO) -> tuple[str, int]:
    """Seal the file; returns its SHA-256 in hex and its size in bytes."""
    ring, digest, size = keyring(), sha256(), 0
    file.seek(0)
    for number in count():
        part = file.read(SLICE_BYTES)
        if not part:
            break
        digest.update(part)
        size += len(part)
        ExportPart.objects.create(
            export=export, number=number, sealed=ring.seal(part, FILE, _slot(export.pk, number))
        )
    return digest.hexdigest(), size


def slices(export_id: UUID) -> Iterator[bytes]:
    """The file in clear, slice by slice."""
    ring = keyring()
    parts = ExportPart.objects.filter(export_id=export_id).order_by("number")
    for number, sealed in parts.values_list("number", "sealed").iterator(chunk_size=1):
        yield ring.open_(bytes(sealed), FILE, _slot(export_id, number))


def drop(export_ids: list[UUID]) -> None:
    """Destroy the files."""
    ExportPart.objects.filter(export_id__in=export_ids).delete()


def nameless() -> BinaryIO:
    """Where a file is put together in clear: memory that has no name and is gone when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("export", os.MFD_CLOEXEC), "w+b")
    return tempfile.TemporaryFile()


def _slot(export_id: UUID, number: int) -> UUID:
    return uuid5(export_id, str(number))
