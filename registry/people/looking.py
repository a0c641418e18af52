"""Who looked (谁查看过我的信息): opening an account, revealing a number and exporting rows leave traces that the person
sees. Being one line of a list that somebody pages through leaves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from registry.accounts.models import Role, User
from registry.accounts.scopes import within
from registry.audit import services as audit
from registry.audit.models import Action, Detail
from registry.exports import queries as exports
from registry.exports import rules, sources
from registry.institutions.models import Institution
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.people.revealing import FIELDS, REVEALED, SELF
from registry.regions.models import Region

SHOWN = 5
READ, EXPORTED = "people.read", "exports.make"
What = Literal["account", "candidate", "enrolment", "certificate", "source", "correction"]

_OPENED: dict[str, str | Promise] = {
    "account": _lazy("打开个人培训账户"),
    "candidate": _lazy("打开考生信息"),
    "enrolment": _lazy("打开一条培训记录"),
    "certificate": _lazy("打开一本证书"),
    "source": _lazy("核对来源名册中的一行"),
    "correction": _lazy("打开更正申请"),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One time that somebody looked: who, in which capacity and from where; what they did, and why."""

    at: datetime
    who: str
    role: str
    place: str
    what: str
    reason: str
    note: str = ""


def note(person: Person, *, reader: User, what: What = "account") -> None:
    """Record that `reader` opened something of `person`; looking at one's own leaves no trace."""
    if person.user_id == reader.pk:
        return
    with transaction.atomic():
        audit.record(
            code=READ,
            actor=reader,
            subject_type="person",
            subject_id=str(person.pk),
            person_id=person.pk,
            after={"what": what},
        )


def actions(scope: Scope, person: Person) -> QuerySet[Action]:
    """What was read of a person, and who read it; newest first by `-id`.

    The person has been fetched through the same scope. An institution sees what its own people read, a division what
    was read from within it; the person and auditors see all.
    """
    if scope.sees_nothing or (scope.kind == "own" and scope.person_id != person.pk):
        return Action.objects.none()
    # What was read of a record that was folded into this one was read of this person.
    ids = [person.pk, *person.absorbed.values_list("pk", flat=True)]
    details = Detail.objects.filter(subject_person__in=ids, action__code__in=(READ, REVEALED))
    traces = details.order_by().values("action_id").union(exports.actions_with(ids), all=True)
    found = Action.objects.filter(id__in=traces)
    if scope.kind in ("institution", "region"):
        found = found.filter(within(scope, region_field="region_code", institution_field="institution_id"))
    return found.order_by("-id")


def readings(found: Iterable[Action], *, with_notes: bool = False) -> list[Reading]:
    """Actions in words. Notes in free words speak of the matter at hand and are for auditors only."""
    rows = list(found)
    roles, kinds, reasons = dict(Role.choices), sources.labels(), rules.labels()
    schools = dict(
        Institution.objects.filter(
            pk__in={row.institution_id for row in rows if row.institution_id}
        ).values_list("pk", "name")
    )
    regions = dict(
        Region.objects.filter(pk__in={row.region_code for row in rows}).values_list("pk", "full_name")
    )
    notes = _notes(rows) if with_notes else {}
    return [
        Reading(
            at=row.at,
            who=_("本人") if row.reason == SELF else row.actor,
            role=str(roles.get(row.actor_role, "")),
            place=schools.get(row.institution_id or 0, "") or regions.get(row.region_code, ""),
            what=_what(row, kinds),
            reason=_("本人查看") if row.reason == SELF else reasons.get(row.reason, row.reason),
            note=notes.get(row.pk, ""),
        )
        for row in rows
    ]


def latest(scope: Scope, person: Person) -> Mapping[str, Any] | None:
    """The panel: the last times that somebody looked, for the person and for whoever audits."""
    if scope.kind not in ("own", "all"):
        return None
    found = list(actions(scope, person)[:SHOWN])
    return {
        "rows": readings(found),
        "person": person,
        "own": scope.kind == "own",
    }


def _what(row: Action, kinds: Mapping[str, str]) -> str:
    told: Mapping[str, Any] = row.after or {}
    if row.code == REVEALED:
        field = FIELDS.get(told.get("field", ""))
        return _("查看完整%(number)s") % {"number": str(field[0]) if field else _("号码")}
    if row.code == EXPORTED:
        kind = kinds.get(told.get("kind", ""), _("名单"))
        return _("导出%(kind)s，共 %(n)s 行") % {"kind": kind, "n": f"{row.n:,}"}
    return str(_OPENED.get(told.get("what", ""), _OPENED["account"]))


def _notes(rows: Iterable[Action]) -> dict[int, str]:
    revealed = [row.pk for row in rows if row.code == REVEALED]
    told = Detail.objects.filter(action_id__in=revealed).values_list("action_id", "detail")
    return {action_id: (detail or {}).get("note", "") for action_id, detail in told}
