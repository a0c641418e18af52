"""The file of a print job: sealed in slices, each bound to its job and place."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID

from certificates.printing.models import PrintJob, PrintPart
from registry.identity import slices as files


def keep(job: PrintJob, file: BinaryIO) -> tuple[str, int]:
    """Seal the file; returns its SHA-256 in hex and its size in bytes."""
    digest, size = sha256(), 0
    for number, part, sealed in files.sealed(file, job.pk):
        digest.update(part)
        size += len(part)
        PrintPart.objects.create(job=job, number=number, sealed=sealed)
    return digest.hexdigest(), size


def slices(job_id: UUID) -> Iterator[bytes]:
    """The file in clear, slice by slice."""
    parts = PrintPart.objects.filter(job_id=job_id).order_by("number")
    for number, sealed in parts.values_list("number", "sealed").iterator(chunk_size=1):
        yield files.opened(bytes(sealed), job_id, number)


def drop(job_ids: list[UUID]) -> None:
    """Destroy the files."""
    PrintPart.objects.filter(job_id__in=job_ids).delete()
