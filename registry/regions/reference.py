"""The vendored divisions: five files read as one list of rows. Where they come from: third_party.toml."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from registry.regions.models import START_UNKNOWN

DATA = Path(__file__).parent / "data"


class RegionRow(NamedTuple):
    """One row of `regions_region`, in the order of its columns."""

    code: str
    name: str
    full_name: str
    level: int
    parent_id: str | None
    valid_from: date
    valid_to: date | None
    successor_id: str | None


def _read(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def rows() -> list[RegionRow]:
    """Every division shipped: current ones, 新疆's townships, and codes abolished since 1984."""
    starts = {row["code"]: _day(row["valid_from"]) for row in _read("starts.csv")}
    corrections = {row["code"]: row for row in _read("corrections.csv")}
    raw: dict[str, dict[str, str]] = {}
    for name in ("divisions.csv", "additions.csv", "townships_65.csv", "abolished.csv"):
        for row in _read(name):
            raw[row["code"]] = row
    full_names: dict[str, str] = {}

    def full_name(code: str) -> str:
        if code not in full_names:
            row = raw[code]
            full_names[code] = (full_name(row["parent"]) if row["parent"] else "") + row["name"]
        return full_names[code]

    def built(code: str, row: dict[str, str]) -> RegionRow:
        better = corrections.get(code, {})
        return RegionRow(
            code=code,
            name=row["name"],
            full_name=full_name(code),
            level=int(row["level"]),
            parent_id=row["parent"] or None,
            valid_from=(
                _day(better.get("valid_from") or row.get("valid_from")) or starts.get(code) or START_UNKNOWN
            ),
            valid_to=_day(better.get("valid_to") or row.get("valid_to")),
            successor_id=better.get("successor") or row.get("successor") or None,
        )

    return [built(code, raw[code]) for code in sorted(raw)]
