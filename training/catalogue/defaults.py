"""Policy values that hold where nobody has set others. They are added once and never overwritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from registry.lib.dated import add_missing, dated_key, shipped
from registry.lib.upsert import Counts
from training.catalogue.models import AgeLimit, Threshold

_DATA = Path(__file__).parent / "data"
AGES, LIMITS = _DATA / "age_limits.csv", _DATA / "thresholds.csv"


def load() -> dict[str, Counts]:
    """Add the default rows that are missing; rows that an administrator changed stay as they are."""
    ages = (
        (
            {"region": None, "sex": row["sex"], "valid_from": date.fromisoformat(row["valid_from"])},
            {
                "minimum": int(row["minimum"]),
                "maximum": int(row["maximum"]),
                "document_no": row["document_no"],
            },
        )
        for row in shipped(AGES)
    )
    limits = (
        (dated_key(row), {"value": int(row["value"]), "document_no": row["document_no"]})
        for row in shipped(LIMITS)
    )
    return {"age limits": add_missing(AgeLimit, ages), "thresholds": add_missing(Threshold, limits)}


def differences() -> list[str]:
    """Default thresholds that no row holds any more, changed or not."""
    wanted = {row["code"] for row in shipped(LIMITS)}
    return sorted(wanted - set(Threshold.objects.values_list("code", flat=True)))
