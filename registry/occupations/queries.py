"""Nouns over occupations. They are public reference data, so nothing here takes a Scope."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.db.models import Q, QuerySet

from registry.occupations.models import Occupation, OccupationAlias, OccupationEdition
from registry.occupations.wording import codes, occupation_key, readings

#: A wording as one provider uses it; None where nobody in particular does.
Wording = tuple[str, int | None]


def search(
    text: str = "", *, edition: str | None = None, kind: str | None = None, group: str | None = None
) -> QuerySet[Occupation]:
    """Occupations by the beginning of their code or by part of their name; those in common use first."""
    found = Occupation.objects.filter(active=True)
    if text := text.strip():
        found = found.filter(Q(code__startswith=text) | Q(name__contains=text))
    for field, value in (("edition", edition), ("kind", kind), ("group", group)):
        if value is not None:
            found = found.filter(**{field: value})
    return found.order_by("-group", "edition", "code")


def groups() -> list[str]:
    """Names of the groups of common occupations."""
    found = Occupation.objects.exclude(group="").values_list("group", flat=True)
    return sorted(set(found))


def resolve(texts: Iterable[str], institution_id: int | None = None) -> dict[str, int]:
    """Occupation id of each wording that can be told; wordings that cannot are absent.

    Two queries, however many wordings. In this order: what the provider mapped by hand, a code written in
    the text, the exact name, what was mapped for everyone, then the name without level words, course words
    and brackets. A name that two occupations of one edition share is never guessed.
    """
    found = resolve_each((text, institution_id) for text in texts)
    return {text: occupation for (text, _provider), occupation in found.items()}


def resolve_each(wordings: Iterable[Wording]) -> dict[Wording, int]:
    """The same where every wording has its own provider."""
    wanted = {wording for wording in wordings if wording[0]}
    if not wanted:
        return {}
    by_name, by_code = _dictionary()
    aliases = _aliases({institution for _text, institution in wanted if institution is not None})
    found = {}
    for text, institution in wanted:
        occupation = _resolve_one(text, institution, by_name, by_code, aliases)
        if occupation is not None:
            found[(text, institution)] = occupation
    return found


def _resolve_one(
    text: str,
    institution: int | None,
    by_name: dict[str, int],
    by_code: dict[str, int],
    aliases: dict[tuple[str, int | None], int],
) -> int | None:
    key = occupation_key(text)
    if institution is not None and (mapped := aliases.get((key, institution))):
        return mapped
    options = list(dict.fromkeys(readings(text)))
    named = next((by_name[option] for option in options if option in by_name), None)
    coded = {by_code[code] for code in codes(text) if code in by_code}
    if len(coded) == 1:
        # A code of another edition may stand beside a name; when both are there they must agree.
        only = coded.pop()
        return only if named in (None, only) else None
    if key in by_name:
        return by_name[key]
    if institution is not None:
        for option in options:
            if (option, institution) in aliases:
                return aliases[(option, institution)]
    if (key, None) in aliases:
        return aliases[(key, None)]
    if named is not None:
        return named
    return next((aliases[(option, None)] for option in options if (option, None) in aliases), None)


def _dictionary() -> tuple[dict[str, int], dict[str, int]]:
    """(name key -> id, code -> id) of usable occupations; the national dictionary goes before local lists."""
    by_name: dict[str, int] = {}
    by_code: dict[str, int] = {}
    usable = Occupation.objects.filter(active=True).order_by("edition", "code")
    rows = list(usable.values_list("id", "edition", "code", "name"))
    # The newest dictionary last, so that it overwrites local lists and older editions.
    rows.sort(key=lambda row: (row[1] != OccupationEdition.LOCAL, row[1]))
    seen: dict[tuple[str, str], str] = {}
    for occupation, edition, code, name in rows:
        key = _key(name)
        if seen.setdefault((edition, key), code) != code:
            by_name.pop(key, None)
        else:
            by_name[key] = occupation
        by_code[code] = occupation
    return by_name, by_code


def _aliases(institutions: set[int]) -> dict[tuple[str, int | None], int]:
    aliases = OccupationAlias.objects.filter(Q(institution=None) | Q(institution__in=institutions))
    rows = aliases.values_list("name_key", "institution_id", "occupation_id")
    return {(key, provider): occupation for key, provider, occupation in rows}


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return occupation_key(name)
