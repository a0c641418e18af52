"""Erasing people: whatever tells who they were is destroyed; the random id, and what hangs on it, stays.

Whether it may be done is decided above. History commits to the rows' new form in the same transaction, so that what
was rightly erased is not taken for tampering: without a document the personal facts stay out of that form.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper

from registry.audit import services as audit
from registry.audit.models import Action
from registry.people.models import Person

# Whoever was folded into one of them goes along.
_ALL = """
SELECT id FROM people_person
WHERE (id = ANY(%(people)s) OR merged_into_id = ANY(%(people)s)) AND state <> 'erased'
ORDER BY id FOR UPDATE
"""
_BLANK = """
UPDATE people_person SET name = '', name_key = '', sex = '', birth_date = NULL, education = '', region_code = '',
    user_id = NULL, restricted_at = NULL, state = CASE WHEN state = 'merged' THEN state ELSE 'erased' END
WHERE id = ANY(%(people)s)
"""
_GONE = {
    "documents": "DELETE FROM people_document WHERE person_id = ANY(%(people)s)",
    "phones": "DELETE FROM people_phone WHERE person_id = ANY(%(people)s)",
    "bank_accounts": "DELETE FROM people_bankaccount WHERE person_id = ANY(%(people)s)",
    # What somebody wrote to explain why two records are one person may well name them.
    "match_notes": """UPDATE people_matchcase SET note = '' WHERE note <> ''
        AND (first_id = ANY(%(people)s) OR second_id = ANY(%(people)s))""",
    "merge_reasons": """UPDATE people_merge SET reason = '' WHERE reason <> ''
        AND (survivor_id = ANY(%(people)s) OR absorbed_id = ANY(%(people)s))""",
}
_CANON = "person_v1"
_TABLE = Person._meta.db_table


def hold(people: Sequence[UUID]) -> list[UUID]:
    """Lock the records and those folded into them until the transaction ends; erased ones are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_ALL, {"people": list(people)})
        return [row for (row,) in cursor.fetchall()]


def indexes_of(people: Sequence[UUID]) -> dict[bytes, UUID]:
    """The keyed index of each number by which these people are known → whose it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT blind_index, person_id FROM people_document WHERE person_id = ANY(%s)", [list(people)]
        )
        return {bytes(index): person for index, person in cursor.fetchall()}


def accounts_of(people: Sequence[UUID]) -> list[int]:
    """The accounts by which these people sign in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_id FROM people_person WHERE id = ANY(%s) AND user_id IS NOT NULL", [list(people)]
        )
        return [row for (row,) in cursor.fetchall()]


def forget(action: Action, people: Sequence[UUID]) -> dict[str, int]:
    """Destroy what tells who these people were; returns how many rows of what. `people` are held already."""
    with connection.cursor() as cursor:
        counts = {name: _run(cursor, statement, people) for name, statement in _GONE.items()}
        counts["people"] = _run(cursor, _BLANK, people)
    audit.manifest_rows(action, _TABLE, _CANON, list(people))
    return counts


def _run(cursor: CursorWrapper, statement: str, people: Sequence[UUID]) -> int:
    cursor.execute(statement, {"people": list(people)})
    return int(cursor.rowcount)
