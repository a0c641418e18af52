"""The log as files that `scripts/verify_registry.py` reads: as of the newest checkpoint, in constant memory.

checkpoint: the signed note; entries.jsonl: {"i", "body"} for every leaf; details.jsonl: {"i", "salt", "detail"}, or
{"i", "erased": true}, or {"i", "withheld": true} when personal details were not asked for; manifests.jsonl: {"i",
"ids", "hashes" in base64}. Lines stand in the order of the leaves; JSON without blanks.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from registry.audit.commitments import detail_bytes
from registry.audit.models import Checkpoint
from registry.lib.scope import Scope

#: Rows fetched at a time; a manifest may hold a hundred thousand hashes, so those come one by one.
_BATCH = 2000

Member = tuple[str, Iterator[bytes]]


class NothingToExport(LookupError):
    """No checkpoint was published yet, so nobody vouches for anything."""


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction that reads one state of the database and cannot write; within another one, that one's."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def newest_checkpoint() -> Checkpoint:
    """The checkpoint that an export or a receipt stands on. Raises NothingToExport."""
    found = Checkpoint.objects.order_by("-size").first()
    if found is None:
        raise NothingToExport("no checkpoint was published yet")
    return found


def members(scope: Scope, *, with_details: bool) -> Iterator[Member]:
    """The files by name, each as a stream of lines, to be consumed one after another and inside `snapshot`.

    Details are personal: without `with_details` they stay out, and only their commitments can be checked.
    """
    if not scope.sees_everything:
        raise PermissionError("an export is of the whole log")
    head = newest_checkpoint()
    yield "checkpoint", iter([head.note.encode()])
    yield "entries.jsonl", _entries(head.size)
    yield "details.jsonl", _details(head.size, with_details=with_details)
    yield "manifests.jsonl", _manifests(head.size)


def write(scope: Scope, folder: Path, *, with_details: bool) -> dict[str, int]:
    """Lay the files into a new folder, readable by its owner alone. Returns the number of lines of each.

    Raises FileExistsError, so that an export never mixes with an older one.
    """
    folder.mkdir(mode=0o700, parents=True)
    written: dict[str, int] = {}
    with snapshot():
        for name, lines in members(scope, with_details=with_details):
            count = 0
            with (folder / name).open("xb") as file:
                for line in lines:
                    file.write(line)
                    count += 1
            written[name] = count
    return written


def zipped(scope: Scope, *, with_details: bool, extra: tuple[Path, ...] = ()) -> Iterator[bytes]:
    """The same as a zip archive, piece by piece as it comes into being; `extra` files lie beside it."""
    sink = _Sink()
    with snapshot(), zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for path in extra:
            archive.write(path, path.name)
        for name, lines in members(scope, with_details=with_details):
            with archive.open(name, "w", force_zip64=True) as file:
                for line in lines:
                    file.write(line)
                    yield from sink.taken()
    yield from sink.taken()


class _Sink:
    """A file that can only be written to; what was written is taken away piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> Iterator[bytes]:
        if self.pieces:
            yield b"".join(self.pieces)
            self.pieces.clear()


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _rows(sql: str, size: int, *, at_once: int = _BATCH) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.itersize = at_once  # type: ignore[attr-defined]
        cursor.execute(sql, [size])
        yield from cursor


def _entries(size: int) -> Iterator[bytes]:
    """Each leaf's sealed bytes. A leaf whose entry is gone leaves a gap, which the verifier names."""
    for index, body in _rows(_ENTRIES, size):
        if body is not None:
            yield _line({"i": index, "body": bytes(body).decode()})


def _details(size: int, *, with_details: bool) -> Iterator[bytes]:
    for index, salt, detail in _rows(_DETAILS, size):
        if salt is None:
            yield _line({"i": index, "erased": True})
        elif not with_details:
            yield _line({"i": index, "withheld": True})
        else:
            content = json.loads(detail) if isinstance(detail, str) else detail
            yield _line({"i": index, "salt": bytes(salt).hex(), "detail": detail_bytes(content).decode()})


def _manifests(size: int) -> Iterator[bytes]:
    for index, numbers, uuids, hashes in _rows(_MANIFESTS, size, at_once=1):
        ids = numbers if numbers is not None else [str(each) for each in uuids]
        yield _line({"i": index, "ids": ids, "hashes": base64.b64encode(hashes).decode()})


_ENTRIES = """
    SELECT l.idx, coalesce(a.body, d.body, m.body)
    FROM audit_leaf l
    LEFT JOIN audit_action a ON l.kind = 'a' AND a.id = l.row_id
    LEFT JOIN audit_detail d ON l.kind = 'd' AND d.id = l.row_id
    LEFT JOIN audit_manifest m ON l.kind = 'm' AND m.id = l.row_id
    WHERE l.idx < %s ORDER BY l.idx
"""
_DETAILS = """
    SELECT l.idx, d.salt, d.detail FROM audit_leaf l JOIN audit_detail d ON d.id = l.row_id
    WHERE l.kind = 'd' AND l.idx < %s ORDER BY l.idx
"""
_MANIFESTS = """
    SELECT l.idx, m.row_ids, m.row_uuids, m.hashes FROM audit_leaf l JOIN audit_manifest m ON m.id = l.row_id
    WHERE l.kind = 'm' AND l.idx < %s ORDER BY l.idx
"""
