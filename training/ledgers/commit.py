"""The last step of a ledger: people, classes, finished enrolments, certificates and payments, each a set."""
from __future__ import annotations

from certificates.issuance import services as certificates
from registry.audit import services as audit
from registry.audit.models import Action
from registry.intake.kinds import Work
from registry.people import matching
from registry.people import services as people
from training.claims import services as claims
from training.enrolments import services as enrolments

# New people, each with the first accepted row that names them.
_PERSONS = """
CREATE TEMP TABLE t_person ON COMMIT DROP AS
SELECT DISTINCT ON (s.bidx) s.bidx, s."row" AS first_row, s.person_uuid AS person_id, s.name, s.name_key, s.sex,
       s.birth, s.doc_kind, s.sealed, s.mask
FROM {s} s JOIN {r} r USING ("row")
WHERE NOT s.bad AND r.known_id IS NULL
ORDER BY s.bidx, s."row"
"""

_PERSON_SPAN = """
SELECT person_id, name, name_key, sex, birth, ''::text AS education, ''::text AS region_code, doc_kind, sealed,
       bidx, mask
FROM t_person WHERE first_row BETWEEN %(low)s AND %(high)s
"""

_NEWCOMERS = "SELECT person_id, name_key, birth, doc_kind FROM t_person WHERE first_row BETWEEN %(low)s AND %(high)s"

# A class that the registry does not hold yet takes its facts from the first accepted row that names it.
_CLASSES = """
INSERT INTO classes_trainingclass (institution_id, number, name, project_id, occupation_id, occupation_text, level_id,
    training_type, funding, region_id, starts_on, ends_on, hours, state, batch_id, row_no)
SELECT DISTINCT ON (r.institution_id, s.class_key)
       r.institution_id, s.class_key, coalesce(s.project, s.occupation, ''), j.id, r.occupation_id,
       coalesce(s.occupation, s.project, ''), s.level, coalesce(s.training_type, j.kind, 'employment'),
       %(funding)s, r.region_code, s.starts, s.ends, s.hours, 'finished', %(batch)s, s."row"
FROM {s} s JOIN {r} r USING ("row")
LEFT JOIN LATERAL (
    SELECT id, kind FROM catalogue_project c
    WHERE c.name = s.project AND s.starts BETWEEN c.valid_from AND coalesce(c.valid_to, 'infinity')
    ORDER BY c.valid_from DESC LIMIT 1) j ON true
WHERE NOT s.bad AND r.klass_id IS NULL
ORDER BY r.institution_id, s.class_key, s."row"
"""

_ADOPT_CLASSES = """
CREATE TEMP TABLE t_klass ON COMMIT DROP AS
SELECT k.institution_id, k.number, k.id AS klass_id, k.region_id AS region_code, k.funding, k.training_type
FROM classes_trainingclass k
WHERE (k.institution_id, k.number) IN (
    SELECT r.institution_id, s.class_key FROM {s} s JOIN {r} r USING ("row") WHERE NOT s.bad AND r.mode = 'new')
"""

_ENROL = """
CREATE TEMP TABLE t_enrol ON COMMIT DROP AS
SELECT q.*, {next_id} AS id FROM (
    SELECT coalesce(r.known_id, p.person_id) AS person_id, k.klass_id, k.institution_id,
           CASE WHEN s.result = 'fail' THEN 'failed' ELSE 'finished' END AS state,
           coalesce(s.category, '') AS category, s.hours::numeric(6, 1) AS hours,
           s.score::numeric(5, 1) AS score, coalesce(s.result, '') AS result,
           s.starts AS started_on, CASE WHEN s.result = 'fail' THEN NULL ELSE s.ends END AS finished_on,
           k.region_code, k.funding, coalesce(s.training_type, k.training_type) AS training_type,
           %(batch)s::uuid AS batch_id, s."row" AS row_no,
           r.known_id IS NULL AND p.first_row = s."row" AS fresh
    FROM {s} s JOIN {r} r USING ("row")
    JOIN t_klass k ON k.institution_id = r.institution_id AND k.number = s.class_key
    LEFT JOIN t_person p ON p.bidx = s.bidx
    WHERE s."row" BETWEEN %(low)s AND %(high)s AND NOT s.bad AND r.mode = 'new'
    ORDER BY s."row"
) q
"""

# Rows whose certificate or payment is to be written: those just enrolled, and those that stood without it.
_CERTIFICATES = """
CREATE TEMP TABLE t_certificate ON COMMIT DROP AS
SELECT {next_id} AS id, coalesce(t.person_id, r.known_id) AS person_id, coalesce(s.cert_family, 'other') AS family, s.cert_no AS number,
       coalesce(s.cert_name, '') AS name, coalesce(s.occupation, s.project, '') AS occupation_text, s.level,
       r.institution_id, coalesce(t.region_code, r.region_code) AS region_code, s.cert_on AS issued_on,
       coalesce(s.cert_verdict, '') AS structure, coalesce(t.id, r.enrolment_id) AS enrolment_id,
       %(batch)s::uuid AS batch_id, s."row" AS row_no
FROM {s} s JOIN {r} r USING ("row") LEFT JOIN t_enrol t ON t.row_no = s."row"
WHERE s."row" BETWEEN %(low)s AND %(high)s AND NOT s.bad AND r.mode IN ('new', 'extends')
  AND s."row" IN (SELECT "row" FROM t_certificate_row)
ORDER BY s."row"
"""

_PAYMENTS = """
CREATE TEMP TABLE t_payment ON COMMIT DROP AS
SELECT {next_id} AS id, coalesce(t.id, r.enrolment_id) AS enrolment_id, s.amount_fen, s.fund, NULL::date AS paid_on,
       coalesce(t.region_code, r.region_code) AS region_code, %(batch)s::uuid AS batch_id, s."row" AS row_no
FROM {s} s JOIN {r} r USING ("row") LEFT JOIN t_enrol t ON t.row_no = s."row"
WHERE s."row" BETWEEN %(low)s AND %(high)s AND NOT s.bad AND r.mode IN ('new', 'extends')
  AND s.amount_fen > 0 AND (t.id IS NOT NULL OR r.lacks_payment)
ORDER BY s."row"
"""

# A certificate is written once, from the first accepted row that names it.
_CERTIFICATE_ROWS = """
CREATE TEMP TABLE t_certificate_row ON COMMIT DROP AS
SELECT min(s."row") AS "row" FROM {s} s JOIN {r} r USING ("row")
WHERE NOT s.bad AND s.cert_no IS NOT NULL AND r.certificate_id IS NULL
GROUP BY s.cert_no
"""

_HIGH = """
INSERT INTO t_high
SELECT c.person_id FROM t_certificate c JOIN occupations_skilllevel l ON l.rank = c.level AND l.high_skilled
"""


def begin(work: Work) -> dict[str, int]:
    """Hold the people who are known, gather those who are not, open the classes that are missing."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_person, t_klass, t_high, t_certificate_row")
    known = work.text('SELECT r.known_id FROM {s} s JOIN {r} r USING ("row") WHERE NOT s.bad AND r.mode <> \'same\'')
    people.hold(cursor, known, {})
    work.run(_PERSONS)
    cursor.execute("CREATE INDEX ON t_person (first_row)")
    cursor.execute("CREATE UNIQUE INDEX ON t_person (bidx)")
    cursor.execute("ANALYZE t_person")
    classes = work.run(_CLASSES, funding=work.context.get("funding", "subsidised"))
    work.run(_ADOPT_CLASSES)
    cursor.execute("ANALYZE t_klass")
    work.run(_CERTIFICATE_ROWS)
    cursor.execute("ANALYZE t_certificate_row")
    cursor.execute("CREATE TEMP TABLE t_high (person_id uuid) ON COMMIT DROP")
    return {"classes": classes}


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Write the rows of one span of the sheet."""
    cursor = work.cursor
    persons = people.register(cursor, _PERSON_SPAN, {"low": low, "high": high})
    matching.raise_doubts(cursor, _NEWCOMERS, {"low": low, "high": high, "batch": work.batch_id})
    cursor.execute("DROP TABLE IF EXISTS t_enrol, t_certificate, t_payment")
    work.run(_ENROL.replace("{next_id}", enrolments.NEXT_ID), low=low, high=high)
    enrolled = enrolments.enrol(cursor)
    work.run(_CERTIFICATES.replace("{next_id}", certificates.NEXT_ID), low=low, high=high)
    attested = certificates.report(cursor, "SELECT * FROM t_certificate", {})
    work.run(_HIGH)
    work.run(_PAYMENTS.replace("{next_id}", claims.NEXT_ID), low=low, high=high)
    paid = claims.report(cursor, "SELECT * FROM t_payment", {})
    _manifests(work, low, high)
    return {"persons": persons, "enrolments": enrolled, "certificates": attested, "payments": paid}


def finish(work: Work) -> None:
    """What is true of the batch as a whole."""
    certificates.mark_first_high(work.cursor, "SELECT DISTINCT person_id FROM t_high", {})


_REGISTERED = """
SELECT t.id, canon_registration_v1(t.id, t.person_id, t.klass_id, t.state, t.category, t.hours, t.score, t.result,
    t.started_on, t.finished_on, t.region_code, t.funding, t.training_type, t.row_no,
    c.number, c.family, c.level::int, c.issued_on, p.amount_fen, coalesce(p.fund, CASE WHEN p.id > 0 THEN '' END))
FROM t_enrol t LEFT JOIN t_certificate c ON c.row_no = t.row_no LEFT JOIN t_payment p ON p.row_no = t.row_no
"""

_NEWCOMERS_CANON = """
SELECT person_id, canon_person_v1(person_id, 'active', NULL, sealed, name, coalesce(sex, ''), birth, '', '')
FROM t_person WHERE first_row BETWEEN %s AND %s
"""

# What joined a row that stood already commits for itself.
_JOINED = """
SELECT x.id, canon_{canon}(x) FROM {written} w JOIN {table} x USING (id)
WHERE NOT EXISTS (SELECT 1 FROM t_enrol t WHERE t.row_no = w.row_no)
"""


def _manifests(work: Work, low: int, high: int) -> None:
    """Commit the action to the rows as they were written: one text per person and per row of the sheet."""
    action = Action(pk=work.params["action"])
    audit.manifest(action, "people_person", "person_v1", _NEWCOMERS_CANON, [low, high])
    audit.manifest(action, "enrolments_enrolment", "registration_v1", _REGISTERED)
    for table, canon, written in (
        ("issuance_certificate", "certificate_v1", "t_certificate"),
        ("claims_payment", "payment_v1", "t_payment"),
    ):
        audit.manifest(action, table, canon, _JOINED.format(canon=canon, written=written, table=table))
