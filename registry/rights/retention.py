"""How long people's records are kept: dated rules, and from them the day until which a person's record must stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t

from registry.lib.dated import add_missing, dated_key, in_force, shipped
from registry.lib.dates import add_months
from registry.lib.upsert import Counts
from registry.people.models import Person
from registry.rights import keepers
from registry.rights.models import RetentionRule

RULES = Path(__file__).parent / "data" / "retention.csv"


class NoRule(ValidationError):
    """No row says how long records of this class are kept; then nothing of it may be erased."""

    def __init__(self) -> None:
        super().__init__(_t("还没有设定这类记录的保存期限，暂时不能办理；请联系管理员。"))


@dataclass(frozen=True, slots=True)
class Kept:
    """Until when a person's record must stay, and the rule that says so."""

    until: date
    rule: RetentionRule


def rules(on: date) -> dict[str, RetentionRule]:
    """The row in force on a day, for each class that has one."""
    found = RetentionRule.objects.filter(in_force(on))
    return {rule.code: rule for rule in found.order_by("valid_from")}


def rule(code: str, on: date) -> RetentionRule:
    """The row in force for one class. Raises NoRule."""
    try:
        return rules(on)[code]
    except KeyError:
        raise NoRule from None


def kept(people: Sequence[UUID], on: date) -> dict[UUID, Kept]:
    """The latest of all days until which each person's record must stay.

    A person of whom nothing else is on record is kept by the rule for that, from the day they were registered.
    Raises NoRule for records of a class without a rule.
    """
    known = rules(on)
    found: dict[UUID, Kept] = {}
    registered = Person.objects.filter(pk__in=people).values_list("pk", "created_at")
    days = {**keepers.events(people), RetentionRule.Code.PERSON: {pk: at.date() for pk, at in registered}}
    for code, by_person in days.items():
        if by_person and code not in known:
            raise NoRule
        for person, day in by_person.items():
            end = Kept(add_months(day, known[code].months), known[code])
            if person not in found or end.until > found[person].until:
                found[person] = end
    return found


def load() -> dict[str, Counts]:
    """Add the default rows that are missing; rows that somebody changed stay as they are."""
    rows = (
        (
            dated_key(row),
            {
                "months": int(row["months"]),
                "counted_from": row["counted_from"],
                "outcome": row["outcome"],
                "document_no": row["document_no"],
                "confirmed": bool(row["confirmed"]),
            },
        )
        for row in shipped(RULES)
    )
    return {"retention rules": add_missing(RetentionRule, rows)}


def differences() -> list[str]:
    """Classes of default rules that no row holds any more, changed or not."""
    held = set(RetentionRule.objects.values_list("code", flat=True))
    return sorted({row["code"] for row in shipped(RULES)} - held)
