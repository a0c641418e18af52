"""Sheets of paper that were printed elsewhere come on record with the numbers that come back (证书编号回填).

Issuing knows numbers, this room knows paper: the kind is issuing's with one column, one rule and one step more. A batch
that names serials is a print job that was printed outside, for each institution one.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from certificates.issuance import backfill
from certificates.printing.returned_columns import BACKFILL
from registry.intake.kinds import Check, Work

# A certificate that is on record just as it stands, and whose sheet is not, gets its sheet.
_EXTENDS = """
UPDATE t_resolved r SET mode = 'extends' FROM {s} s
WHERE s."row" = r."row" AND r.mode = 'same' AND s.stock IS NOT NULL
  AND NOT EXISTS (SELECT FROM printing_copy p WHERE p.certificate_id = r.certificate_id AND p.stock = s.stock)
"""

_SHEETS = """
CREATE TEMP TABLE t_sheet ON COMMIT DROP AS
SELECT c.id AS certificate_id, c.family, c.institution_id, s.stock, s."row" AS place,
       md5(%(batch)s::text || ':' || c.institution_id)::uuid AS job_id
FROM {s} s JOIN {r} r USING ("row") JOIN issuance_certificate c ON c.number = s.cert_no
WHERE NOT s.bad AND s.stock IS NOT NULL AND r.mode IN ('new', 'extends') AND c.institution_id IS NOT NULL
  AND s."row" BETWEEN %(low)s AND %(high)s
"""

_JOBS = """
INSERT INTO printing_job (id, institution_id, family, asker_id, state, total)
SELECT t.job_id, t.institution_id, min(t.family), b.uploaded_by_id, 'outside', count(*)
FROM t_sheet t JOIN intake_batch b ON b.id = %(batch)s::uuid GROUP BY 1, 2, 4
ON CONFLICT (id) DO UPDATE SET total = printing_job.total + EXCLUDED.total
"""

_COPIES = """
INSERT INTO printing_copy (job_id, certificate_id, place, turn, stock, state, reason)
SELECT t.job_id, t.certificate_id, t.place,
       1 + coalesce((SELECT max(p.turn) FROM printing_copy p WHERE p.certificate_id = t.certificate_id), 0),
       t.stock, 'printed', ''
FROM t_sheet t
"""

# A sheet that was in the body's stock of blank paper is used now.
_USED = """
UPDATE printing_sheet h SET state = 'used' FROM t_sheet t
WHERE h.serial = t.stock AND h.institution_id = t.institution_id AND h.state = 'stock'
"""


def resolve(work: Work) -> None:
    """What issuing makes of the rows, and which of them only bring a sheet."""
    backfill.resolve(work)
    work.run(_EXTENDS)


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Certificates of one span, then the sheets that they stand on."""
    created = backfill.commit(work, low, high)
    work.cursor.execute("DROP TABLE IF EXISTS t_sheet")
    if work.run(_SHEETS, low=low, high=high, batch=work.batch_id):
        work.run(_JOBS, batch=work.batch_id)
        work.run(_COPIES)
        work.run(_USED)
    return created


sheet_is_used = Check(
    code="CERTIFICATE_NUMBER_TAKEN",
    column="stock",
    message=_("该流水码已登记在另一本证书之下,或在本表前面的行用过。请对照证书更正。"),
    sql="""
        SELECT s."row" FROM (
            SELECT "row", stock, cert_no, row_number() OVER (PARTITION BY stock ORDER BY "row") AS turn
            FROM {s} WHERE stock IS NOT NULL
        ) s
        JOIN {r} r USING ("row")
        LEFT JOIN printing_copy p ON p.stock = s.stock
        WHERE s.turn > 1 OR (p.id IS NOT NULL AND p.certificate_id IS DISTINCT FROM r.certificate_id)
    """,
)

sheet_is_not_in_stock = Check(
    code="CERTIFICATE_NUMBER_TAKEN",
    column="stock",
    message=_("该流水码的证书纸不在本机构库存中:已用、作废、遗失或发给了别的机构。请对照证书更正。"),
    sql="""
        SELECT s."row" FROM {s} s JOIN {r} r USING ("row")
        JOIN printing_sheet h ON h.serial = s.stock
        LEFT JOIN evaluations_exam e ON e.id = r.exam_id
        WHERE (h.state <> 'stock' OR h.institution_id IS DISTINCT FROM e.institution_id)
          AND NOT EXISTS (SELECT FROM printing_copy p WHERE p.stock = s.stock)
    """,
)

nobody_answers = Check(
    code="NUMBER_INVALID",
    column="stock",
    message=_("登记流水码须有经办人。请在命令行用 --as 指明,或在网页上传。"),
    sql="""
        SELECT s."row" FROM {s} s
        WHERE s.stock IS NOT NULL
          AND (SELECT b.uploaded_by_id IS NULL FROM intake_batch b WHERE b.id = %(batch)s::uuid)
    """,
)

BACKFILL_KIND = replace(
    backfill.BACKFILL_KIND,
    spec=BACKFILL,
    resolve=resolve,
    checks=(*backfill.BACKFILL_KIND.checks, sheet_is_used, sheet_is_not_in_stock, nobody_answers),
    commit=commit,
)
