"""Do we know this person? The middle answer: records that may be one person, put before a human.

A citizen has one number for life, so two citizens' numbers are two people however alike their names. In doubt are
those whose papers change: holders of residence permits, passes and passports; and same-named people born on one day
who share a telephone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

from registry.lib.sql import planned_without

# ``source`` yields person_id, name_key, birth, doc_kind of people who were just registered.
# Of two who came in together only one asks: the pair is put once.
_ASKS = "(o.id < n.person_id OR o.id NOT IN (SELECT person_id FROM ({source}) together))"

# Few can be in doubt: holders of other papers, and whoever shares name and birthday with one. The steps, each by its
# index, keep the cost at that, even where the database has no statistics of its tables yet.
_OTHER_DOCUMENT = f"""
WITH holder AS MATERIALIZED (
    SELECT p.birth_date, p.name_key
    FROM (SELECT person_id FROM people_document WHERE kind <> 'id_card' OFFSET 0) d
    CROSS JOIN LATERAL (
        SELECT x.birth_date, x.name_key FROM people_person x
        WHERE x.id = d.person_id AND x.state = 'active' OFFSET 0) p
)
INSERT INTO people_matchcase (first_id, second_id, reason, batch_id)
SELECT DISTINCT o.id, n.person_id, 'name_birth_document', %(batch)s::uuid
FROM (SELECT person_id, name_key, birth, doc_kind FROM ({{source}}) came
      WHERE doc_kind <> 'id_card' OR (birth, name_key) IN (SELECT birth_date, name_key FROM holder) OFFSET 0) n
CROSS JOIN LATERAL (
    SELECT p.id FROM people_person p
    WHERE p.birth_date = n.birth AND p.name_key = n.name_key AND p.state = 'active' OFFSET 0) o
WHERE o.id <> n.person_id AND {_ASKS}
  AND (n.doc_kind <> 'id_card'
       OR EXISTS (SELECT FROM people_document d WHERE d.person_id = o.id AND d.kind <> 'id_card'))
ON CONFLICT (first_id, second_id) DO NOTHING  -- the question has been put already
"""

_SAME_PHONE = f"""
INSERT INTO people_matchcase (first_id, second_id, reason, batch_id)
SELECT DISTINCT o.id, n.person_id, 'name_birth_phone', %(batch)s::uuid
FROM ({{source}}) n
JOIN people_phone mine ON mine.person_id = n.person_id
JOIN people_phone theirs ON theirs.blind_index = mine.blind_index AND theirs.person_id <> n.person_id
JOIN people_person o ON o.id = theirs.person_id AND o.birth_date = n.birth AND o.name_key = n.name_key
WHERE o.state = 'active' AND {_ASKS}
ON CONFLICT (first_id, second_id) DO NOTHING  -- the question has been put already
"""


def raise_doubts(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """Open a case for every newly registered person who may be on record already; returns how many."""
    found = 0
    with planned_without(cursor, "seqscan"):
        for statement in (_OTHER_DOCUMENT, _SAME_PHONE):
            cursor.execute(statement.replace("{source}", source), params)
            found += cursor.rowcount
    return found
