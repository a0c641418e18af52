"""Which payments were made on a certificate, for whoever revokes it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.issuance.recoveries import Finder

# Of the training that the certificate came from; where the certificate does not say, of the same person's last training
# in the same trade that had ended when the certificate was issued.
PAYMENTS = Finder(
    "claims_payment",
    _("培训补贴支付"),
    """
    WITH asked AS (
        SELECT c.id, c.person_id, c.enrolment_id, c.occupation_text, c.issued_on FROM issuance_certificate c
        WHERE c.id = ANY (%(certificates)s)
    ), trained AS (
        SELECT id, enrolment_id FROM asked WHERE enrolment_id IS NOT NULL
        UNION ALL
        SELECT a.id, e.id FROM asked a CROSS JOIN LATERAL (
            SELECT e.id FROM enrolments_enrolment e JOIN classes_trainingclass k ON k.id = e.klass_id
            WHERE e.person_id = a.person_id AND k.occupation_text = a.occupation_text AND a.occupation_text <> ''
              AND e.finished_on <= a.issued_on
            ORDER BY e.finished_on DESC, e.id DESC LIMIT 1) e
        WHERE a.enrolment_id IS NULL
    )
    SELECT DISTINCT ON (p.id) t.id, p.id, p.amount_fen, p.region_code
    FROM trained t JOIN claims_payment p ON p.enrolment_id = t.enrolment_id
    ORDER BY p.id, t.id
    """,
)
