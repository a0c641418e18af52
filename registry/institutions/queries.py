"""Nouns over institutions and their filings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, Q, QuerySet

from registry.institutions.models import Filing, FilingPurpose, FilingQuerySet, Institution, InstitutionAlias
from registry.lib.scope import Scope
from registry.lib.text import org_key
from registry.regions.models import Region, RegionLevel
from registry.regions.queries import subtree_codes


def _visible(scope: Scope) -> Q:
    """Staff of an institution see theirs, staff of a division those in it; trainees the public catalogue."""
    if scope.sees_everything:
        return Q()
    if scope.kind == "own":
        return Q(active=True)
    if scope.kind == "institution":
        return Q(pk=scope.institution_id)
    if scope.kind == "region" and scope.region_code:
        return Q(region__in=subtree_codes(scope.region_code))
    return Q(pk__in=[])


def institutions(
    scope: Scope,
    *,
    text: str = "",
    region: str | None = None,
    kind: str | None = None,
    active: bool | None = None,
) -> QuerySet[Institution]:
    """Institutions the reader may see, each with `filing_count`, by name.

    `text` is part of a name or alias, or the beginning of a credit code; `region` takes in all below it.
    """
    found = Institution.objects.filter(_visible(scope))
    if key := org_key(text):
        alias = InstitutionAlias.objects.filter(name_key__contains=key).values("institution_id")
        found = found.filter(Q(name_key__contains=key) | Q(credit_code__startswith=key) | Q(pk__in=alias))
    if region:
        found = found.filter(region__in=subtree_codes(region))
    if kind:
        found = found.filter(kind=kind)
    if active is not None:
        found = found.filter(active=active)
    return found.select_related("region").annotate(filing_count=Count("filings")).order_by("name_key", "id")


def places(scope: Scope) -> list[tuple[str, str]]:
    """Prefectures and counties that hold an institution of the reader's: (code, indented name), by code."""
    leaves = Institution.objects.filter(_visible(scope)).values("region_id")
    found = Region.objects.filter(descendant_links__descendant__in=leaves, level__in=[2, 3]).distinct()
    rows = found.order_by("code").values_list("code", "name", "level")
    return [(code, name if level == RegionLevel.PREFECTURE else f"　{name}") for code, name, level in rows]


def institution(scope: Scope, institution_id: int) -> Institution | None:
    """One institution with its region, None when it is absent or not for this reader."""
    return Institution.objects.filter(_visible(scope), pk=institution_id).select_related("region").first()


def filings(scope: Scope, institution_id: int, on: date | None = None) -> FilingQuerySet:
    """The institution's filings with occupation and level, those in force on a day only when one is given."""
    visible = Institution.objects.filter(_visible(scope), pk=institution_id)
    found = Filing.objects.filter(institution__in=visible).select_related("occupation", "level")
    if on is not None:
        found = found.valid_on(on)
    return found.order_by("purpose", "occupation__code", "level__rank", "valid_from")


def covers(
    institution_id: int, occupation_id: int, level: int | None, on: date, purpose: str = FilingPurpose.TRAIN
) -> bool:
    """Whether the institution is filed for that occupation and level (its rank) on that day.

    A filing without a level is for all levels. A class without a level is covered by a filing for any.
    """
    found = Filing.objects.valid_on(on).filter(
        institution=institution_id, occupation=occupation_id, purpose=purpose
    )
    if level is not None:
        found = found.filter(Q(level__isnull=True) | Q(level=level))
    return found.exists()


def covers_sql(
    institution: str, occupation: str, level: str, on: str, purpose: str = FilingPurpose.TRAIN
) -> str:
    """The same as an SQL condition, for statements over many rows; the arguments are column expressions.

    `WHERE NOT {covers_sql('r.institution_id', 'r.occupation_id', 'r.level_id', 'r.starts_on')}`. The
    expressions come from code, never from a user.
    """
    return (
        "EXISTS (SELECT FROM institutions_filing f"
        f" WHERE f.institution_id = {institution} AND f.purpose = '{FilingPurpose(purpose).value}'"
        f" AND f.occupation_id = {occupation}"
        f" AND ({level} IS NULL OR f.level_id IS NULL OR f.level_id = {level})"
        f" AND f.valid_from <= {on} AND (f.valid_to IS NULL OR f.valid_to >= {on}))"
    )


def resolve_names(texts: Iterable[str]) -> dict[str, int]:
    """Institution id of each text that is a name, an alias or a credit code; other texts are absent.

    Two queries, however many texts. Closed institutions are found as well: old ledgers name them. Nothing is
    guessed.
    """
    keys = {text: org_key(text) for text in texts}
    keys = {text: key for text, key in keys.items() if key}
    if not keys:
        return {}
    wanted = set(keys.values())
    found = dict(
        InstitutionAlias.objects.filter(name_key__in=wanted).values_list("name_key", "institution_id")
    )
    own = Institution.objects.filter(Q(name_key__in=wanted) | Q(credit_code__in=wanted))
    for pk, name_key, credit_code in own.values_list("id", "name_key", "credit_code"):
        # An institution's own name goes before another's alias.
        found[name_key] = pk
        if credit_code:
            found[credit_code] = pk
    return {text: found[key] for text, key in keys.items() if key in found}
