"""Who looked: opening somebody's account leaves a trace that they can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from registry.accounts.models import Role, User
from registry.audit import queries as audit_queries
from registry.audit import services as audit
from registry.lib.scope import Scope
from registry.people.models import Person

SHOWN = 10


def note(person: Person, *, reader: User) -> None:
    """Record that `reader` opened the account of `person`; looking at one's own leaves none."""
    if person.user_id == reader.pk:
        return
    with transaction.atomic():
        audit.record(
            code="people.read",
            actor=reader,
            subject_type="person",
            subject_id=str(person.pk),
            person_id=person.pk,
        )


def latest(scope: Scope, person: Person) -> Mapping[str, Any] | None:
    """The panel: the last times that somebody opened this account, for the person and for whoever audits."""
    if scope.kind not in ("own", "all"):
        return None
    found = audit_queries.about_person(scope, person.pk).filter(code="people.read")
    roles = dict(Role.choices)
    return {"rows": [(each.at, each.actor, roles.get(each.actor_role, "")) for each in found[:SHOWN]]}
