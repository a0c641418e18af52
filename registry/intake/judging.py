"""The checks of a kind over its staged rows: all faults of a file in one pass, each rule one statement."""

from __future__ import annotations

from collections.abc import Mapping

from registry.intake import staging
from registry.intake.kinds import Check, Kind, Work
from registry.intake.models import Batch

_RECORD = """
INSERT INTO intake_issue (batch_id, "row", "column", code, severity, message)
SELECT %(batch)s, f."row", left(%(column)s, 100), %(code)s, %(severity)s, {message}
FROM ({sql}) f
"""

_FROM_READER = """
INSERT INTO intake_issue (batch_id, "row", "column", code, severity, message)
SELECT %(batch)s, "row", left("column", 100), code, severity, left(message, 300) FROM {issues}
"""

_FORGET = "UPDATE {s} SET bad = false WHERE bad AND NOT reader_bad"

_MARK = """
UPDATE {table} s SET bad = true
FROM (SELECT DISTINCT "row" FROM intake_issue WHERE batch_id = %(batch)s AND severity = 'error') f
WHERE f."row" = s."row" AND NOT s.bad
"""

_SPLIT = """
SELECT count(*), count(*) FILTER (WHERE bad), count(*) FILTER (WHERE NOT bad AND mode = 'same'),
       (SELECT count(DISTINCT "row") FROM intake_issue WHERE batch_id = %(batch)s AND severity = 'warning')
FROM {r}
"""


def judge(work: Work, kind: Kind, headings: Mapping[str, str]) -> dict[str, int]:
    """Resolve, check, mark; returns the counts of the batch (rows). Can be run again: earlier verdicts are replaced.

    ``headings`` gives each column's heading as printed in this sheet.
    """
    work.cursor.execute("DELETE FROM intake_issue WHERE batch_id = %s", [work.batch_id])
    work.cursor.execute(
        _FROM_READER.replace("{issues}", staging.issues_table(work.batch_id)), {"batch": work.batch_id}
    )
    # What the reader found stays; what the registry said last time is asked anew.
    work.run(_FORGET)
    kind.resolve(work)
    work.cursor.execute("ANALYZE t_resolved")
    for check in kind.checks:
        _record(work, check, headings)
    for table in ("{s}", "{r}"):
        work.run(_MARK.replace("{table}", table), batch=work.batch_id)
    return _counts(work)


def remember(work: Work) -> None:
    """Keep which rows the last verdict rejected; the issues tell, also when the staged rows had to be read again."""
    work.cursor.execute("DROP TABLE IF EXISTS t_decided")
    work.cursor.execute(
        "CREATE TEMP TABLE t_decided ON COMMIT DROP AS "
        """SELECT DISTINCT "row" FROM intake_issue WHERE batch_id = %s AND severity = 'error'""",
        [work.batch_id],
    )


def fallen(work: Work) -> int:
    """How many rows that stood when the verdict was remembered are rejected now."""
    ((count,),) = work.rows(
        'SELECT count(*) FROM {s} s WHERE s.bad AND s."row" NOT IN (SELECT "row" FROM t_decided)'
    )
    return int(count)


def _record(work: Work, check: Check, headings: Mapping[str, str]) -> None:
    message = "format(%(message)s, f.detail)" if check.takes_detail else "%(message)s"
    work.run(
        _RECORD.replace("{message}", message).replace("{sql}", check.sql),
        batch=work.batch_id,
        column=headings.get(check.column, check.column),
        code=check.code,
        severity=check.severity,
        message=str(check.message),
    )


def _counts(work: Work) -> dict[str, int]:
    ((read, rejected, unchanged, warned),) = work.rows(_SPLIT, batch=work.batch_id)
    return {
        "read": read,
        "accepted": read - rejected - unchanged,
        "rejected": rejected,
        "unchanged": unchanged,
        "warnings": warned,
    }


def headings_of(batch: Batch, kind: Kind) -> dict[str, str]:
    """Column key → heading as printed, and the template's own heading for columns that the sheet lacks."""
    printed: dict[str, str] = batch.sheet.get("mapping", {})
    return {column.key: printed.get(column.key, column.heading) for column in kind.spec.columns}
