"""Dated rules that hold where nobody has set others: paths of admission and pass marks.

Added once, never overwritten.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from certificates.evaluations.conditions import EVIDENCE, Demands
from certificates.evaluations.models import ConditionPath, PassRule
from registry.lib.dated import add_missing, shipped
from registry.lib.upsert import Counts

_DATA = Path(__file__).parent / "data"
SINCE = date(2019, 1, 1)  # 职业技能等级认定 began


def paths() -> list[dict[str, Any]]:
    """The shipped paths, each demand read once. Raises ValueError for one that no rule understands."""
    found = tomllib.loads((_DATA / "paths.toml").read_text("utf-8"))["path"]
    for one in found:
        Demands.read(one["demands"])
        if not set(one["evidence"]) <= set(EVIDENCE):
            raise ValueError(f"{one['code']}: no such paper")
    return list(found)


def load() -> dict[str, Counts]:
    """Add what is missing."""
    wanted = (
        (
            {"code": one["code"], "valid_from": one.get("from", SINCE)},
            {
                "level_id": one["rank"],
                "label": one["label"],
                "demands": one["demands"],
                "evidence": one["evidence"],
            },
        )
        for one in paths()
    )
    rules = (
        (
            {"level": None, "valid_from": date.fromisoformat(row["valid_from"])},
            {
                **{name: int(row[name]) for name in ("theory", "practice", "total")},
                **{name: int(row[name]) for name in ("theory_weight", "practice_weight")},
                "document_no": row["document_no"],
            },
        )
        for row in shipped(_DATA / "pass_rules.csv")
    )
    return {"paths": add_missing(ConditionPath, wanted), "pass rules": add_missing(PassRule, rules)}


def differences() -> list[str]:
    """Shipped paths that no row holds any more."""
    wanted = {one["code"] for one in paths()}
    return sorted(wanted - set(ConditionPath.objects.values_list("code", flat=True)))
