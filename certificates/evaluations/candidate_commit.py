"""The last step of a list of candidates: new people with their telephone, and one candidate each, with a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.audit import services as audit
from registry.audit.models import Action
from registry.intake.kinds import Work
from registry.people import matching
from registry.people import services as people

_JOINING = """
CREATE TEMP TABLE t_joining ON COMMIT DROP AS
SELECT s.*, r.known_id, coalesce(r.known_id, s.person_uuid) AS person_id, r.path_id, r.declared
FROM {s} s JOIN {r} r USING ("row") WHERE NOT s.bad AND r.mode = 'new'
"""

_PERSON_SPAN = """
SELECT t.person_id, t.name, t.name_key, t.sex, t.birth, coalesce(t.education, '') AS education, ''::text AS region_code,
       t.doc_kind, t.sealed, t.bidx, t.mask
FROM t_joining t WHERE t.known_id IS NULL AND t."row" BETWEEN %(low)s AND %(high)s
"""

_NEWCOMERS = """
SELECT person_id, name_key, birth, doc_kind FROM t_joining
WHERE known_id IS NULL AND "row" BETWEEN %(low)s AND %(high)s
"""

# A row's fresh id binds all ciphertexts of that row, each under its own purpose.
_PHONES = """
SELECT person_uuid AS phone_id, person_id, phone_sealed, phone_bidx, phone_mask
FROM t_joining WHERE phone_bidx IS NOT NULL AND "row" BETWEEN %(low)s AND %(high)s
"""

# Tickets are the day, the batch and a number within it: the batch is held, so nobody counts at the same time.
_CANDIDATES = """
INSERT INTO evaluations_candidate (exam_id, person_id, ticket, path_id, declared, evidence, kind, attempt, source,
    employer, batch_id, row_no)
SELECT e.id, t.person_id,
       to_char(e.exam_on, 'YYMMDD') || lpad((e.id %% 10000)::text, 4, '0')
           || lpad((row_number() OVER (ORDER BY t."row") + n.held)::text, 4, '0'),
       t.path_id, coalesce(t.declared, '{}'), coalesce(to_jsonb(string_to_array(nullif(t.evidence, ''), ',')), '[]'),
       coalesce(t.kind, 'first'), coalesce(t.attempt, 'first'), coalesce(t.source, ''), coalesce(t.employer, ''),
       %(batch)s::uuid, t."row"
FROM t_joining t CROSS JOIN t_exam e
CROSS JOIN (SELECT count(*) AS held FROM evaluations_candidate WHERE exam_id = %(exam)s) n
WHERE t."row" BETWEEN %(low)s AND %(high)s ORDER BY t."row"
"""

_NEW_PEOPLE = """
SELECT p.id, canon_person_v1(p.id, p.state, NULL, t.sealed, p.name, p.sex, p.birth_date, p.education, p.region_code)
FROM t_joining t JOIN people_person p ON p.id = t.person_id
WHERE t.known_id IS NULL AND t."row" BETWEEN %s AND %s
"""


def begin(work: Work) -> dict[str, int]:
    """Gather who joins, and hold the people among them who are known."""
    work.cursor.execute("DROP TABLE IF EXISTS t_joining")
    work.run(_JOINING)
    work.cursor.execute("ANALYZE t_joining")
    people.hold(work.cursor, "SELECT known_id FROM t_joining WHERE known_id IS NOT NULL", {})
    return {}


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Write the rows of one span of the sheet."""
    cursor = work.cursor
    span: Mapping[str, Any] = {"low": low, "high": high}
    persons = people.register(cursor, _PERSON_SPAN, span)
    people.add_phones(cursor, _PHONES, span)
    matching.raise_doubts(cursor, _NEWCOMERS, {**span, "batch": work.batch_id})
    candidates = work.run(_CANDIDATES, **span)
    audit.manifest(Action(pk=work.params["action"]), "people_person", "person_v1", _NEW_PEOPLE, [low, high])
    return {"persons": persons, "candidates": candidates}


def finish(work: Work) -> None:
    """Nothing is left to do for the batch as a whole."""
