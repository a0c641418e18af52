"""Policy values that hold where nobody has set others. They are added once and never overwritten."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from registry.lib.upsert import Counts
from training.catalogue.models import AgeLimit, Threshold

DATA = Path(__file__).parent / "data"


def load() -> dict[str, Counts]:
    """Add the default rows that are missing; rows that an administrator changed stay as they are."""
    ages = _rows("age_limits.csv")
    limits = _rows("thresholds.csv")
    new_ages = sum(
        AgeLimit.objects.get_or_create(
            region=None,
            sex=row["sex"],
            valid_from=date.fromisoformat(row["valid_from"]),
            defaults={
                "minimum": int(row["minimum"]),
                "maximum": int(row["maximum"]),
                "document_no": row["document_no"],
            },
        )[1]
        for row in ages
    )
    new_limits = sum(
        Threshold.objects.get_or_create(
            code=row["code"],
            valid_from=date.fromisoformat(row["valid_from"]),
            defaults={"value": int(row["value"]), "document_no": row["document_no"]},
        )[1]
        for row in limits
    )
    return {
        "age limits": Counts(added=new_ages, unchanged=len(ages) - new_ages),
        "thresholds": Counts(added=new_limits, unchanged=len(limits) - new_limits),
    }


def differences() -> list[str]:
    """Default thresholds that no row holds any more, changed or not."""
    wanted = {row["code"] for row in _rows("thresholds.csv")}
    return sorted(wanted - set(Threshold.objects.values_list("code", flat=True)))


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
