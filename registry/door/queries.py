"""Nouns of the trainees' door: what staff should look at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Max, Q
from django.utils import timezone

from registry.door.models import Knock, Verification
from registry.lib import figures
from registry.lib.scope import Scope
from registry.people import queries as people
from registry.people.models import Person, Phone


class Watched(NamedTuple):
    """A person at whose door something was odd lately."""

    person: Person
    #: tries with this person's number and another name; when the last was
    other_names: int
    last_at: Any
    #: how many people share the telephone that codes go to; 0 when that is nothing to look at
    sharing: int


def watched(scope: Scope) -> list[Watched]:
    """Whose number was tried with another name, and who signed in by a telephone of many; the latest first."""
    since = timezone.now() - timedelta(days=figures.number("door.watch_days"))
    lately = Knock.objects.filter(created_at__gt=since)
    odd = lately.filter(person__in=people.people(scope).values("pk")).values("person_id", "phone_index")
    counted = odd.annotate(
        n=Count("pk", filter=Q(outcome=Knock.Outcome.OTHER_NAME)),
        used=Count("pk", filter=Q(used_at__isnull=False)),
        last=Max("created_at"),
    )
    sharing = _sharing([bytes(row["phone_index"]) for row in counted if row["phone_index"] and row["used"]])
    found: dict[UUID, list[Any]] = {}
    for row in counted:
        many = sharing.get(bytes(row["phone_index"] or b""), 0) if row["used"] else 0
        if row["n"] or many:
            one = found.setdefault(row["person_id"], [0, row["last"], 0])
            one[:] = [one[0] + row["n"], max(one[1], row["last"]), max(one[2], many)]
    those = people.people(scope).in_bulk(list(found))
    ordered = sorted(found.items(), key=lambda item: item[1][1], reverse=True)
    return [Watched(those[each], *what) for each, what in ordered if each in those]


def _sharing(indexes: list[bytes]) -> dict[bytes, int]:
    """telephone → how many people have it, of those that are worth a look."""
    least = figures.number("phone.shared_by")
    rows = Phone.objects.filter(blind_index__in=indexes, person__state=Person.State.ACTIVE)
    counted = rows.values("blind_index").annotate(n=Count("person", distinct=True)).filter(n__gte=least)
    return {bytes(row["blind_index"]): row["n"] for row in counted}


def verification(scope: Scope, person: Person) -> Verification | None:
    """The last proof of this person's identity that still holds."""
    if scope.sees_nothing:
        return None
    held = Verification.objects.filter(person=person, valid_to__gte=timezone.localdate())
    return held.order_by("-created_at").first()
