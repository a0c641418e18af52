"""Numbers given elsewhere, brought back: only for who passed here, each number once, in the form the body was given.

Certificates come in as reported and are confirmed like those of a ledger: what the register has not signed it does not
vouch for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from certificates.issuance import services
from certificates.issuance.backfill_columns import BACKFILL
from certificates.issuance.models import Certificate
from registry.accounts.models import User
from registry.accounts.scopes import scope_for
from registry.audit import services as audit
from registry.audit.models import Action
from registry.intake.kinds import Check, Kind, Target, Work
from registry.lib.scope import Scope
from registry.occupations import queries as occupations

# The latest passed batch of the institution that fits the row; a person may have passed several.
_RESOLVED = """
CREATE TEMP TABLE t_resolved ON COMMIT DROP AS
SELECT m.*, CASE WHEN m.certificate_id IS NULL THEN 'new'
                 WHEN m.certificate_person = m.known_id AND m.facts_agree THEN 'same' ELSE 'differs' END AS mode
FROM (
    SELECT s."row", s.bad, s.name_key, s.bidx, s.cert_no, d.person_id AS known_id, w.name_key AS known_name_key,
           p.candidate_id, p.exam_id, p.prefix, c.id AS certificate_id, c.person_id AS certificate_person,
           c.issued_on IS NOT DISTINCT FROM s.cert_on AS facts_agree,
           first_value(s."row") OVER (PARTITION BY coalesce(s.cert_no, s."row"::text) ORDER BY s."row") AS first_row,
           a.id IS NOT NULL AS is_issued
    FROM {s} s
    LEFT JOIN people_document d ON d.blind_index = s.bidx
    LEFT JOIN people_person w ON w.id = d.person_id
    LEFT JOIN t_occupation o ON o.occupation = s.occupation
    LEFT JOIN LATERAL (
        SELECT x.id AS candidate_id, e.id AS exam_id,
               b.letter || b.ministry_code || coalesce(nullif(t.province_code || t.serial, ''),
                                                       b.province_code || b.serial) AS prefix
        FROM evaluations_candidate x
        JOIN evaluations_exam e ON e.id = x.exam_id AND e.state IN ('locked', 'closed')
        JOIN evaluations_score z ON z.candidate_id = x.id AND z.result = 'pass'
        JOIN evaluations_body b ON b.id = e.body_id JOIN evaluations_site t ON t.id = e.site_id
        WHERE x.person_id = d.person_id AND x.state = 'registered'
          AND (%(institution)s::bigint IS NULL OR e.institution_id = %(institution)s::bigint)
          AND (s.occupation IS NULL OR e.occupation_id = o.occupation_id OR e.direction = s.occupation)
          AND (s.level IS NULL OR e.level_id = s.level)
        ORDER BY e.exam_on DESC, x.id DESC LIMIT 1) p ON true
    LEFT JOIN issuance_certificate c ON c.number = s.cert_no
    LEFT JOIN issuance_attestation a ON a.source_type = 'candidate' AND a.source_id = p.candidate_id::text
        AND a.state <> 'void'
) m
"""

_OCCUPATIONS = """
CREATE TEMP TABLE t_occupation ON COMMIT DROP AS
SELECT * FROM unnest(%(texts)s::text[], %(ids)s::bigint[]) AS o(occupation, occupation_id)
"""

_WRITTEN = """
CREATE TEMP TABLE t_written ON COMMIT DROP AS
SELECT nextval('issuance_certificate_id_seq') AS id, r.known_id AS person_id, 'skill_level'::text AS family,
       s.cert_no AS number, ''::text AS name, o.name AS occupation_text, e.level_id AS level, e.institution_id,
       e.region_code, s.cert_on AS issued_on, coalesce(s.cert_verdict, '') AS structure,
       x.enrolment_id, %(batch)s::uuid AS batch_id, s."row" AS row_no, false AS newcomer
FROM {s} s JOIN {r} r USING ("row")
JOIN evaluations_candidate x ON x.id = r.candidate_id
JOIN evaluations_exam e ON e.id = r.exam_id
JOIN occupations_occupation o ON o.id = e.occupation_id
WHERE NOT s.bad AND r.mode = 'new' AND s."row" BETWEEN %(low)s AND %(high)s
ORDER BY s."row"
"""


def target(options: Mapping[str, Any], actor: User | None) -> Target:
    """The institution of whoever hands it in; the program itself may do it for all."""
    scope = scope_for(actor) if actor is not None else Scope.all()
    return Target(
        key=f"institution={scope.institution_id or ''}",
        context={"institution": scope.institution_id},
        institution_id=scope.institution_id,
        region_code=scope.region_code,
    )


def resolve(work: Work) -> None:
    """Make ``t_resolved`` anew."""
    work.cursor.execute("DROP TABLE IF EXISTS t_resolved, t_occupation")
    institution = work.context.get("institution")
    texts = [
        text for (text,) in work.rows("SELECT DISTINCT occupation FROM {s} WHERE occupation IS NOT NULL")
    ]
    known = occupations.resolve(texts, institution_id=institution)
    work.run(_OCCUPATIONS, texts=list(known), ids=list(known.values()))
    work.run(_RESOLVED, institution=institution)
    work.cursor.execute('CREATE UNIQUE INDEX ON t_resolved ("row")')


def begin(work: Work) -> dict[str, int]:
    """Nothing comes before the rows."""
    return {}


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Write the certificates of one span, and commit to each."""
    work.cursor.execute("DROP TABLE IF EXISTS t_written")
    work.run(_WRITTEN, low=low, high=high)
    written = services.report(work.cursor, "SELECT * FROM t_written", {})
    services.mark_first_high(work.cursor, "SELECT DISTINCT person_id FROM t_written", {})
    canon = Certificate.CANON
    audit.manifest(
        Action(pk=work.params["action"]),
        Certificate._meta.db_table,
        canon,
        f"SELECT c.id, canon_{canon}(c) FROM t_written w JOIN issuance_certificate c USING (id)",
    )
    return {"certificates": written}


def finish(work: Work) -> None:
    """Nothing is left to do for the batch as a whole."""


not_passed = Check(
    code="NOT_PASSED",
    column="id_number",
    message=_("该人在本机构没有这一职业和等级的合格成绩,或成绩还没有锁定。请核对证件号码、职业和等级。"),
    sql='SELECT "row" FROM {r} WHERE candidate_id IS NULL AND bidx IS NOT NULL',
)

name_differs = Check(
    code="ID_NAME_CONFLICT",
    column="name",
    message=_("该证件号码已登记在另一个姓名之下。请对照证件核对姓名和号码。"),
    sql="""
        SELECT r."row" FROM {r} r
        WHERE r.name_key <> '' AND r.known_name_key <> r.name_key
          AND (SELECT 1 FROM people_person a
               WHERE a.merged_into_id = r.known_id AND a.name_key = r.name_key LIMIT 1) IS NULL
    """,
)

number_stands_above = Check(
    code="CERTIFICATE_NUMBER_TAKEN",
    column="cert_no",
    message=_("第 %s 行已使用同一证书编号。请对照证书更正。"),
    sql='SELECT "row", first_row AS detail FROM {r} WHERE first_row < "row"',
    takes_detail=True,
)

number_is_taken = Check(
    code="CERTIFICATE_NUMBER_TAKEN",
    column="cert_no",
    message=_("该证书编号已登记为另一本证书。请对照证书更正编号。"),
    sql='SELECT "row" FROM {r} WHERE mode = \'differs\' AND first_row = "row"',
)

issued_here = Check(
    code="ALREADY_REGISTERED",
    column="cert_no",
    message=_("该考生的证书已由本系统编号签发,不再回填其他编号。"),
    sql="SELECT \"row\" FROM {r} WHERE is_issued AND mode = 'new'",
)

another_body = Check(
    code="CERTIFICATE_MISMATCH",
    column="cert_no",
    message=_("证书编号前 13 位不是本批次评价机构(站点)的编码。请对照证书更正。"),
    sql="""
        SELECT "row" FROM {r}
        WHERE prefix IS NOT NULL AND cert_no ~ '^[A-Z][0-9]{14}[1-5A-Z][0-9]{6}$' AND left(cert_no, 13) <> prefix
    """,
)

CHECKS: tuple[Check, ...] = (
    not_passed,
    name_differs,
    number_stands_above,
    number_is_taken,
    issued_here,
    another_body,
)

BACKFILL_KIND = Kind(
    spec=BACKFILL,
    target=target,
    resolve=resolve,
    checks=CHECKS,
    begin=begin,
    commit=commit,
    finish=finish,
    created=("certificates",),
    may="certificate.backfill",
)
