"""The file of a row, kept as sealed slices in a table of their own: each bound to its owner and place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, BinaryIO
from uuid import UUID

from registry.identity import slices


class Kept:
    """Files in a table with `number` and `sealed`, whose owner is the foreign key of this name."""

    def __init__(self, model: Any, owner: str) -> None:
        self._rows, self._owner = model.objects, f"{owner}_id"

    def keep(self, owner: UUID, file: BinaryIO) -> tuple[str, int]:
        """Seal the file; returns its SHA-256 in hex and its size in bytes."""
        digest, size = sha256(), 0
        for number, part, sealed in slices.sealed(file, owner):
            digest.update(part)
            size += len(part)
            self._rows.create(number=number, sealed=sealed, **{self._owner: owner})
        return digest.hexdigest(), size

    def slices(self, owner: UUID) -> Iterator[bytes]:
        """The file in clear, slice by slice."""
        parts = self._rows.filter(**{self._owner: owner}).order_by("number")
        for number, sealed in parts.values_list("number", "sealed").iterator(chunk_size=1):
            yield slices.opened(bytes(sealed), owner, number)

    def drop(self, owners: Sequence[UUID]) -> None:
        """Destroy the files."""
        self._rows.filter(**{f"{self._owner}__in": list(owners)}).delete()
