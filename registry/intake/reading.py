"""From the kept file to staged rows, through the caged child."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.backends.utils import CursorWrapper

from registry.identity.current import keyring
from registry.intake import cage, staging, store
from registry.intake.kinds import Kind
from registry.intake.models import Batch
from registry.intake.patching import Patches
from registry.intake.progress import Teller

# What the cage may seal and index; it can open nothing.
PURPOSES = ("idno", "phone", "bank")


class Refused(Exception):
    """The whole file is turned away: a code of the contract, a Chinese message, and what else helps."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details or {}

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, **self.details}


@dataclass(slots=True)
class Read:
    """What the reader found out about the file and its sheet."""

    file_format: str = ""
    encoding: str | None = None
    sheet: dict[str, Any] = field(default_factory=dict)
    rows: int = 0


def stage(cursor: CursorWrapper, batch: Batch, kind: Kind, teller: Teller, patches: Patches) -> Read:
    """Read the batch's file, with ``patches`` over it, into its staging tables.

    Raises Refused, Cancelled, store.FileGone.
    """
    columns = kind.spec.staged
    staging.create(cursor, batch.id, columns)
    found = Read()
    request = cage.Request(
        spec=kind.spec,
        keys=keyring().narrowed(PURPOSES),
        patches=patches,
        sheet=batch.chosen_sheet or None,
        mapping=batch.chosen_mapping or None,
        memory=settings.INTAKE_CHILD_MEMORY,
        cpu_seconds=settings.INTAKE_CHILD_CPU_SECONDS,
        max_bytes=batch.context.get("max_bytes", settings.INTAKE_MAX_BYTES),
    )
    with store.reading(batch) as file:
        for frame in cage.run(request, file):
            _take(frame, found, cursor, batch, columns, teller)
    found.rows = staging.settle(cursor, batch.id)
    return found


def raw_rows(
    batch: Batch, kind: Kind, rows: list[int] | None = None, patches: Patches | None = None
) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells as text) of the rows under the header, read again from the kept file; ``rows``: only those.

    Raises Refused, store.FileGone, store.FileDamaged, cage.ChildDied.
    """
    for frame in _raw(batch, kind, rows, patches):
        if frame.type == "rows":
            yield from frame.header["rows"]


def row_by_key(batch: Batch, kind: Kind, row: int, patches: Patches | None = None) -> dict[str, str]:
    """The cells of one row by the key of their column, in the order of the sheet; empty when it has no such row.

    Raises the same.
    """
    places: list[tuple[str, int]] = []
    found: dict[str, str] = {}
    for frame in _raw(batch, kind, [row], patches):
        if frame.type == "meta":
            places = sorted(frame.header["columns"].items(), key=lambda pair: pair[1])
        elif frame.type == "rows":
            for _number, texts in frame.header["rows"]:
                found = {key: texts[place] if place < len(texts) else "" for key, place in places}
    return found


def _raw(batch: Batch, kind: Kind, rows: list[int] | None, patches: Patches | None) -> Iterator[cage.Frame]:
    request = cage.Request(
        spec=kind.spec,
        mode="rows" if rows is None else "cells",
        rows=rows or (),
        patches=patches,
        sheet=batch.sheet.get("name") or batch.chosen_sheet or None,
        mapping=batch.chosen_mapping or None,
        memory=settings.INTAKE_CHILD_MEMORY,
        cpu_seconds=settings.INTAKE_CHILD_CPU_SECONDS,
        max_bytes=batch.context.get("max_bytes", settings.INTAKE_MAX_BYTES),
    )
    gone = frozenset(batch.withheld_rows.values_list("row", flat=True))
    with store.reading(batch) as file:
        for frame in cage.run(request, file):
            if frame.type == "refused":
                raise Refused(frame.header["code"], frame.header["message"], frame.header.get("details"))
            if frame.type == "rows" and gone:
                frame.header["rows"] = [
                    (row, [] if row in gone else texts) for row, texts in frame.header["rows"]
                ]
            yield frame


def _take(
    frame: cage.Frame,
    found: Read,
    cursor: CursorWrapper,
    batch: Batch,
    columns: tuple[tuple[str, str], ...],
    teller: Teller,
) -> None:
    header = frame.header
    match frame.type:
        case "meta":
            found.file_format = header["format"]
            found.encoding = header.get("encoding")
            found.sheet = {
                "name": header["sheet"],
                "header_row": header["header_row"],
                "mapping": header["mapping"],
                "ignored_columns": header["ignored_columns"],
                "headings": header["headings"],
                "title": header["titles"].get("title", ""),
                "skipped_rows": [],
            }
        case "chunk":
            staging.copy_rows(cursor, batch.id, columns, frame.payload)
            teller.tell("read", header["done"], header.get("total"))
        case "issues":
            staging.copy_issues(cursor, batch.id, frame.payload)
        case "end":
            found.sheet["skipped_rows"] = header["skipped_rows"]
        case "refused":
            raise Refused(header["code"], header["message"], header.get("details"))
        case other:
            raise ValueError(f"unknown frame {json.dumps(other)}")
