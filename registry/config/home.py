"""What this app's own rooms put on the first screen and beside the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts.policy import can
from registry.config import rebasing
from registry.config.panels import Card, register, register_counter
from registry.exports.releasing import RELEASE, RELEASE_WHOLE
from registry.intake import kinds
from registry.intake import queries as intake
from registry.lib.scope import Actor, Scope
from registry.people import looking, panels, rotation
from registry.people import queries as people
from registry.people.models import Person
from registry.people.panels import Panel
from registry.review import panels as review
from registry.review import procedures
from registry.rights import cards as rights
from registry.rights import consents, contributors, copies, erasures
from registry.rights.contributors import Contributor, Row
from registry.staffing import services as staffing

SHOWN = 8


def _batches(actor: Actor) -> Mapping[str, Any] | None:
    # Assessment bodies hand in other sheets, from their batches.
    rosters = can(actor, "enrolment.load") or not can(actor, "intake.upload")
    if not can(actor, "intake.read") or not rosters:
        return None
    waiting = intake.waiting(actor.scope)
    return {
        "rows": list(waiting[:SHOWN]),
        "total": waiting.count(),
        "recent": list(intake.batches(actor.scope)[:5]),
        "labels": {kind.key: str(kind.label) for kind in kinds.every()},
        "may_upload": can(actor, "intake.upload"),
    }


def _matches(actor: Actor) -> Mapping[str, Any] | None:
    n = _count_matches(actor)
    return {"n": n} if n else None


def _count_batches(actor: Actor) -> int:
    return intake.waiting(actor.scope).count() if can(actor, "intake.commit") else 0


def _count_matches(actor: Actor) -> int:
    return people.open_match_cases(actor.scope).count() if can(actor, "person.match") else 0


def _readings(scope: Scope, person: Person) -> list[Row]:
    """Who looked, for the copy of everything held about somebody."""
    return [
        {
            _t("时间"): timezone.localtime(each.at).strftime("%Y-%m-%d %H:%M"),
            _t("做了什么"): each.what,
            _t("查看人"): each.who,
            _t("角色"): each.role,
            _t("所在单位或地区"): each.place,
            _t("事由"): each.reason,
        }
        for each in looking.readings(looking.actions(scope, person))
    ]


def register_all() -> None:
    """Called once, when the program is ready."""
    panels.register(Panel("looked", _("谁查看过"), "registry/people/_looked.html", looking.latest, order=90))
    contributors.register(Contributor("readings", _("谁查看过"), _readings, order=90))
    procedures.register(RELEASE)
    procedures.register(RELEASE_WHOLE)
    procedures.register(rotation.agreement())
    register(Card("intake", "registry/intake/_card.html", _batches, order=20))
    register(Card("matches", "registry/people/_matches_card.html", _matches, order=30))
    register_counter("intake", _count_batches)
    erasures.register()
    copies.register_all()
    consent = Panel("consents", _("知情同意"), "registry/rights/_consents.html", consents.panel, order=85)
    panels.register(consent)
    register_counter("erasures", rights.erasures_waiting)
    register(Card("overdue", "registry/rights/_overdue_card.html", rights.overdue_card, order=10))
    register_counter("matches", _count_matches)
    staffing.register_all()
    rebasing.register()
    register(Card("review", "registry/review/_card.html", review.card, order=15))
    register_counter("review", review.count)
    register_counter("corrections", rights.waiting)
