"""How long payments are kept: accounts count from the end of the year of payment."""

from __future__ import annotations

from registry.rights.keepers import Keeper

MONEY = Keeper(
    "money",
    "payment",
    events="""
        SELECT e.person_id,
            max(make_date(extract(year FROM coalesce(p.paid_on, e.finished_on, e.started_on))::int, 12, 31))
        FROM claims_payment p JOIN enrolments_enrolment e ON e.id = p.enrolment_id
        WHERE e.person_id = ANY(%(people)s) GROUP BY e.person_id
    """,
    sheet_rows="""
        SELECT p.batch_id, p.row_no
        FROM claims_payment p JOIN enrolments_enrolment e ON e.id = p.enrolment_id
        WHERE e.person_id = ANY(%(people)s) AND p.batch_id IS NOT NULL AND p.row_no IS NOT NULL
    """,
)
