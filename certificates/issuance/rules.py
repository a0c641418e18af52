"""How numbers are composed: rules as dated rows (`NumberRule`), never one expression.

A rule's segments before the serial make the space in which serials are dense.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from certificates.issuance import entries
from certificates.issuance.models import NumberRule
from registry.lib.dated import add_missing, dated_key, in_force, shipped
from registry.lib.upsert import Counts

SHIPPED = Path(__file__).parent / "data" / "number_rules.csv"
_TAKES = {"text", "body", "institution", "region", "year", "level", "serial"}


class BadRule(ValueError):
    """Segments that compose no number."""


class Given(NamedTuple):
    """What a number is composed of; `level_code` is None where the level has none."""

    prefix: str
    institution_id: int
    region_code: str
    year: int
    level_code: str | None


class Space(NamedTuple):
    """Everything before the serial, and how many digits the serial has."""

    text: str
    digits: int

    @property
    def most(self) -> int:
        return int(10**self.digits - 1)

    def number(self, serial: int) -> str:
        return f"{self.text}{serial:0{self.digits}d}"


def rule_for(family: str, region_code: str, on: date) -> NumberRule | None:
    """The rule in force on a day in a division: that of the smallest division around it, else the nationwide one."""
    found = [
        rule
        for rule in NumberRule.objects.filter(in_force(on), family=family)
        if region_code.startswith(_stem(rule.region_code))
    ]
    return max(found, key=lambda rule: (len(_stem(rule.region_code)), rule.valid_from), default=None)


def _stem(region_code: str) -> str:
    """650000 stands for all that begin with 65."""
    while region_code.endswith("00"):
        region_code = region_code[:-2]
    return region_code


def check(segments: Sequence[Mapping[str, Any]]) -> None:
    """Raises BadRule unless the segments compose numbers of at most 40 characters, the serial last."""
    takes = [part.get("take") for part in segments]
    if not takes or takes[-1] != "serial" or takes.count("serial") != 1 or not set(takes) <= _TAKES:
        raise BadRule("unknown segments, or the serial is not last")
    if "body" not in takes and "institution" not in takes:
        raise BadRule("two bodies would share their numbers")
    for part in segments:
        if part["take"] == "text" and not part.get("text"):
            raise BadRule("an empty text")
        allowed = {"year": (2, 4), "region": (2, 4, 6), "institution": range(4, 10), "serial": range(4, 9)}
        if part["take"] in allowed and part.get("digits") not in allowed[part["take"]]:
            raise BadRule(f"{part['take']}: not a number of digits that it may have")


def space(segments: Iterable[Mapping[str, Any]], given: Given) -> Space | entries.Refused:
    """The space of a rule for what is given, or why there is none."""
    made, digits = [], 0
    for part in segments:
        take = part["take"]
        if take == "text":
            made.append(str(part["text"]))
        elif take == "body":
            if not given.prefix:
                return entries.Refused(entries.BODY_UNNUMBERED)
            made.append(given.prefix)
        elif take == "institution":
            made.append(f"{given.institution_id:0{part['digits']}d}")
        elif take == "region":
            made.append(given.region_code[: part["digits"]].ljust(part["digits"], "0"))
        elif take == "year":
            made.append(f"{given.year:04d}"[-part["digits"] :])
        elif take == "level":
            if given.level_code is None:
                return entries.Refused(entries.LEVEL_UNNUMBERED)
            made.append(given.level_code)
        else:
            digits = part["digits"]
    return Space("".join(made), digits)


def parse(text: str) -> list[dict[str, Any]]:
    """Segments as they are written in the shipped file and typed by administrators: `body year:2 level serial:6`."""
    found: list[dict[str, Any]] = []
    for word in text.split():
        take, _, more = word.partition(":")
        if take == "text":
            found.append({"take": take, "text": more})
        elif more:
            found.append({"take": take, "digits": int(more)})
        else:
            found.append({"take": take})
    check(found)
    return found


def written(segments: Iterable[Mapping[str, Any]]) -> str:
    """Segments as `parse` reads them."""
    return " ".join(
        ":".join(filter(None, [part["take"], str(part.get("text", "")) or str(part.get("digits", ""))]))
        for part in segments
    )


def load() -> dict[str, Counts]:
    """Add the shipped rules that are missing; rows that an administrator changed stay as they are."""
    rows = (
        (
            dated_key(row),
            {
                "family": row["family"],
                "region_code": row["region_code"],
                "name": row["name"],
                "segments": parse(row["segments"]),
                "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                "document_no": row["document_no"],
            },
        )
        for row in shipped(SHIPPED)
    )
    return {"number rules": add_missing(NumberRule, rows)}


def differences() -> list[str]:
    """Shipped rules that no row holds any more, changed or not."""
    wanted = {row["code"] for row in shipped(SHIPPED)}
    return sorted(wanted - set(NumberRule.objects.values_list("code", flat=True)))
