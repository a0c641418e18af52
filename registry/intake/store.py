"""The file as it came: kept encrypted in slices, each bound to its batch and place, and read back whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import BinaryIO
from uuid import UUID, uuid5

from django.db import connection

from registry.identity.current import keyring
from registry.intake.models import Batch, FilePart

SLICE_BYTES = 1024 * 1024
_PURPOSE = "file"


class FileGone(LookupError):
    """原件保存期已满或已按规定销毁,只留有文件指纹。"""


class FileDamaged(ValueError):
    """保存的原件与登记的文件指纹不符。"""


def fingerprint(file: BinaryIO) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes; leaves the file at its beginning."""
    digest = hashlib.sha256()
    size = 0
    file.seek(0)
    while part := file.read(SLICE_BYTES):
        digest.update(part)
        size += len(part)
    file.seek(0)
    return digest.hexdigest(), size


def keep(batch: Batch, file: BinaryIO) -> None:
    """Store the file slice by slice; memory stays at one slice."""
    ring = keyring()
    file.seek(0)
    with (
        connection.cursor() as cursor,
        cursor.db.wrap_database_errors,
        # Binary: as text each byte would travel, and be taken apart again, as two digits.
        cursor.copy("COPY intake_filepart (batch_id, number, sealed) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["uuid", "int4", "bytea"])
        for number in count():
            part = file.read(SLICE_BYTES)
            if not part:
                break
            copy.write_row((batch.id, number, ring.seal(part, _PURPOSE, _slot(batch.id, number))))


def drop(batch: Batch) -> None:
    """Forget the file; its name, size and fingerprint stay on the batch."""
    FilePart.objects.filter(batch=batch).delete()


@contextmanager
def reading(batch: Batch) -> Iterator[BinaryIO]:
    """The file in clear, in memory-backed storage that has no name and is gone afterwards.

    Raises FileGone, FileDamaged.
    """
    ring = keyring()
    numbers = list(FilePart.objects.filter(batch=batch).order_by("number").values_list("number", flat=True))
    if not numbers and batch.file_bytes:
        raise FileGone(str(batch.id))
    digest = hashlib.sha256()
    with _nameless() as clear:
        for number in numbers:
            sealed = FilePart.objects.values_list("sealed", flat=True).get(batch=batch, number=number)
            part = ring.open_(bytes(sealed), _PURPOSE, _slot(batch.id, number))
            digest.update(part)
            clear.write(part)
        if digest.hexdigest() != batch.file_sha256:
            raise FileDamaged(str(batch.id))
        clear.flush()
        clear.seek(0)
        yield clear


def _slot(batch_id: UUID, number: int) -> UUID:
    # A slice moved to another place or batch no longer opens.
    return uuid5(batch_id, str(number))


def _nameless() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("intake", os.MFD_CLOEXEC), "w+b")
    return tempfile.TemporaryFile()
