"""The file of an export: sealed in slices, each bound to its export and place, opened only to be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID

from registry.exports.models import Export, ExportPart
from registry.identity import slices as files


def keep(export: Export, file: BinaryIO) -> tuple[str, int]:
    """Seal the file; returns its SHA-256 in hex and its size in bytes."""
    digest, size = sha256(), 0
    for number, part, sealed in files.sealed(file, export.pk):
        digest.update(part)
        size += len(part)
        ExportPart.objects.create(export=export, number=number, sealed=sealed)
    return digest.hexdigest(), size


def slices(export_id: UUID) -> Iterator[bytes]:
    """The file in clear, slice by slice."""
    parts = ExportPart.objects.filter(export_id=export_id).order_by("number")
    for number, sealed in parts.values_list("number", "sealed").iterator(chunk_size=1):
        yield files.opened(bytes(sealed), export_id, number)


def drop(export_ids: list[UUID]) -> None:
    """Destroy the files."""
    ExportPart.objects.filter(export_id__in=export_ids).delete()
