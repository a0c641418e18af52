"""Do we know this person? The middle answer: records that may be one person, put before a human.

A citizen has one number for life, so two citizens' numbers are two people however alike their names. In doubt are
those whose papers change: holders of residence permits, passes and passports; and same-named people born on one day
who share a telephone.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

# ``source`` yields person_id, name_key, birth, doc_kind of people who were just registered.
_OTHER_DOCUMENT = """
INSERT INTO people_matchcase (first_id, second_id, reason, batch_id)
SELECT DISTINCT o.id, n.person_id, 'name_birth_document', %(batch)s::uuid
FROM ({source}) n
JOIN people_person o ON o.birth_date = n.birth AND o.name_key = n.name_key
WHERE o.id <> n.person_id AND o.state = 'active' AND n.doc_kind <> 'id_card'
UNION
SELECT o.id, n.person_id, 'name_birth_document', %(batch)s::uuid
FROM ({source}) n
JOIN (SELECT p.id, p.birth_date, p.name_key FROM people_person p
      WHERE p.state = 'active' AND p.birth_date IS NOT NULL
        AND p.id IN (SELECT person_id FROM people_document WHERE kind <> 'id_card')) o
    ON o.birth_date = n.birth AND o.name_key = n.name_key
WHERE o.id <> n.person_id AND n.doc_kind = 'id_card'
ON CONFLICT (first_id, second_id) DO NOTHING  -- the question has been put already
"""

_SAME_PHONE = """
INSERT INTO people_matchcase (first_id, second_id, reason, batch_id)
SELECT DISTINCT o.id, n.person_id, 'name_birth_phone', %(batch)s::uuid
FROM ({source}) n
JOIN people_phone mine ON mine.person_id = n.person_id
JOIN people_phone theirs ON theirs.blind_index = mine.blind_index AND theirs.person_id <> n.person_id
JOIN people_person o ON o.id = theirs.person_id AND o.birth_date = n.birth AND o.name_key = n.name_key
WHERE o.state = 'active' AND o.id < n.person_id
ON CONFLICT (first_id, second_id) DO NOTHING  -- the question has been put already
"""


def raise_doubts(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """Open a case for every newly registered person who may be on record already; returns how many."""
    found = 0
    for statement in (_OTHER_DOCUMENT, _SAME_PHONE):
        cursor.execute(statement.replace("{source}", source), params)
        found += cursor.rowcount
    return found
