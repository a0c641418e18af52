"""What each staged row of a ledger means here: which institution, class, person, enrolment and certificate it names."""

from __future__ import annotations

from registry.intake.kinds import Work
from registry.lib.sql import planned_without
from registry.occupations import queries as occupations
from training.catalogue import policies
from training.enrolments.services import OPEN

_PROVIDERS = """
CREATE TEMP TABLE t_provider ON COMMIT DROP AS
SELECT p.provider_key, found.id AS institution_id,
       coalesce(%(region)s::varchar, (
           -- Nothing is counted below the county.
           SELECT c.ancestor_id FROM regions_closure c JOIN regions_region a ON a.code = c.ancestor_id AND a.level = 3
           WHERE c.descendant_id = i.region_id), i.region_id) COLLATE "C" AS region_code
FROM (SELECT DISTINCT coalesce(provider_key, '') AS provider_key FROM {s}) p
LEFT JOIN LATERAL (
    SELECT CASE WHEN p.provider_key = '' THEN %(institution)s::bigint
           ELSE coalesce((SELECT id FROM institutions_institution WHERE name_key = p.provider_key),
                         (SELECT institution_id FROM institutions_alias WHERE name_key = p.provider_key),
                         (SELECT id FROM institutions_institution WHERE credit_code = upper(p.provider_key)))
           END AS id) found ON true
LEFT JOIN institutions_institution i ON i.id = found.id
"""

_OCCUPATIONS = """
CREATE TEMP TABLE t_occupation ON COMMIT DROP AS
SELECT * FROM unnest(%(texts)s::text[], %(ids)s::bigint[]) AS o(occupation, occupation_id)
"""

# Few numbers and certificates stand in a file more than once. Finding those by hashing and ordering them alone
# spares two sorts of the whole file.
_NUMBERS_TWICE = """
CREATE TEMP TABLE t_number_twice ON COMMIT DROP AS
SELECT s."row",
       first_value(s."row") OVER same_person AS person_row,
       first_value(s.name_key) OVER same_person AS file_name_key,
       first_value(s."row") OVER (PARTITION BY s.bidx, p.institution_id, s.class_key ORDER BY s."row") AS first_row
FROM {s} s
JOIN t_provider p ON p.provider_key = coalesce(s.provider_key, '')
WHERE s.bidx IN (SELECT bidx FROM {s} WHERE bidx IS NOT NULL GROUP BY bidx HAVING count(*) > 1)
WINDOW same_person AS (PARTITION BY s.bidx ORDER BY s."row")
"""

_CERTIFICATES_TWICE = """
CREATE TEMP TABLE t_certificate_twice ON COMMIT DROP AS
SELECT s."row", first_value(s.bidx) OVER (PARTITION BY s.cert_no ORDER BY s."row") AS certificate_bidx
FROM {s} s
WHERE s.cert_no IN (SELECT cert_no FROM {s} WHERE cert_no IS NOT NULL GROUP BY cert_no HAVING count(*) > 1)
"""

# One statement looks for the same training of the same person both above in this file (``first_row``) and in the
# registry (``enrolment_id``); losing either half would count somebody twice. It carries what the checks ask for and no
# more: each of them goes through all of it.
_RESOLVED = """
CREATE TEMP TABLE t_resolved ON COMMIT DROP AS
SELECT m.*,
       CASE WHEN m.enrolment_id IS NULL THEN 'new'
            WHEN NOT m.facts_agree THEN 'differs'
            -- Another certificate than the one that the row brought before. LIMIT keeps it a look into the index for
            -- the few rows in question; EXISTS may be answered by hashing all certificates there are.
            WHEN m.lacks_certificate AND (
                SELECT 1 FROM issuance_certificate x
                WHERE x.person_id = m.known_id AND x.enrolment_id = m.enrolment_id LIMIT 1) IS NOT NULL THEN 'differs'
            WHEN m.is_open THEN 'finishes'
            WHEN m.lacks_certificate OR m.lacks_payment THEN 'extends'
            ELSE 'same' END AS mode
FROM (
    SELECT s."row", s.bad, s.person_uuid, s.name_key, s.bidx, s.birth, s.sex, s.starts, s.ends, s.class_key, s.cert_no,
           p.institution_id, coalesce(k.region_id, p.region_code) AS region_code, k.id AS klass_id,
           s.occupation IS NOT NULL AND o.occupation_id IS NULL AS occupation_unknown,
           o.occupation_id, d.person_id AS known_id, w.name_key AS known_name_key, e.id AS enrolment_id,
           coalesce(n.first_row, s."row") AS first_row, coalesce(n.person_row, s."row") AS person_row,
           n.file_name_key, t.certificate_bidx, c.id AS certificate_id, c.person_id AS certificate_person,
           live.is_open,
           e.id IS NOT NULL
               AND CASE WHEN live.is_open
                   -- The days were planned so far, and the rest is blank unless somebody entered it.
                   THEN coalesce(e.hours, s.hours::numeric(6, 1)) IS NOT DISTINCT FROM s.hours::numeric(6, 1)
                       AND coalesce(e.score, s.score::numeric(5, 1)) IS NOT DISTINCT FROM s.score::numeric(5, 1)
                       AND e.category IN ('', coalesce(s.category, e.category))
                   ELSE e.started_on = s.starts
                       AND e.finished_on IS NOT DISTINCT FROM CASE WHEN s.result = 'fail' THEN NULL ELSE s.ends END
                       AND e.hours IS NOT DISTINCT FROM s.hours::numeric(6, 1)
                       AND e.score IS NOT DISTINCT FROM s.score::numeric(5, 1)
                       AND e.result = coalesce(s.result, '')
                       -- What a sheet leaves out says nothing against what is on record.
                       AND e.category = coalesce(s.category, e.category)
                   END
               AND e.training_type = coalesce(s.training_type, e.training_type)
               AND (y.id IS NULL OR y.amount_fen = coalesce(nullif(s.amount_fen, 0), y.amount_fen)
                    AND y.fund = coalesce(s.fund, y.fund))
               AND (c.enrolment_id IS DISTINCT FROM e.id
                    OR coalesce(s.cert_on, c.issued_on) IS NOT DISTINCT FROM c.issued_on
                    AND coalesce(s.level, c.level_id) IS NOT DISTINCT FROM c.level_id) AS facts_agree,
           s.cert_no IS NOT NULL AND c.id IS NULL AS lacks_certificate,
           s.amount_fen > 0 AND y.id IS NULL AS lacks_payment
    FROM {s} s
    JOIN t_provider p ON p.provider_key = coalesce(s.provider_key, '')
    LEFT JOIN t_number_twice n ON n."row" = s."row"
    LEFT JOIN t_certificate_twice t ON t."row" = s."row"
    LEFT JOIN t_occupation o ON o.occupation = s.occupation
    LEFT JOIN people_document d ON d.blind_index = s.bidx
    LEFT JOIN people_person w ON w.id = d.person_id
    LEFT JOIN classes_trainingclass k ON k.institution_id = p.institution_id AND k.number = s.class_key
    LEFT JOIN LATERAL (
        -- By person and class both: by the person alone each of their trainings would be read.
        SELECT x.* FROM enrolments_enrolment x WHERE x.person_id = d.person_id AND x.klass_id = k.id OFFSET 0) e ON true
    LEFT JOIN issuance_certificate c ON c.number = s.cert_no
    LEFT JOIN claims_payment y ON y.enrolment_id = e.id AND y.basis = 'reported'
    CROSS JOIN LATERAL (SELECT coalesce({open} AND k.state <> 'cancelled', false) AS is_open) live
    ORDER BY s."row"
) m
""".replace("{open}", OPEN)

_TABLES = "t_resolved, t_provider, t_occupation, t_age, t_number_twice, t_certificate_twice"


def resolve(work: Work) -> None:
    """Make ``t_resolved`` (and the small tables it stands on) anew."""
    cursor = work.cursor
    cursor.execute(f"DROP TABLE IF EXISTS {_TABLES}")
    place = {"region": work.context.get("region"), "institution": work.context.get("institution")}
    work.params |= {"own": work.context.get("own"), "office": work.context.get("office")}
    work.run(_PROVIDERS, **place)
    texts = [
        text for (text,) in work.rows("SELECT DISTINCT occupation FROM {s} WHERE occupation IS NOT NULL")
    ]
    known = occupations.resolve(texts, institution_id=place["institution"])
    found = [(text, known[text]) for text in texts if known.get(text) is not None]
    work.run(_OCCUPATIONS, texts=[text for text, _ in found], ids=[pk for _, pk in found])
    cursor.execute("ANALYZE t_provider, t_occupation")
    policies.stage_age_limits(
        cursor, [code for (code,) in work.rows("SELECT DISTINCT region_code FROM t_provider")]
    )
    work.run(_NUMBERS_TWICE)
    work.run(_CERTIFICATES_TWICE)
    cursor.execute("ANALYZE t_number_twice, t_certificate_twice")
    # A sheet names few of all certificates and payments there are; hashing those of a province took longer than
    # everything else here.
    with planned_without(cursor, "seqscan"):
        work.run(_RESOLVED)
