"""How pages and the API put a matter into words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t

from registry.lib.scope import Scope
from registry.regions.queries import full_names
from registry.review import procedures, queries
from registry.review.models import Case


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with what a page says about it. ``steps``: (label of the right, done, current or wait)."""

    case: Case
    label: str
    place: str
    waited: str
    effect: str = ""
    link: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)


def waited(since: dt.datetime, until: dt.datetime | None = None) -> str:
    """How long, in the largest whole unit: 12 分钟, 5 小时, 3 天."""
    minutes = int(((until or timezone.now()) - since).total_seconds()) // 60
    if minutes < 60:
        return _t("%(n)d 分钟") % {"n": max(minutes, 0)}
    if minutes < 24 * 60:
        return _t("%(n)d 小时") % {"n": minutes // 60}
    return _t("%(n)d 天") % {"n": minutes // (24 * 60)}


def listed(cases: list[Case]) -> list[Shown]:
    """Of a page of a list: two statements at most, however many cases."""
    names = full_names([case.region_code for case in cases if case.region_code])
    return [
        Shown(case, procedures.label(case.kind), _place(case, names), waited(case.opened_at, case.closed_at))
        for case in cases
    ]


def whole(case: Case) -> Shown:
    """Of the page of one case."""
    names = full_names([case.region_code] if case.region_code else [])
    known = procedures.find(case.kind)
    return Shown(
        case,
        procedures.label(case.kind),
        _place(case, names),
        waited(case.opened_at, case.closed_at),
        effect=str(known.effect) if known else "",
        link=known.link(case) if known and known.link else "",
        facts=[*known.facts(case)] if known and known.facts else [],
        steps=_steps(case),
    )


def _steps(case: Case) -> list[dict[str, Any]]:
    made = {decision.position: decision for decision in queries.history(Scope.all(), case)}
    told = []
    for n, action in enumerate(case.actions, 1):
        state = "current" if case.is_open and n == case.position else "wait"
        if n in made:
            state = "done" if made[n].outcome == "approve" else "current"
        told.append({"label": procedures.action_label(action), "state": state, "bad": not case.is_open})
    return told


def _place(case: Case, names: dict[str, str]) -> str:
    institution = case.institution.name if case.institution else ""
    return " ".join(part for part in (names.get(case.region_code, case.region_code), institution) if part)


def as_told(case: Case) -> dict[str, Any]:
    """A case as the API tells it."""
    return {
        "id": str(case.pk),
        "kind": case.kind,
        "label": procedures.label(case.kind),
        "summary": case.summary,
        "subject_type": case.subject_type,
        "subject_id": case.subject_id,
        "subject_version": case.version,
        "state": case.state,
        "step": case.step,
        "action": case.action,
        "version": case.row_version,
        "region": case.region_code,
        "institution": case.institution_id,
        "opened_at": case.opened_at.isoformat(),
        "closed_at": case.closed_at.isoformat() if case.closed_at else None,
    }
