"""Nouns of certificates, within a reader's scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from certificates.issuance import numbering, validity
from certificates.issuance.act_models import Act, Recovery
from certificates.issuance.models import Certificate
from registry.accounts.scopes import within
from registry.lib.scope import Scope

State, Basis = Certificate.State, Certificate.Basis
_FEW = 6  # from so many characters on, the beginning of a number finds few


def certificates(scope: Scope) -> QuerySet[Certificate]:
    """All that the reader may see, with level and provider."""
    seen = within(
        scope, region_field="region_code", institution_field="institution_id", person_field="person_id"
    )
    return Certificate.objects.filter(seen).select_related("level", "institution")


def of_person(scope: Scope, person_id: UUID) -> QuerySet[Certificate]:
    """One person's certificates, latest first, those without a date last."""
    return (
        certificates(scope).filter(person_id=person_id).order_by(F("issued_on").desc(nulls_last=True), "-id")
    )


def filtered(
    found: QuerySet[Certificate],
    *,
    number: str = "",
    answer: str = "",
    family: str = "",
    institution: str = "",
    since: date | None = None,
    until: date | None = None,
    **_others: object,
) -> QuerySet[Certificate]:
    """The rows that a filter leaves; what is empty leaves all. `answer` is a word of `issuance_answer`, or `ending`."""
    if number:
        asked = numbering.normalise(number)
        found = found.filter(number__startswith=asked) if len(asked) >= _FEW else found.filter(number=asked)
    if answer:
        found = found.filter(_answering(answer, timezone.localdate()))
    if family:
        found = found.filter(family=family)
    if institution:
        found = found.filter(institution__name__contains=institution.strip())
    if since:
        found = found.filter(issued_on__gte=since)
    if until:
        found = found.filter(issued_on__lte=until)
    return found


def _answering(answer: str, day: date) -> Q:
    """What `issuance_answer` says, as a filter that indexes serve; `ending` is valid and soon over."""
    running = Q(expires_on__isnull=True) | Q(expires_on__gte=day)
    checked = Q(basis=Basis.ISSUED) | Q(confirmed_on__isnull=False)
    match answer:
        case "revoked":
            return Q(state=State.REVOKED)
        case "ended":
            return Q(state=State.SUPERSEDED) | Q(expires_on__lt=day) & ~Q(state=State.REVOKED)
        case "ending":
            return validity.ending(day) & checked
        case "suspended":
            return Q(state=State.SUSPENDED) & running
        case "unconfirmed":
            return Q(state=State.VALID) & running & ~checked
        case "valid":
            return Q(state=State.VALID) & running & checked
    raise ValueError(f"no such answer: {answer!r}")


def history(scope: Scope, certificate: Certificate) -> QuerySet[Act]:
    """What was done to a certificate that the reader has fetched, in order; `scope` says that somebody is reading."""
    found = Act.objects.filter(certificate=certificate)
    return found.select_related("asked_by", "agreed_by", "other", "measure").order_by("id")


def chain(scope: Scope, certificate: Certificate) -> Sequence[Certificate]:
    """The certificates that stand for the same achievement, the first one first; only the one itself if it is alone."""
    found = [certificate]
    while (old := found[0].replaces_id) is not None:
        row = certificates(scope).filter(pk=old).first()
        if row is None:
            break
        found.insert(0, row)
    while (new := found[-1].superseded_by_id) is not None:
        row = certificates(scope).filter(pk=new).first()
        if row is None:
            break
        found.append(row)
    return found


def recoveries_of(scope: Scope, certificate: Certificate) -> QuerySet[Recovery]:
    """Money proposed for recovery because this certificate was revoked, for divisions in view."""
    return Recovery.objects.filter(
        within(scope, region_field="region_code"), certificate=certificate
    ).order_by("id")


# What a candidate may call upon: standing certificates of a level. Reported ones count as well; their paper is seen.
HELD = """
SELECT number, person_id, level_id AS rank, issued_on AS since FROM issuance_certificate
WHERE (person_id = ANY(%(people)s::uuid[]) OR number = ANY(%(numbers)s::text[]))
  AND state = 'valid' AND level_id IS NOT NULL AND family IN ('skill_level', 'qualification')
"""
