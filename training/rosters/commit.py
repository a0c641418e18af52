"""The last step of a roster: new people, their telephone and account, and one enrolment each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.audit import services as audit
from registry.audit.models import Action
from registry.intake.kinds import Work
from registry.people import matching
from registry.people import services as people
from training.enrolments import services as enrolments

_JOINING = """
CREATE TEMP TABLE t_joining ON COMMIT DROP AS
SELECT s.*, r.known_id, coalesce(r.known_id, s.person_uuid) AS person_id
FROM {s} s JOIN {r} r USING ("row") WHERE NOT s.bad AND r.mode = 'new'
"""

_PERSON_SPAN = """
SELECT t.person_id, t.name, t.name_key, t.sex, t.birth, coalesce(t.education, '') AS education,
       coalesce(h.code, '') AS region_code, t.doc_kind, t.sealed, t.bidx, t.mask
FROM t_joining t LEFT JOIN t_home h ON h.region = t.region
WHERE t.known_id IS NULL AND t."row" BETWEEN %(low)s AND %(high)s
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

_ACCOUNTS = """
SELECT person_uuid AS account_id, person_id, bank_name, bank_holder, bank_sealed, bank_bidx, bank_mask
FROM t_joining WHERE bank_bidx IS NOT NULL AND "row" BETWEEN %(low)s AND %(high)s
"""

_ENROL = """
CREATE TEMP TABLE t_enrol ON COMMIT DROP AS
SELECT q.*, {next_id} AS id FROM (
    SELECT t.person_id, k.id AS klass_id, k.institution_id, 'enrolled' AS state, coalesce(t.category, '') AS category,
           NULL::numeric AS hours, NULL::numeric AS score, '' AS result, k.starts_on AS started_on,
           NULL::date AS finished_on, k.county AS region_code, k.funding, k.training_type,
           %(batch)s::uuid AS batch_id, t."row" AS row_no, t.known_id IS NULL AS fresh
    FROM t_joining t, t_class k WHERE t."row" BETWEEN %(low)s AND %(high)s ORDER BY t."row"
) q
"""


def begin(work: Work) -> dict[str, int]:
    """Gather who joins, and hold the people among them who are known."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_joining")
    work.run(_JOINING)
    cursor.execute("ANALYZE t_joining")
    people.hold(cursor, "SELECT known_id FROM t_joining WHERE known_id IS NOT NULL", {})
    return {}


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Write the rows of one span of the sheet."""
    cursor = work.cursor
    span: Mapping[str, Any] = {"low": low, "high": high}
    persons = people.register(cursor, _PERSON_SPAN, span)
    people.add_phones(cursor, _PHONES, span)
    people.add_accounts(cursor, _ACCOUNTS, span)
    matching.raise_doubts(cursor, _NEWCOMERS, {**span, "batch": work.batch_id})
    cursor.execute("DROP TABLE IF EXISTS t_enrol")
    work.run(_ENROL.replace("{next_id}", enrolments.NEXT_ID), low=low, high=high)
    enrolled = enrolments.enrol(cursor)
    _manifests(work, low, high)
    return {"persons": persons, "enrolments": enrolled}


def finish(work: Work) -> None:
    """Nothing is left to do for the batch as a whole."""


def _manifests(work: Work, low: int, high: int) -> None:
    action = Action(pk=work.params["action"])
    audit.manifest(
        action,
        "people_person",
        "person_v1",
        "SELECT p.id, canon_person_v1(p.id, p.state, NULL, t.sealed, p.name, p.sex, p.birth_date, p.education, "
        "p.region_code) FROM t_joining t JOIN people_person p ON p.id = t.person_id "
        'WHERE t.known_id IS NULL AND t."row" BETWEEN %s AND %s',
        [low, high],
    )
    audit.manifest(
        action,
        "enrolments_enrolment",
        "enrolment_v1",
        "SELECT x.id, canon_enrolment_v1(x) FROM t_enrol JOIN enrolments_enrolment x USING (id)",
    )
