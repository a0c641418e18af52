"""What each staged row of a ledger means here: which institution, class, person, enrolment and certificate it names."""
from __future__ import annotations

from registry.intake.kinds import Work
from registry.occupations import queries as occupations
from training.catalogue import policies

_PROVIDERS = """
CREATE TEMP TABLE t_provider ON COMMIT DROP AS
SELECT p.provider_key, found.id AS institution_id,
       coalesce(%(region)s::varchar, i.region_id) COLLATE "C" AS region_code
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

# One statement looks for the same training of the same person both above in this file (``first_row``) and in the
# registry (``enrolment_id``); losing either half would count somebody twice.
_RESOLVED = """
CREATE TEMP TABLE t_resolved ON COMMIT DROP AS
SELECT m.*,
       CASE WHEN m.enrolment_id IS NULL THEN 'new'
            WHEN NOT m.facts_agree THEN 'differs'
            WHEN m.lacks_certificate OR m.lacks_payment THEN 'extends'
            ELSE 'same' END AS mode
FROM (
    SELECT s."row", p.institution_id, coalesce(k.region_id, p.region_code) AS region_code, k.id AS klass_id,
           o.occupation_id, d.person_id AS known_id, w.name_key AS known_name_key, e.id AS enrolment_id,
           first_value(s."row") OVER same_training AS first_row,
           first_value(s."row") OVER same_person AS person_row,
           first_value(s.name_key) OVER same_person AS file_name_key,
           first_value(s.bidx) OVER same_certificate AS certificate_bidx,
           c.id AS certificate_id, c.person_id AS certificate_person,
           e.started_on = s.starts
               AND e.finished_on IS NOT DISTINCT FROM CASE WHEN s.result = 'fail' THEN NULL ELSE s.ends END
               AND e.hours IS NOT DISTINCT FROM s.hours::numeric(6, 1)
               AND e.score IS NOT DISTINCT FROM s.score::numeric(5, 1)
               AND e.result = coalesce(s.result, '') AS facts_agree,
           s.cert_no IS NOT NULL AND c.id IS NULL AS lacks_certificate,
           s.amount_fen IS NOT NULL AND y.id IS NULL AS lacks_payment
    FROM {s} s
    JOIN t_provider p ON p.provider_key = coalesce(s.provider_key, '')
    LEFT JOIN t_occupation o ON o.occupation = s.occupation
    LEFT JOIN people_document d ON d.blind_index = s.bidx
    LEFT JOIN people_person w ON w.id = d.person_id
    LEFT JOIN classes_trainingclass k ON k.institution_id = p.institution_id AND k.number = s.class_key
    LEFT JOIN enrolments_enrolment e ON e.person_id = d.person_id AND e.klass_id = k.id
    LEFT JOIN issuance_certificate c ON c.number = s.cert_no
    LEFT JOIN claims_payment y ON y.enrolment_id = e.id AND y.basis = 'reported'
    WINDOW same_person AS (PARTITION BY coalesce(s.bidx, int4send(s."row")) ORDER BY s."row"),
           same_training AS (PARTITION BY coalesce(s.bidx, int4send(s."row")), p.institution_id, s.class_key
                             ORDER BY s."row"),
           same_certificate AS (PARTITION BY coalesce(s.cert_no, s."row"::text) ORDER BY s."row")
) m
"""


def resolve(work: Work) -> None:
    """Make ``t_resolved`` (and the small tables it stands on) anew."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_resolved, t_provider, t_occupation, t_age")
    place = {"region": work.context.get("region"), "institution": work.context.get("institution")}
    work.run(_PROVIDERS, **place)
    cursor.execute("ANALYZE t_provider")
    texts = [text for (text,) in work.rows("SELECT DISTINCT occupation FROM {s} WHERE occupation IS NOT NULL")]
    known = occupations.resolve(texts, institution_id=place["institution"])
    found = [(text, known[text]) for text in texts if known.get(text) is not None]
    work.run(_OCCUPATIONS, texts=[text for text, _ in found], ids=[pk for _, pk in found])
    cursor.execute("ANALYZE t_occupation")
    policies.stage_age_limits(cursor, [code for (code,) in work.rows("SELECT DISTINCT region_code FROM t_provider")])
    work.run(_RESOLVED)
    cursor.execute('CREATE UNIQUE INDEX ON t_resolved ("row")')
