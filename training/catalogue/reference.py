"""Invented projects that ship with the program, marked as examples. They are no region's policy."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"


class ProjectRow(NamedTuple):
    """One row of `catalogue_project`, without id and region."""

    code: str
    version: int
    name: str
    kind: str
    fund: str
    unit: str
    valid_from: date
    valid_to: date | None
    document_no: str
    demo: bool
    note: str


def demo_projects() -> list[ProjectRow]:
    """The example catalogue."""
    with (DATA / "demo_projects.csv").open(encoding="utf-8", newline="") as file:
        return [
            ProjectRow(
                code=row["code"],
                version=int(row["version"]),
                name=row["name"],
                kind=row["kind"],
                fund=row["fund"],
                unit=row["unit"],
                valid_from=date.fromisoformat(row["valid_from"]),
                valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                document_no=row["document_no"],
                demo=True,
                note=row["note"],
            )
            for row in csv.DictReader(file)
        ]
