"""Within the transaction that signs: what is to be replaced is held, and superseded by what came in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection

from certificates.issuance import acts
from certificates.issuance.models import Certificate
from registry.accounts.models import User
from registry.audit import services as audit
from registry.review.models import Case

KIND: Final = "certificates.reissue"
COMPLETION_KIND: Final = "certificates.reissue_completion"
KINDS: Final = (KIND, COMPLETION_KIND)
SUBJECT: Final = "certificate_reissue"
#: Refusal of a line whose old certificate holds no more.
GONE: Final = "old_gone"
STANDING: Final = (Certificate.State.VALID, Certificate.State.SUSPENDED)

_HOLD = """
SELECT c.id, c.state FROM issuance_certificate c
WHERE c.id IN (SELECT CASE WHEN a.source_type = 'reissue' THEN a.source_id::bigint END FROM issuance_attestation a
               WHERE a.id = ANY (%s) AND a.source_type = 'reissue')
ORDER BY c.id FOR UPDATE
"""
_VOID = """
UPDATE issuance_attestation SET state = 'void'
WHERE id = ANY (%(ids)s) AND state = 'prepared'
  AND CASE WHEN source_type = 'reissue' THEN source_id::bigint END = ANY (%(gone)s)
RETURNING id, order_id
"""
_REFUSE = """
WITH said AS (
    UPDATE issuance_orderline l SET refusal = %(code)s
    FROM issuance_attestation a
    WHERE a.id = ANY (%(ids)s) AND l.order_id = a.order_id AND l.source_type = a.source_type
      AND l.source_id = a.source_id AND l.refusal = ''
    RETURNING l.order_id
)
UPDATE issuance_order o SET refused = o.refused + n.n, prepared = o.prepared - n.n
FROM (SELECT order_id, count(*) AS n FROM said GROUP BY order_id) n WHERE o.id = n.order_id
"""
_PAIRS = """
SELECT a.source_id::bigint, a.id FROM issuance_attestation a
WHERE a.id = ANY (%s) AND a.source_type = 'reissue' ORDER BY a.id
"""


def hold(ids: Sequence[int]) -> list[int]:
    """Before signing: lock what is to be replaced; intents whose old certificate holds no more become void.

    Returns the ids that were voided; their numbers stay theirs.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [list(ids)])
        gone = [pk for pk, state in cursor.fetchall() if state not in STANDING]
        if not gone:
            return []
        cursor.execute(_VOID, {"ids": list(ids), "gone": gone})
        void = [pk for pk, _order in cursor.fetchall()]
        cursor.execute(_REFUSE, {"ids": void, "code": GONE})
    if void:
        action = audit.record(
            code="issuance.void", actor=None, subject_type="attestation", subject_id=void[0], n=len(void)
        )
        audit.manifest_rows(action, "issuance_attestation", "attestation_v1", void)
    return void


def follow(ids: Sequence[int]) -> None:
    """After certificates came on record: those that replace others supersede them."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [list(ids)])
        pairs = cursor.fetchall()
    for old, new in pairs:
        case = agreed(old)
        acts.supersede(
            old,
            new,
            reason=case.payload["reason"] if case else "correction",
            note=case.payload.get("note", "") if case else "",
            actor=_second(case) if case else None,
            asked_by=case.maker if case else None,
        )


def agreed(certificate_id: int) -> Case | None:
    """The matter by which replacing this certificate was agreed to; None where nobody did."""
    found = Case.objects.filter(
        kind__in=KINDS,
        subject_type=SUBJECT,
        subject_id=str(certificate_id),
        state=Case.State.APPROVED,
    )
    return found.select_related("maker").order_by("-opened_at", "-version").first()


def _second(case: Case) -> User:
    return case.decisions.select_related("actor").latest("row_version").actor
