"""What a receipt of a certificate is of, and how its fields read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.issuance.models import Certificate
from registry.audit.receipts import Field, Row, day, name_fields, of

_FIELDS = (
    Field(_("证书记录编号")),
    Field(_("学员编号")),
    Field(_("证书类别"), of(Certificate.Family.choices)),
    Field(_("证书编号")),
    Field(_("证书名称")),
    Field(_("职业（工种）")),
    Field(_("技能等级")),
    Field(_("机构编号")),
    Field(_("区划代码")),
    Field(_("发证日期"), day),
    Field(_("状态"), of(Certificate.State.choices)),
    Field(_("依据"), of(Certificate.Basis.choices)),
    Field(_("编号结构")),
    Field(_("培训记录编号")),
    Field(_("批次编号")),
    Field(_("行号")),
)
_SINCE_V2 = (
    Field(_("状态日期"), day),
    Field(_("有效期至"), day),
    Field(_("确认日期"), day),
    Field(_("所换发证书的记录编号")),
    Field(_("换发后证书的记录编号")),
)


def rows_of(certificate: Certificate) -> list[Row]:
    """The certificate; or the enrolment with whose row it was reported, where it stands in one commitment with it."""
    rows: list[Row] = [("issuance_certificate", certificate.pk)]
    if certificate.enrolment_id is not None:
        rows.append(("enrolments_enrolment", certificate.enrolment_id))
    return rows


def name_all() -> None:
    """Called once at start."""
    name_fields("certificate_v1", _FIELDS)
    name_fields("certificate_v2", (*_FIELDS, *_SINCE_V2))
