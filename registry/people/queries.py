"""Nouns of people: found by exact number or by name, always within a scope, never decrypted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from registry.accounts.scopes import within
from registry.identity import id_numbers
from registry.identity.current import keyring
from registry.lib.scope import Scope
from registry.lib.text import name_key
from registry.people import reach
from registry.people.models import Document, MatchCase, Person

# The paths by which a person comes into an institution's or a division's view: through what they took part in.
_REGION_PATH = "enrolments__region_code"
_INSTITUTION_PATH = "enrolments__klass__institution_id"

# States of classes and enrolments, whose words are known to the rooms above.
_RUNNING = ("open", "running")
_TAKING_PART = ("enrolled", "studying")


def people(scope: Scope) -> QuerySet[Person]:
    """Everybody on record whom the reader may see, documents masked, in order of registration.

    A record that may only be kept is there for the person and for audit, and for nobody else.
    """
    seen = (
        Q()
        if scope.sees_everything
        else within(scope, region_field=_REGION_PATH, institution_field=_INSTITUTION_PATH, person_field="id")
    )
    found = Person.objects.filter(state=Person.State.ACTIVE).filter(seen)
    if scope.kind not in ("own", "all"):
        found = found.filter(restricted_at=None)
    if scope.kind in ("region", "institution"):
        ids = found.values("pk")
        found = Person.objects.filter(pk__in=ids)
        if scope.assesses and scope.institution_id is not None:
            either = ids.union(*reach.assessed(scope.institution_id))
            found = Person.objects.filter(pk__in=either, state=Person.State.ACTIVE, restricted_at=None)
    return found.prefetch_related(_documents())


def person(scope: Scope, person_id: UUID) -> Person | None:
    """None outside the scope; a merged record leads to the one that holds it now."""
    merged = Person.objects.filter(pk=person_id, state=Person.State.MERGED).values_list(
        "merged_into_id", flat=True
    )
    return people(scope).filter(pk=merged.first() or person_id).first()


def shows_accounts(scope: Scope, person: Person) -> bool:
    """Whether the person's bank accounts are the reader's business: not where they are known as a candidate alone."""
    if not scope.assesses:
        return True
    return Person.objects.filter(within(scope, institution_field=_INSTITUTION_PATH), pk=person.pk).exists()


def is_in_running_class(scope: Scope, person: Person) -> bool:
    """Whether the person is in a class of this institution that enrols or runs, and has not left it."""
    if scope.institution_id is None:
        return False
    taking_part = Person.objects.filter(
        pk=person.pk,
        enrolments__klass__institution_id=scope.institution_id,
        enrolments__klass__state__in=_RUNNING,
        enrolments__state__in=_TAKING_PART,
    )
    return taking_part.exists()


def search(scope: Scope, text: str) -> QuerySet[Person]:
    """By whole identity number (through the keyed index) or by the beginning of a name. An empty text finds nobody."""
    text = text.strip()
    if not text:
        return Person.objects.none()
    if any(character.isdigit() for character in text):
        return people(scope).filter(documents__blind_index__in=_indexes(text))
    return people(scope).filter(name_key__startswith=name_key(text)).order_by("name_key", "id")


def open_match_cases(scope: Scope) -> QuerySet[MatchCase]:
    """Pairs that may be one person and wait for a human; both sides must be in view, so a pair across two divisions is
    for whoever sees both. A side that was merged meanwhile asks no more: its survivor does.
    """
    visible = people(scope).values("pk")
    return (
        MatchCase.objects.filter(state=MatchCase.State.OPEN, first__in=visible, second__in=visible)
        .select_related("first", "second")
        .prefetch_related("first__documents", "second__documents")
        .order_by("created_at", "id")
    )


@dataclass(frozen=True, slots=True)
class Known:
    """The three answers to “do we know this person?”: yes, perhaps, no."""

    person: Person | None = None
    perhaps: tuple[Person, ...] = ()


def known(number: str, name: str, birth_date: date | None = None) -> Known:
    """Sure by number; perhaps by name and date of birth; else unknown. For the program's own use: no scope."""
    document = Document.objects.filter(blind_index__in=_indexes(number)).select_related("person").first()
    if document is not None:
        return Known(person=document.person)
    alike = Person.objects.filter(state=Person.State.ACTIVE, name_key=name_key(name), birth_date=birth_date)
    return Known(perhaps=tuple(alike[:10])) if birth_date else Known()


def _indexes(number: str) -> list[bytes]:
    """What a number is found by: fifteen digits stand in the register as the eighteen they became."""
    return keyring().blind_indexes(id_numbers.check(id_numbers.normalise(number).value).value, "idno")


def _documents() -> Prefetch[str, QuerySet[Document], str]:
    return Prefetch("documents", Document.objects.defer("sealed").order_by("-is_primary", "created_at"))
