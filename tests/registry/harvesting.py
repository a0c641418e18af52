"""Reads bytes as a sheet, in this process: what the caged child does, without its cage."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.identity.keyring import Keyring
from registry.intake.columns import SheetSpec
from registry.intake.harvest import Harvest
from registry.intake.refusal import Refusal
from tests.sheets.cells import Row, Sheet
from tests.sheets.xlsx import xlsx

_KEY = base64.b64encode(bytes(range(32))).decode()
RING = Keyring.from_dict(
    {"enc": {"active": "k1", "keys": {"k1": _KEY}}, "index": {"active": "1", "keys": {"1": _KEY}}}
)
PURPOSES = ("idno", "phone", "bank")


@dataclass
class Read:
    """What came of one file: staged rows by name of column (None for NULL), issues as (row, column, code)."""

    meta: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, str | None]] = field(default_factory=list)
    issues: list[tuple[int, str, str]] = field(default_factory=list)
    told: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    raw: list[tuple[int, list[str]]] = field(default_factory=list)
    end: dict[str, Any] = field(default_factory=dict)
    refused: str = ""
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        return [int(row["row"] or 0) for row in self.rows]

    @property
    def bad(self) -> list[int]:
        return [int(row["row"] or 0) for row in self.rows if row["bad"] == "t"]

    @property
    def skipped(self) -> list[tuple[int, str]]:
        return [(one["row"], one["why"]) for one in self.end["skipped_rows"]]

    def staged(self, name: str) -> list[str | None]:
        return [row[name] for row in self.rows]

    def codes(self, row: int) -> set[str]:
        return {code for number, _, code in self.issues if number == row}


class _Collector:
    def __init__(self, spec: SheetSpec) -> None:
        self.read, self._names = Read(), [name for name, _ in spec.staged]

    def send(self, type_: str, header: dict[str, Any], payload: bytes = b"") -> None:
        take(self.read, self._names, type_, header, payload)


def take(read: Read, names: Sequence[str], type_: str, header: dict[str, Any], payload: bytes) -> None:
    lines = [line.split("\t") for line in bytes(payload).decode().splitlines()]
    match type_:
        case "meta":
            read.meta = header
        case "chunk":
            for line in lines:
                values = [None if text == r"\N" else text.replace(r"\\", "\\") for text in line]
                read.rows.append(dict(zip(names, values, strict=True)))
        case "issues":
            read.told += [(int(line[0]), line[1], line[2], line[3], line[4]) for line in lines]
            read.issues = [told[:3] for told in read.told]
        case "rows":
            read.raw += [(number, list(cells)) for number, cells in header["rows"]]
        case "end":
            read.end = header
        case "refused":
            read.refused, read.message = header["code"], header["message"]
            read.details = header["details"]


def harvest(spec: SheetSpec, data: bytes, *, raw: Sequence[int] | bool = False, **request: Any) -> Read:
    """``raw``: True for all rows as they stand, or the numbers of some."""
    asked = {
        "keys": RING.narrowed(PURPOSES),
        "chunk_rows": 20_000,
        "max_bytes": 2**30,
        "want_cleaned": True,
        **request,
    }
    collector = _Collector(spec)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            one = Harvest(spec, asked, file, file.name, collector)  # type: ignore[arg-type]
            if raw is False:
                one.stage()
            else:
                one.copy_raw(None if raw is True else raw)
        except Refusal as no:
            collector.read.refused, collector.read.message = no.code, no.message
            collector.read.details = no.details
    return collector.read


def book(*rows: Row, merges: Sequence[str] = (), name: str = "花名册") -> bytes:
    return xlsx([Sheet(name, rows, merges)])
