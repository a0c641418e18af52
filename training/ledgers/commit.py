"""The last step of a ledger: people, classes, finished enrolments, certificates and payments, each a set.

Rows that stand are ended or added to first, all at once; then whoever is new is written, span by span.
"""

from __future__ import annotations

from certificates.issuance import services as certificates
from registry.audit import services as audit
from registry.audit.models import Action
from registry.intake.kinds import Work
from registry.lib.sql import planned_without
from registry.people import matching
from registry.people import services as people
from training.claims import services as claims
from training.enrolments import services as enrolments

# New people whom several accepted rows name: the first of those rows registers them.
_NEWCOMERS_TWICE = """
CREATE TEMP TABLE t_newcomer_twice ON COMMIT DROP AS
SELECT r."row", first_value(r."row") OVER rows_of_one AS first_row,
       first_value(r.person_uuid) OVER rows_of_one AS person_id
FROM {r} r JOIN t_number_twice USING ("row")
WHERE NOT r.bad AND r.known_id IS NULL AND r.mode = 'new'
WINDOW rows_of_one AS (PARTITION BY r.bidx ORDER BY r."row")
"""

# A class that the registry does not hold yet takes its facts from the first accepted row that names it.
_CLASSES = """
INSERT INTO classes_trainingclass (institution_id, number, name, project_id, occupation_id, occupation_text, level_id,
    training_type, funding, region_id, starts_on, ends_on, hours, state, batch_id, row_no)
SELECT r.institution_id, s.class_key, coalesce(s.project, s.occupation, ''), j.id, r.occupation_id,
       coalesce(s.occupation, s.project, ''), s.level, coalesce(s.training_type, j.kind, 'employment'),
       %(funding)s, r.region_code, s.starts, s.ends, s.hours, 'finished', %(batch)s, s."row"
FROM (SELECT min("row") AS "row" FROM {r} WHERE NOT bad AND klass_id IS NULL GROUP BY institution_id, class_key) f
JOIN {r} r USING ("row")
JOIN {s} s USING ("row")
LEFT JOIN LATERAL (
    SELECT id, kind FROM catalogue_project c
    WHERE c.name = s.project AND s.starts BETWEEN c.valid_from AND coalesce(c.valid_to, 'infinity')
    ORDER BY c.valid_from DESC LIMIT 1) j ON true
ORDER BY s."row"
"""

_ADOPT_CLASSES = """
CREATE TEMP TABLE t_klass ON COMMIT DROP AS
SELECT k.institution_id, k.number, k.id AS klass_id, k.region_id AS region_code, k.funding, k.training_type
FROM (SELECT institution_id, class_key FROM {r} WHERE NOT bad AND mode = 'new' GROUP BY 1, 2) wanted
JOIN classes_trainingclass k ON k.institution_id = wanted.institution_id AND k.number = wanted.class_key
"""

# A certificate is written once, from the first accepted row that names it.
_CERTIFICATES_AGAIN = """
CREATE TEMP TABLE t_certificate_again ON COMMIT DROP AS
SELECT "row" FROM (
    SELECT r."row", row_number() OVER (PARTITION BY r.cert_no ORDER BY r."row") AS nth
    FROM {r} r JOIN t_certificate_twice USING ("row") WHERE NOT r.bad) q
WHERE nth > 1
"""

# What a staged row tells of a training, its certificate and its money, as it goes on record.
_FACTS = """
    CASE WHEN s.result = 'fail' THEN 'failed' ELSE 'finished' END AS state,
    s.hours::numeric(6, 1) AS hours, s.score::numeric(5, 1) AS score, coalesce(s.result, '') AS result,
    s.starts AS started_on, CASE WHEN s.result = 'fail' THEN NULL ELSE s.ends END AS finished_on,
    %(batch)s::uuid AS batch_id, s.cert_no, coalesce(s.cert_name, '') AS cert_name,
    coalesce(s.occupation, s.project, '') AS occupation_text, s.level, s.cert_on,
    coalesce(s.cert_family, 'other') AS cert_family, coalesce(s.cert_verdict, '') AS cert_verdict,
    nullif(s.amount_fen, 0) AS amount_fen, coalesce(s.fund, '') AS fund
"""

# Everything that one span writes, row by row of the sheet: people, enrolment, certificate, payment. Ids are drawn
# here, so that the rows can refer to one another and be committed to without being read back.
_ENROL = """
CREATE TEMP TABLE t_enrol ON COMMIT DROP AS
SELECT q.*, {enrolment_id} AS id,
       CASE WHEN q.attests THEN {certificate_id} END AS certificate_id,
       CASE WHEN q.amount_fen IS NOT NULL THEN {payment_id} END AS payment_id
FROM (
    SELECT r."row" AS row_no, coalesce(r.known_id, n.person_id, r.person_uuid) AS person_id,
           r.known_id IS NULL AND coalesce(n.first_row, r."row") = r."row" AS fresh,
           s.name, s.name_key, s.sex, s.birth, s.doc_kind, s.sealed, s.bidx, s.mask,
           k.klass_id, k.institution_id, k.region_code, k.funding,
           coalesce(s.training_type, k.training_type) AS training_type,
           coalesce(s.category, '') AS category, {facts},
           s.cert_no IS NOT NULL AND r.certificate_id IS NULL
               AND NOT EXISTS (SELECT 1 FROM t_certificate_again a WHERE a."row" = r."row") AS attests
    FROM {r} r
    JOIN {s} s ON s."row" = r."row" AND s."row" BETWEEN %(low)s AND %(high)s
    JOIN t_klass k ON k.institution_id = r.institution_id AND k.number = r.class_key
    LEFT JOIN t_newcomer_twice n ON n."row" = r."row" AND n."row" BETWEEN %(low)s AND %(high)s
    WHERE r."row" BETWEEN %(low)s AND %(high)s AND NOT r.bad AND r.mode = 'new'
    ORDER BY r."row"
) q
"""

_PEOPLE = """
SELECT person_id, name, name_key, sex, birth, ''::text AS education, ''::text AS region_code, doc_kind, sealed, bidx,
       mask
FROM t_enrol WHERE fresh
"""

_CERTIFICATES = """
SELECT certificate_id AS id, person_id, cert_family AS family, cert_no AS number, cert_name AS name, occupation_text,
       level, institution_id, region_code, cert_on AS issued_on, cert_verdict AS structure, {enrolment} AS enrolment_id,
       batch_id, row_no, fresh AS newcomer
FROM {written} WHERE certificate_id IS NOT NULL
"""

_PAYMENTS = """
SELECT payment_id AS id, {enrolment} AS enrolment_id, amount_fen, fund, NULL::date AS paid_on, region_code, batch_id,
       row_no
FROM {written} WHERE payment_id IS NOT NULL
"""

# People whose certificates must be looked through for the first high one; a newcomer's first row is marked as written.
_HIGH = """
INSERT INTO t_high
SELECT c.person_id FROM {written} c JOIN occupations_skilllevel l ON l.rank = c.level AND l.high_skilled
WHERE c.certificate_id IS NOT NULL AND NOT c.fresh
"""

# Rows that stood without their certificate or payment, or without their end, which the ledger now brings.
_EXTENDED = """
CREATE TEMP TABLE t_extended ON COMMIT DROP AS
SELECT r."row" AS row_no, r.known_id AS person_id, false AS fresh, r.enrolment_id, r.institution_id, e.region_code,
       r.mode = 'finishes' AS finishes, coalesce(nullif(e.category, ''), s.category, '') AS category, {facts},
       CASE WHEN r.lacks_certificate AND NOT EXISTS (SELECT 1 FROM t_certificate_again a WHERE a."row" = r."row")
            THEN {certificate_id} END AS certificate_id,
       CASE WHEN r.lacks_payment THEN {payment_id} END AS payment_id
FROM {r} r JOIN {s} s USING ("row") JOIN enrolments_enrolment e ON e.id = r.enrolment_id
WHERE NOT r.bad AND r.mode IN ('extends', 'finishes') AND r.first_row = r."row"
"""

# The class is over when the first of its people is reported. A suspended one stays so: why, a person must say.
_FINISH_CLASSES = """
WITH over AS MATERIALIZED (
    SELECT r.klass_id, (array_agg(s.hours ORDER BY r."row") FILTER (WHERE s.hours IS NOT NULL))[1] AS hours
    FROM {r} r JOIN {s} s USING ("row") WHERE NOT r.bad AND r.mode = 'finishes' GROUP BY r.klass_id
), held AS MATERIALIZED (
    SELECT k.id FROM classes_trainingclass k
    WHERE k.id IN (SELECT klass_id FROM over) AND k.state IN ('draft', 'open', 'running', 'ended')
    ORDER BY k.id FOR NO KEY UPDATE
)
UPDATE classes_trainingclass k SET state = 'finished', hours = coalesce(k.hours, over.hours)
FROM over JOIN held ON held.id = over.klass_id
WHERE k.id = over.klass_id
"""

_FINISHED = """
SELECT enrolment_id, state, category, hours, score, result, started_on, finished_on, batch_id, row_no
FROM t_extended WHERE finishes
"""

_TABLES = "t_newcomer_twice, t_klass, t_high, t_certificate_again, t_extended"


def begin(work: Work) -> dict[str, int]:
    """Hold the people who are known, find who comes twice, open the classes that are missing."""
    cursor = work.cursor
    cursor.execute(f"DROP TABLE IF EXISTS {_TABLES}")
    cursor.execute('CREATE INDEX ON t_resolved ("row")')
    # Classes before people: a roster, too, holds its class first.
    work.run(_FINISH_CLASSES)
    known = """
        SELECT known_id FROM {r}
        WHERE NOT bad AND known_id IS NOT NULL AND mode IN ('new', 'extends', 'finishes')
    """
    people.hold(cursor, work.text(known), {})
    work.run(_NEWCOMERS_TWICE)
    work.run(_CERTIFICATES_AGAIN)
    classes = work.run(_CLASSES, funding=work.context.get("funding", "subsidised"))
    work.run(_ADOPT_CLASSES)
    cursor.execute("CREATE TEMP TABLE t_high (person_id uuid) ON COMMIT DROP")
    cursor.execute("ANALYZE t_newcomer_twice, t_klass, t_certificate_again")
    return {"classes": classes, **_extend(work)}


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Write the rows of one span of the sheet."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_enrol")
    with planned_without(cursor, "nestloop"):
        work.run(_filled(_ENROL), low=low, high=high)
    persons = people.register(cursor, _PEOPLE, {})
    newcomers = "SELECT person_id, name_key, birth, doc_kind FROM t_enrol WHERE fresh"
    matching.raise_doubts(cursor, newcomers, {"batch": work.batch_id})
    enrolled = enrolments.enrol(cursor)
    attested, paid = _attest_and_pay(work, "t_enrol", "id")
    action = Action(pk=work.params["action"])
    audit.manifest(action, "people_person", "person_v1", _NEWCOMERS_CANON)
    audit.manifest(action, "enrolments_enrolment", "registration_v1", _REGISTERED)
    return {"persons": persons, "enrolments": enrolled, "certificates": attested, "payments": paid}


def finish(work: Work) -> None:
    """What is true of the batch as a whole."""
    certificates.mark_first_high(work.cursor, "SELECT DISTINCT person_id FROM t_high", {})


def _extend(work: Work) -> dict[str, int]:
    """End rows that were open, and add what rows that stand were lacking; each addition commits for itself."""
    if not work.run(_filled(_EXTENDED)):
        return {}
    action = Action(pk=work.params["action"])
    # Before the payments, which are counted in the month the training ended.
    _finish_enrolments(work, action)
    attested, paid = _attest_and_pay(work, "t_extended", "enrolment_id")
    for table, canon, key in (
        ("issuance_certificate", "certificate_v2", "certificate_id"),
        ("claims_payment", "payment_v1", "payment_id"),
    ):
        audit.manifest(
            action,
            table,
            canon,
            f"SELECT x.id, canon_{canon}(x) FROM t_extended w JOIN {table} x ON x.id = w.{key}",
        )
    return {"certificates": attested, "payments": paid}


def _finish_enrolments(work: Work, action: Action) -> None:
    ((expected,),) = work.rows("SELECT count(*) FROM t_extended WHERE finishes")
    if expected:
        work.cursor.execute("ANALYZE t_extended (enrolment_id, finishes)")
        enrolments.finish(work.cursor, _FINISHED, {}, expected)
        audit.manifest(
            action,
            "enrolments_enrolment",
            "enrolment_v2",
            "SELECT e.id, canon_enrolment_v2(e) "
            "FROM t_extended w JOIN enrolments_enrolment e ON e.id = w.enrolment_id WHERE w.finishes",
        )


def _attest_and_pay(work: Work, written: str, enrolment: str) -> tuple[int, int]:
    def of(sql: str) -> str:
        return sql.replace("{written}", written).replace("{enrolment}", enrolment)

    attested = certificates.report(work.cursor, of(_CERTIFICATES), {})
    paid = claims.report(work.cursor, of(_PAYMENTS), {})
    work.run(of(_HIGH))
    return attested, paid


def _filled(sql: str) -> str:
    return (
        sql.replace("{facts}", _FACTS)
        .replace("{enrolment_id}", enrolments.NEXT_ID)
        .replace("{certificate_id}", certificates.NEXT_ID)
        .replace("{payment_id}", claims.NEXT_ID)
    )


_NEWCOMERS_CANON = """
SELECT person_id, canon_person_v1(person_id, 'active', NULL, sealed, name, coalesce(sex, ''), birth, '', '')
FROM t_enrol WHERE fresh
"""

_REGISTERED = """
SELECT id, canon_registration_v1(id, person_id, klass_id, state, category, hours, score, result, started_on,
    finished_on, region_code, funding, training_type, row_no,
    CASE WHEN certificate_id IS NOT NULL THEN cert_no END,
    CASE WHEN certificate_id IS NOT NULL THEN cert_family END,
    CASE WHEN certificate_id IS NOT NULL THEN level::int END,
    CASE WHEN certificate_id IS NOT NULL THEN cert_on END,
    CASE WHEN payment_id IS NOT NULL THEN amount_fen END, CASE WHEN payment_id IS NOT NULL THEN fund END)
FROM t_enrol
"""
