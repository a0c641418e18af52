"""Verbs that write occupations: load the vendored ones, remember a mapping made by hand."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection, transaction

from registry.audit.services import Account, record
from registry.lib.upsert import Counts, upsert
from registry.occupations import reference
from registry.occupations.models import Occupation, OccupationAlias, OccupationEdition
from registry.occupations.wording import occupation_key


@transaction.atomic
def load_reference() -> dict[str, Counts]:
    """Load occupations, levels and common wordings; a second run changes nothing.

    What an operator decided stays: whether an occupation may be chosen, a level's letter, every alias.
    """
    occupations = upsert(
        "occupations_occupation",
        reference.OccupationRow._fields,
        reference.occupations(),
        key=["edition", "code", "name"],
        once=["active"],
    )
    levels = upsert(
        "occupations_skilllevel", reference.LevelRow._fields, reference.levels(), key=["rank"], keep=["code"]
    )
    return {"occupations": occupations, "levels": levels, "aliases": _load_wordings()}


def _load_wordings() -> Counts:
    ids = dict(Occupation.objects.filter(edition=OccupationEdition.DICTIONARY_2022).values_list("code", "id"))
    known = set(OccupationAlias.objects.filter(institution=None).values_list("name_key", flat=True))
    wordings = reference.wordings()
    new = [
        OccupationAlias(name_key=key, occupation_id=ids[code])
        for text, code in wordings
        if (key := occupation_key(text)) not in known
    ]
    OccupationAlias.objects.bulk_create(new)
    return Counts(len(new), 0, len(wordings) - len(new))


@transaction.atomic
def remember(
    mappings: Mapping[str, int], *, actor: Account | None, institution_id: int | None = None, reason: str = ""
) -> int:
    """Remember wording -> occupation id, for one provider or for everyone; later answers replace earlier.

    Returns how many wordings were remembered. Wordings without a letter or character are passed over.
    """
    keyed = {key: occupation for text, occupation in mappings.items() if (key := occupation_key(text))}
    if not keyed:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO occupations_alias (name_key, institution_id, occupation_id, created_at)"
            " SELECT key, %s, occupation, now() FROM unnest(%s::text[], %s::bigint[]) AS t(key, occupation)"
            " ON CONFLICT (name_key, institution_id) DO UPDATE SET occupation_id = EXCLUDED.occupation_id",
            [institution_id, list(keyed), list(keyed.values())],
        )
    record(
        code="occupations.remember",
        actor=actor,
        subject_type="institution" if institution_id else "occupation",
        subject_id=institution_id or "",
        n=len(keyed),
        reason=reason,
        after={"mappings": keyed},
    )
    return len(keyed)


def differences() -> list[str]:
    """Vendored occupations and levels that the database lacks or holds otherwise; empty if all agree."""
    columns = [name for name in reference.OccupationRow._fields if name != "active"]
    held = set(Occupation.objects.values_list(*columns))
    wrong = [row.code for row in reference.occupations() if row[: len(columns)] not in held]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rank, name, short_name, high_skilled FROM occupations_skilllevel")
        levels = set(cursor.fetchall())
    wrong += [
        str(r.rank)
        for r in reference.levels()
        if (r.rank, r.name, r.short_name, r.high_skilled) not in levels
    ]
    return wrong
