"""The file as it came: kept encrypted in slices, each bound to its batch and place, and read back whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from django.db import connection

from registry.identity import slices
from registry.intake.models import Batch, FilePart


class FileGone(LookupError):
    """原件保存期已满或已按规定销毁,只留有文件指纹。"""


class FileDamaged(ValueError):
    """保存的原件与登记的文件指纹不符。"""


def fingerprint(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes; leaves the file at its beginning."""
    digest = hashlib.sha256()
    size = 0
    file.seek(0)
    while part := file.read(slices.SLICE_BYTES):
        digest.update(part)
        size += len(part)
    file.seek(0)
    return digest.hexdigest(), size


def keep(batch: Batch, file: BinaryIO) -> None:
    """Store the file slice by slice; memory stays at one slice."""
    with (
        connection.cursor() as cursor,
        cursor.db.wrap_database_errors,
        # Binary: as text each byte would travel, and be taken apart again, as two digits.
        cursor.copy("COPY intake_filepart (batch_id, number, sealed) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["uuid", "int4", "bytea"])
        for number, _part, sealed in slices.sealed(file, batch.id):
            copy.write_row((batch.id, number, sealed))


def drop(batch: Batch) -> None:
    """Forget the file; its name, size and fingerprint stay on the batch."""
    FilePart.objects.filter(batch=batch).delete()


@contextmanager
def reading(batch: Batch) -> Iterator[BinaryIO]:
    """The file in clear, in memory-backed storage that has no name and is gone afterwards.

    Raises FileGone, FileDamaged.
    """
    numbers = list(FilePart.objects.filter(batch=batch).order_by("number").values_list("number", flat=True))
    if not numbers and batch.file_bytes:
        raise FileGone(str(batch.id))
    digest = hashlib.sha256()
    with slices.nameless("intake") as clear:
        for number in numbers:
            sealed = FilePart.objects.values_list("sealed", flat=True).get(batch=batch, number=number)
            part = slices.opened(bytes(sealed), batch.id, number)
            digest.update(part)
            clear.write(part)
        if digest.hexdigest() != batch.file_sha256:
            raise FileDamaged(str(batch.id))
        clear.flush()
        clear.seek(0)
        yield clear
