"""Nouns of checking: links of a holder, and how often somebody asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from certificates.issuance import queries as issuance
from certificates.issuance.models import Certificate
from certificates.verification.models import Lookup, Share
from registry.lib.scope import Scope


def own(scope: Scope) -> QuerySet[Certificate]:
    """The certificates of whoever asks, latest first; nothing for who is not their holder."""
    if scope.kind != "own" or scope.person_id is None:
        return Certificate.objects.none()
    return issuance.of_person(scope, scope.person_id)


def checks_of(certificate_ids: Iterable[int]) -> dict[int, int]:
    """Certificate id → how often somebody asked after it within the days that the log is kept."""
    found = Lookup.objects.filter(certificate_id__in=list(certificate_ids)).values_list("certificate_id")
    return {pk: n for pk, n in found.annotate(n=Count("id")) if pk is not None}


def shares(scope: Scope) -> QuerySet[Share]:
    """The links that a holder made, latest first."""
    if scope.kind != "own" or scope.person_id is None:
        return Share.objects.none()
    # By the certificate: two records of one person may have been made one since.
    return (
        Share.objects.filter(certificate__person_id=scope.person_id)
        .select_related("certificate")
        .order_by("-id")
    )


def checked(scope: Scope) -> list[tuple[str, str, int, datetime, datetime]]:
    """The holder's certificates as far as somebody asked after them: number, way, how often, first and last.

    Openings of the holder's own links are told with the links.
    """
    numbers = dict(own(scope).values_list("pk", "number"))
    found = Lookup.objects.filter(certificate_id__in=list(numbers)).exclude(way=Lookup.Way.SHARE)
    counted = found.values_list("certificate_id", "way").annotate(
        n=Count("id"), first=Min("at"), last=Max("at")
    )
    return [
        (numbers[pk], way, n, first, last)
        for pk, way, n, first, last in counted.order_by("-last")
        if pk is not None
    ]


def visits_of(share_ids: Iterable[int]) -> dict[int, tuple[int, datetime]]:
    """Share id → how often it was opened, and when last."""
    found = Lookup.objects.filter(share_id__in=list(share_ids)).values_list("share_id")
    counted = found.annotate(n=Count("id"), last=Max("at"))
    return {pk: (n, last) for pk, n, last in counted if pk is not None}


def visits(share: Share) -> QuerySet[Lookup]:
    """When a link was opened and what it answered, latest first."""
    return Lookup.objects.filter(share_id=share.pk).order_by("-id")


def shared(token: str) -> Share | None:
    """The link that is in force under this token."""
    found = Share.objects.filter(token=hashlib.sha256(token.encode()).digest(), ended_at=None)
    return found.filter(expires_at__gt=timezone.now()).select_related("certificate__person").first()
