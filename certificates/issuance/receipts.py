"""What a receipt of a certificate is of, and what its fields are called."""

from __future__ import annotations

from django.utils.translation import gettext as _

from certificates.issuance.models import Certificate
from registry.audit.receipts import Row, name_fields


def rows_of(certificate: Certificate) -> list[Row]:
    """The certificate; or the enrolment with whose row it was reported, where it stands in one commitment with it."""
    rows: list[Row] = [("issuance_certificate", certificate.pk)]
    if certificate.enrolment_id is not None:
        rows.append(("enrolments_enrolment", certificate.enrolment_id))
    return rows


def _labels() -> list[str]:
    return [
        *(
            _("证书记录编号"),
            _("学员编号"),
            _("证书类别"),
            _("证书编号"),
            _("证书名称"),
            _("职业（工种）"),
            _("技能等级"),
        ),
        *(
            _("机构编号"),
            _("区划代码"),
            _("发证日期（1970 年起的天数）"),
            _("状态"),
            _("依据"),
            _("编号结构"),
        ),
        *(_("培训记录编号"), _("批次编号"), _("行号")),
    ]


def name_all() -> None:
    """Called once at start."""
    name_fields("certificate_v1", _labels)
