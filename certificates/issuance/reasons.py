"""Reasons in force on a day, as dated rows. Where no row says anything, those that ship with the program hold."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.utils import timezone

from certificates.issuance.act_models import Act, Reason
from registry.lib.dated import add_missing, in_force, shipped
from registry.lib.upsert import Counts

FILE = Path(__file__).parent / "data" / "reasons.csv"


class Given(NamedTuple):
    """One reason: what staff read, what the public reads, and whether money is looked into."""

    code: str
    label: str
    public: str
    recovers: bool


def of(kind: str, day: date | None = None) -> dict[str, Given]:
    """Code → reason, of those that may be given on a day (today), in the order of forms."""
    rows = Reason.objects.filter(in_force(day or timezone.localdate()), kind=kind).order_by("place", "code")
    found = {row.code: Given(row.code, row.label, row.public, row.recovers) for row in rows}
    if found or Reason.objects.exists():
        return found
    return dict(_shipped().get(kind, {}))


def labels(kind: str) -> dict[str, str]:
    """Code → words of every reason that ever was, the newest words first to count."""
    known = {code: one.label for code, one in _shipped().get(kind, {}).items()}
    rows = Reason.objects.filter(kind=kind).order_by("valid_from")
    return known | dict(rows.values_list("code", "label"))


def public(kind: str, code: str) -> str:
    """What anybody who checks is told of a reason; empty for one that nobody knows."""
    row = Reason.objects.filter(kind=kind, code=code).order_by("-valid_from").first()
    if row is not None:
        return row.public
    one = _shipped().get(kind, {}).get(code)
    return one.public if one else ""


def why(number: str, kind: str) -> str:
    """The public words of the last act of a kind on a certificate; empty where there is none."""
    last = (
        Act.objects.filter(certificate__number=number, kind=kind).order_by("-id").first() if number else None
    )
    return public(kind, last.reason) if last is not None else ""


def load() -> dict[str, Counts]:
    """Add the rows that ship with the program and are missing; rows that somebody changed stay as they are."""
    rows = (
        (
            {"kind": row["kind"], "code": row["code"], "valid_from": date.fromisoformat(row["valid_from"])},
            _columns(row),
        )
        for row in shipped(FILE)
    )
    return {"reasons of measures": add_missing(Reason, rows)}


def differences() -> list[str]:
    """Shipped reasons that no row holds any more, changed or not."""
    wanted = {(row["kind"], row["code"]) for row in shipped(FILE)}
    held = set(Reason.objects.values_list("kind", "code"))
    return sorted(f"{kind} {code}" for kind, code in wanted - held)


def _columns(row: dict[str, str]) -> dict[str, Any]:
    return {
        "label": row["label"],
        "public": row["public"],
        "recovers": row["recovers"] == "1",
        "place": int(row["place"]),
    }


@cache
def _shipped() -> dict[str, dict[str, Given]]:
    found: dict[str, dict[str, Given]] = {}
    for row in shipped(FILE):
        columns = _columns(row)
        found.setdefault(row["kind"], {})[row["code"]] = Given(
            row["code"], columns["label"], columns["public"], columns["recovers"]
        )
    return found
