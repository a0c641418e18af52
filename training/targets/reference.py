"""The five plans as files: every number as printed, and what must be known about it."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent / "data"


class PlanRow(NamedTuple):
    """One row of `targets_plan`."""

    code: str
    name: str
    document_no: str
    dated: str
    document_date: date | None
    crawl_date: date | None
    region_id: str
    period_from: date | None
    period_to: date | None
    note: str
    order: int


class IndicatorRow(NamedTuple):
    """One row of `targets_indicator`; `filter` as JSON text."""

    code: str
    plan_id: str
    name: str
    event: str
    region_basis: str
    filter: str
    unit: str
    headline: bool
    tracks_people: bool
    order: int


class TargetRow(NamedTuple):
    """One row of `targets_target`, without its id."""

    indicator_id: str
    part: int
    item: str
    period: str
    period_from: date | None
    period_to: date | None
    printed: str
    bound: str
    value: Decimal | None
    value_max: Decimal | None
    unit: str
    kind: str
    nature: str
    place: str
    note: str


class DiscrepancyRow(NamedTuple):
    """One remark with the plans and the (indicator, part) pairs that it stands beside."""

    number: int
    title: str
    text: str
    plans: tuple[str, ...]
    targets: tuple[tuple[str, int], ...]


def plans() -> list[PlanRow]:
    return [
        PlanRow(
            code=row["code"],
            name=row["name"],
            document_no=row["document_no"],
            dated=row["dated"],
            document_date=_day(row["document_date"]),
            crawl_date=_day(row["crawl_date"]),
            region_id=row["region"],
            period_from=_day(row["period_from"]),
            period_to=_day(row["period_to"]),
            note=row["note"],
            order=order,
        )
        for order, row in enumerate(_rows("plans.csv"), 1)
    ]


def indicators() -> list[IndicatorRow]:
    return [
        IndicatorRow(
            code=row["code"],
            plan_id=row["plan"],
            name=row["name"],
            event=row["event"],
            region_basis="funding",
            filter=json.dumps(_filter(row), ensure_ascii=False, sort_keys=True),
            unit=row["unit"],
            headline=row["headline"] == "1",
            tracks_people=row["tracks_people"] == "1",
            order=order,
        )
        for order, row in enumerate(_rows("indicators.csv"), 1)
    ]


def targets() -> list[TargetRow]:
    return [
        TargetRow(
            indicator_id=row["indicator"],
            part=int(row["part"]),
            item=row["item"],
            period=row["period"],
            period_from=_day(row["period_from"]),
            period_to=_day(row["period_to"]),
            printed=row["printed"],
            bound=row["bound"],
            value=_number(row["value"]),
            value_max=_number(row["value_max"]),
            unit=row["unit"],
            kind=row["kind"],
            nature=row["nature"],
            place=row["place"],
            note=row["note"],
        )
        for row in _rows("targets.csv")
    ]


def discrepancies() -> list[DiscrepancyRow]:
    """The remarks; a target named without a part means every part of it."""
    parts: dict[str, list[int]] = {}
    for row in targets():
        parts.setdefault(row.indicator_id, []).append(row.part)
    with (DATA / "discrepancies.toml").open("rb") as file:
        return [
            DiscrepancyRow(
                number=entry["number"],
                title=entry["title"],
                text=entry["text"].strip(),
                plans=tuple(entry["plans"]),
                targets=tuple((code, part) for code in entry["targets"] for part in parts[code]),
            )
            for entry in tomllib.load(file)["discrepancy"]
        ]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _filter(row: dict[str, str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        field: row[field].split("|")
        for field in ("funding", "training_type", "category", "family")
        if row[field]
    }
    return chosen | ({"min_rank": int(row["min_rank"])} if row["min_rank"] else {})


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _number(text: str) -> Decimal | None:
    return Decimal(text).quantize(Decimal("0.0001")) if text else None
