"""Nouns over divisions. They are public, so nothing here takes a Scope; rooms scope their own rows."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.utils import timezone

from registry.regions.models import Region, RegionClosure, RegionQuerySet

_NAMES_LIVE_SECONDS = 600


def ancestors(code: str) -> list[Region]:
    """From the province down to the division itself; empty for an unknown code."""
    return list(Region.objects.filter(descendant_links__descendant=code).order_by("-descendant_links__depth"))


def subtree(code: str, *, level: int | None = None, abolished: bool = False) -> RegionQuerySet:
    """The division and everything below it, by code; one level only, and abolished ones too, on request."""
    found = Region.objects.filter(ancestor_links__ancestor=code).order_by("code")
    if level is not None:
        found = found.filter(level=level)
    return found if abolished else found.current()


def subtree_codes(code: str) -> QuerySet[RegionClosure, str]:
    """Codes of the division and everything below it, abolished ones included: for `region__in=`."""
    return RegionClosure.objects.filter(ancestor=code).values_list("descendant_id", flat=True)


def children(code: str | None) -> RegionQuerySet:
    """Current divisions right below; of None, the provinces."""
    return Region.objects.current().filter(parent=code).order_by("code")


def ancestor_at(codes: Iterable[str], level: int) -> dict[str, str]:
    """For each known code its ancestor of that level, or the code itself where it is higher already.

    A county that hangs directly under a province is its own prefecture, so that every leaf has one.
    """
    wanted = set(codes)
    links = RegionClosure.objects.filter(descendant__in=wanted, ancestor__level__gte=level)
    best: dict[str, tuple[int, str]] = {}
    for leaf, ancestor, found_level in links.values_list("descendant_id", "ancestor_id", "ancestor__level"):
        if leaf not in best or found_level < best[leaf][0]:
            best[leaf] = (found_level, ancestor)
    for code in Region.objects.filter(code__in=wanted, level__lt=level).values_list("code", flat=True):
        best[code] = (level, code)
    return {leaf: ancestor for leaf, (_level, ancestor) in best.items()}


def search(
    text: str,
    *,
    limit: int = 20,
    level: int | None = None,
    within: str | None = None,
    abolished: bool = False,
) -> list[Region]:
    """Divisions by the beginning of their code or by words of their full name, nearest first.

    Blanks part the words, and each must occur: `和田 墨玉` finds 墨玉县. Empty text finds nothing.
    """
    words = text.split()
    if not words:
        return []
    found = Region.objects.all() if abolished else Region.objects.current()
    for word in words:
        found = found.filter(Q(code__startswith=word) if word.isdigit() else Q(full_name__contains=word))
    if level is not None:
        found = found.filter(level=level)
    if within is not None:
        found = found.filter(ancestor_links__ancestor=within)
    last = words[-1]
    nearness = Case(
        When(Q(name=last) | Q(code=last), then=Value(0)),
        When(name__startswith=last, then=Value(1)),
        When(name__contains=last, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return list(found.order_by(nearness, "level", Length("name"), "code")[:limit])


def unlisted(codes: Iterable[str], on: date | None = None) -> dict[str, str]:
    """Codes not in force on the day (today without one): code -> "unknown", "abolished" or "not_yet".

    Old identity cards keep abolished codes, so this is ground for a warning and never for an error.
    """
    day = on or timezone.localdate()
    wanted = {code for code in codes if code}
    rows = Region.objects.filter(code__in=wanted).values_list("code", "valid_from", "valid_to")
    found = dict.fromkeys(wanted, "unknown")
    for code, valid_from, valid_to in rows:
        if valid_to is not None and valid_to < day:
            found[code] = "abolished"
        elif valid_from > day:
            found[code] = "not_yet"
        else:
            del found[code]
    return found


def names(codes: Iterable[str]) -> dict[str, str]:
    """Short names by code, from memory; codes that memory does not hold are asked for once more."""
    return {code: pair[0] for code, pair in _pairs(codes).items()}


def full_names(codes: Iterable[str]) -> dict[str, str]:
    """Names from the province down, by code."""
    return {code: pair[1] for code, pair in _pairs(codes).items()}


def _pairs(codes: Iterable[str]) -> dict[str, tuple[str, str]]:
    held = _all_names(int(time.monotonic() // _NAMES_LIVE_SECONDS))
    wanted = set(codes)
    missing = wanted - held.keys()
    found = {code: held[code] for code in wanted & held.keys()}
    if missing:
        late = Region.objects.filter(code__in=missing).values_list("code", "name", "full_name")
        found.update({code: (name, full_name) for code, name, full_name in late})
    return found


@lru_cache(maxsize=1)
def _all_names(_period: int) -> dict[str, tuple[str, str]]:
    return {c: (n, f) for c, n, f in Region.objects.values_list("code", "name", "full_name")}


def forget_names() -> None:
    """Drop the names held in memory; other processes forget theirs within ten minutes."""
    _all_names.cache_clear()
