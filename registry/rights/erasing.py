"""The deed of erasing people, by the set: who may be erased now, and what becomes of what is kept about them.

Destroyed: names, numbers, telephones, accounts, day of birth, sign-ins, what their cases say, and salt and content of
every personal detail of the record. Staying: the random id, trainings, certificates and amounts under it, and every
proof. Files that somebody handed in hold others as well: their rows about the person are withheld, and a file of which
nothing is left to show is destroyed. Whether two persons agreed is the affair of `erasures`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from registry.accounts import forgetting as accounts
from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.latest import standing_otherwise
from registry.audit.models import Action
from registry.door.models import Knock, Verification
from registry.exports import services as exports
from registry.intake import withheld
from registry.people import forgetting as people
from registry.people.models import Person
from registry.rights import keepers, retention, terms
from registry.rights.models import Consent, Copy, Correction, Erasure, Hold

CHUNK_PEOPLE = 1_000

HELD, KEPT, IN_A_SHEET, ALTERED = "held", "kept", "in_a_sheet", "altered"


@dataclass(slots=True)
class Erased:
    """What one or more transactions did: people erased, those left out and why, and how many rows of what."""

    people: list[UUID] = field(default_factory=list)
    left: dict[UUID, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, other: Erased) -> None:
        self.people += other.people
        self.left |= other.left
        for name, n in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + n


def erase(
    ids: Sequence[UUID], *, actor: User | None, basis: str, reason: str = "", ignore_retention: bool = False
) -> Erased:
    """Erase people in one transaction. Who may not be erased now is left out and named in the answer.

    Left out are people whose record is held (HELD), must still be kept (KEPT), stands in a sheet that is being taken in
    (IN_A_SHEET) or is not as history says (ALTERED): erasing must not cover a change up. `ignore_retention` is for
    trials alone.
    """
    done = Erased()
    with transaction.atomic():
        held = people.hold(ids)
        done.left = _obstacles(held, ignore_retention)
        going = _whole_people(held, done.left)
        if not going:
            return done
        action = audit.record(
            code="rights.erase",
            actor=actor,
            subject_type="person",
            subject_id=ids[0] if len(ids) == 1 else "",
            n=len(going),
            reason=reason,
            after={"basis": basis},
        )
        done.people = [pk for pk in ids if pk in set(going)]
        done.counts = _destroy(action, going)
        _say_so(done, action, actor, basis)
    return done


def erase_all(
    ids: Sequence[UUID], *, actor: User | None, basis: str, ignore_retention: bool = False
) -> Iterator[Erased]:
    """The same for as many as one likes, a transaction for each CHUNK_PEOPLE; what is done when it breaks off stays."""
    for at in range(0, len(ids), CHUNK_PEOPLE):
        some = ids[at : at + CHUNK_PEOPLE]
        yield erase(some, actor=actor, basis=basis, ignore_retention=ignore_retention)


def _whole_people(held: Sequence[UUID], left: dict[UUID, str]) -> list[UUID]:
    """Nobody is erased in part: whoever was folded into somebody stays or goes with them."""
    rows = dict(Person.objects.filter(pk__in=held).values_list("pk", "merged_into_id"))
    stays = {rows.get(pk) or pk for pk in left}
    return [pk for pk in held if (rows.get(pk) or pk) not in stays]


def _obstacles(held: Sequence[UUID], ignore_retention: bool) -> dict[UUID, str]:
    today = timezone.localdate()
    found: dict[UUID, str] = {}
    if not ignore_retention:
        kept = retention.kept(held, today)
        found |= {pk: KEPT for pk, until in kept.items() if until.until >= today}
    indexes = people.indexes_of(held)
    with connection.cursor() as cursor:
        found |= {indexes[index]: IN_A_SHEET for index in withheld.under_review(cursor, list(indexes))}
    found |= dict.fromkeys(standing_otherwise(Person._meta.db_table, held), ALTERED)
    holds = Hold.objects.filter(person_id__in=held, lifted_at=None).values_list("person_id", flat=True)
    return found | dict.fromkeys(holds, HELD)


def _destroy(action: Action, going: Sequence[UUID]) -> dict[str, int]:
    # Asked before anything is destroyed: numbers lead to rows of sheets, links to accounts.
    rows = keepers.sheet_rows(going)
    users = accounts.only_trainees(people.accounts_of(going))
    counts = _own_cases(going)
    counts["exports_destroyed"] = exports.destroy_with(going)
    counts["door_rows"] = Knock.objects.filter(person_id__in=going).delete()[0]
    counts["door_rows"] += Verification.objects.filter(person_id__in=going).delete()[0]
    counts["sheet_rows_withheld"], counts["files_destroyed"] = withheld.withhold(rows)
    counts |= people.forget(action, going)
    counts |= keepers.forget(action, going)
    counts |= accounts.forget(users) if users else {}
    counts["details"] = audit.erase_details(going)
    return counts


def _own_cases(going: Sequence[UUID]) -> dict[str, int]:
    about = {"person_id__in": list(going)}
    open_cases = Correction.objects.filter(**about, state=Correction.State.OPEN)
    open_cases.update(state=Correction.State.WITHDRAWN, answered_at=Now())
    return {
        "corrections": Correction.objects.filter(**about).update(said=None, answer=None),
        "consents": Consent.objects.filter(**about).exclude(reference="").update(reference="—"),
        "copies": Copy.objects.filter(**about).delete()[0],
    }


def _say_so(done: Erased, action: Action, actor: User | None, basis: str) -> None:
    """Each erased person gets a case that says what was done; whoever asked has one already."""
    today = timezone.localdate()
    backups = terms.due("backup", today)
    counts = {"with": len(done.people), **done.counts}
    closed = {
        "state": Erasure.State.ERASED,
        "answered_at": timezone.now(),
        "action_id": action.pk,
        "backups_until": backups,
        "counts": counts,
    }
    asked = Erasure.objects.filter(person_id__in=done.people, state__in=Erasure.OPEN)
    have = set(asked.values_list("person_id", flat=True))
    asked.update(**closed)
    Erasure.objects.bulk_create(
        [
            Erasure(person_id=pk, basis=basis, asked_by=actor, due_on=today, **closed)
            for pk in done.people
            if pk not in have
        ]
    )


def erased_until(person_id: UUID) -> date | None:
    """The day on which the last backup that still holds an erased person is gone; None for one who is not erased."""
    found = Erasure.objects.filter(person_id=person_id, state=Erasure.State.ERASED)
    return found.order_by("-answered_at").values_list("backups_until", flat=True).first()
